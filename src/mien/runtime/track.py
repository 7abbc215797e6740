"""Which face is which: stable numbers over a video (norfair), left to right in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.faces.box import Box

# Boxes are widened by half their size on each side before they are compared, so that a face that moves by
# more than its own width between two frames (fast motion, `--every`) still overlaps itself (buffered IoU).
_BUFFER = 0.5
_MAX_DISTANCE = 0.95  # 1 - IoU of the widened boxes
_LOST_AFTER_S = 1.0


def number_left_to_right(boxes: Sequence[Box]) -> list[int]:
    """The numbers 0..n-1 of a picture's faces, by the left edge of their boxes."""
    order = sorted(range(len(boxes)), key=lambda i: boxes[i])
    return [order.index(i) for i in range(len(boxes))]


class FaceTracker:
    """The faces of one video, numbered by first appearance; a face may be missed for about a second."""

    def __init__(self, rate_fps: float | None = None) -> None:
        """Begin a video.

        Args:
            rate_fps: Analysed frames per second; None when unknown.
        """
        self._hit_counter_max = max(3, round(_LOST_AFTER_S * (rate_fps or 25.0)))
        self._face_ids: dict[int | None, int] = {}
        self._n_updates = 0

    def update(self, boxes: Sequence[Box]) -> list[int]:
        """Number the faces of the next frame.

        Args:
            boxes: x, y, width, height in pixels.

        Returns:
            The face_id of each box, all different.
        """
        from norfair import Detection  # brings half a second of scipy, which pictures can do without

        self._n_updates += 1
        order = sorted(range(len(boxes)), key=lambda i: boxes[i])
        marks = {i: (self._n_updates, i) for i in order}
        tracked = self._tracker.update([Detection(_widened(boxes[i]), data=marks[i]) for i in order])
        # norfair's numbers grow with first appearance, but skip: ours count from 0.
        tracks = {track.last_detection.data: track.id for track in tracked}
        for i in order:
            self._face_ids.setdefault(tracks[marks[i]], len(self._face_ids))
        return [self._face_ids[tracks[marks[i]]] for i in range(len(boxes))]

    @cached_property
    def _tracker(self) -> Any:
        from norfair import Tracker

        return Tracker(
            distance_function="iou",
            distance_threshold=_MAX_DISTANCE,
            hit_counter_max=self._hit_counter_max,
            initialization_delay=0,
        )


def _widened(box: Box) -> NDArray[np.float64]:
    """Corners [[x0, y0], [x1, y1]] of a box widened by `_BUFFER` of its size on each side."""
    x, y, width, height = box
    dx, dy = _BUFFER * width, _BUFFER * height
    return np.array([[x - dx, y - dy], [x + width + dx, y + height + dy]])
