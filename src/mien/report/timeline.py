"""What is kept of a face over time, in bounded memory: both halve their resolution when they are full."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Points:
    """A timeline as it is drawn.

    Attributes:
        times: [P] seconds, rising.
        shares: [P, K] mean probabilities around each time.
        runs: Stretches without a gap: slices of the points.
    """

    times: NDArray[np.float64]
    shares: NDArray[np.float64]
    runs: list[slice]


class Timeline:
    """Means of probabilities over short stretches of time; the stretches double whenever they run out."""

    N_BINS = 240
    FIRST_WIDTH_S = 0.04

    def __init__(self, n_labels: int) -> None:
        self._width_s = self.FIRST_WIDTH_S
        self._n = np.zeros(self.N_BINS, dtype=np.int64)
        self._times = np.zeros(self.N_BINS)
        self._shares = np.zeros((self.N_BINS, n_labels))

    def add(self, time_s: float, probabilities: NDArray[np.floating]) -> None:
        """Take in one moment.

        Args:
            time_s: Seconds; what lies before 0 counts as 0.
            probabilities: [K].
        """
        time_s = max(time_s, 0.0)
        while (place := self._place(time_s)) >= self.N_BINS:
            self._halve()
        self._n[place] += 1
        self._times[place] += time_s
        self._shares[place] += probabilities

    def points(self) -> Points:
        """The means, without empty stretches. A pause of more than three usual steps parts two runs."""
        full = self._n > 0
        n = self._n[full]
        times, shares = self._times[full] / n, self._shares[full] / n[:, None]
        steps = np.diff(times)
        if not len(steps):
            return Points(times, shares, [slice(0, len(times))] if len(times) else [])
        longest = max(3 * float(np.median(steps)), 1.5 * self._width_s)
        cuts = [0, *(np.flatnonzero(steps > longest) + 1).tolist(), len(times)]
        return Points(times, shares, [slice(a, b) for a, b in pairwise(cuts)])

    def _place(self, time_s: float) -> int:
        return int(
            time_s / self._width_s + 1e-6
        )  # a frame just on a border may lie a rounding error before it

    def _halve(self) -> None:
        half = self.N_BINS // 2
        for name in ("_n", "_times", "_shares"):
            old = getattr(self, name)
            new = np.zeros_like(old)
            new[:half] = old[0::2] + old[1::2]
            setattr(self, name, new)
        self._width_s *= 2


class Strip:
    """Pictures at roughly even times; every other one is given up whenever there are too many."""

    MOST = 12
    FIRST_SPACING_S = 0.2

    def __init__(self) -> None:
        self.pictures: list[tuple[float, str]] = []
        self._spacing_s = self.FIRST_SPACING_S

    def wants(self, time_s: float) -> bool:
        """Whether a picture of this moment should be added."""
        return not self.pictures or time_s >= self.pictures[-1][0] + self._spacing_s

    def add(self, time_s: float, picture: str) -> None:
        """Take in a picture."""
        self.pictures.append((time_s, picture))
        if len(self.pictures) > self.MOST:
            self.pictures = self.pictures[::2]
            self._spacing_s *= 2
