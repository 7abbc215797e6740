"""What the faces showed over the last seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.core.records import FaceResult

SPAN_S = 20.0
_MOST_POINTS = 4_000


class FaceHistory:
    """Probabilities of each face over the last seconds; a face not seen for that long is forgotten."""

    def __init__(self, span_s: float = SPAN_S) -> None:
        self.span_s = span_s
        self.now_s = 0.0
        self._faces: dict[int, deque[tuple[float, NDArray[np.float32]]]] = {}

    def add(self, rows: Sequence[FaceResult]) -> None:
        """Take the rows of the next frame."""
        for row in rows:
            self.now_s = row.timestamp_s if row.timestamp_s is not None else self.now_s
            if row.face_id is not None and row.probabilities is not None:
                track = self._faces.setdefault(row.face_id, deque(maxlen=_MOST_POINTS))
                track.append((self.now_s, row.probabilities))
        for number, track in list(self._faces.items()):
            while track and track[0][0] < self.now_s - self.span_s:
                track.popleft()
            if not track:
                del self._faces[number]

    @property
    def face_ids(self) -> list[int]:
        """The faces that are remembered."""
        return sorted(self._faces)

    def of(self, face_id: int | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Times [N] and probabilities [N, K] of a face; both empty for one that is not remembered."""
        track = self._faces.get(face_id) if face_id is not None else None
        if not track:
            return np.empty(0), np.empty((0, 0))
        return np.array([time for time, _ in track]), np.array([share for _, share in track], np.float64)
