"""Frame rate and latency, of the last moments and of the whole run, in a fixed amount of memory."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

_RECENT_S = 2.0
_MOST_RECENT = 1_000
_LONGEST_MS = 10_000


class Meter:
    """Counts frames and the time from grab to overlay."""

    def __init__(self) -> None:
        self.n_frames = 0
        self._counts = np.zeros(_LONGEST_MS + 1, np.int64)
        self._recent: deque[tuple[float, float]] = deque(maxlen=_MOST_RECENT)  # shown at, latency
        self._first_s: float | None = None
        self._last_s = 0.0

    def add(self, grabbed_at_s: float, shown_at_s: float) -> None:
        """A frame was shown."""
        latency_s = shown_at_s - grabbed_at_s
        self.n_frames += 1
        self._counts[min(_LONGEST_MS, max(0, math.ceil(1000 * latency_s)))] += 1
        self._recent.append((shown_at_s, latency_s))
        while self._recent[0][0] < shown_at_s - _RECENT_S:
            self._recent.popleft()
        self._first_s = shown_at_s if self._first_s is None else self._first_s
        self._last_s = shown_at_s

    @property
    def rate_fps(self) -> float:
        """Frames a second over the last two seconds."""
        if len(self._recent) < 2:
            return 0.0
        lasted = self._recent[-1][0] - self._recent[0][0]
        return (len(self._recent) - 1) / lasted if lasted > 0 else 0.0

    @property
    def latency_ms(self) -> float:
        """Mean over the last two seconds."""
        return 1000 * sum(latency for _, latency in self._recent) / max(1, len(self._recent))

    @property
    def overall_fps(self) -> float:
        """Frames a second from the first frame to the last."""
        lasted = self._last_s - (self._first_s or 0.0)
        return (self.n_frames - 1) / lasted if self.n_frames > 1 and lasted > 0 else 0.0

    def percentile_ms(self, percent: float) -> float:
        """Least whole millisecond within which that share of all frames was shown; 0 before the first."""
        if not self.n_frames:
            return 0.0
        needed = math.ceil(percent / 100 * self.n_frames)
        return float(np.searchsorted(np.cumsum(self._counts), max(1, needed)))
