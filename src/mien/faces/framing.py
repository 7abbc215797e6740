"""Where the faces of a set of ready-made crops lie, so that a run-time crop can be framed like them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.records import ImageArray
from mien.core.specs import AlignSpec
from mien.faces.detector import Detector

# Each crop is searched at these sizes (its side in pixels, without border). A detector's points shift by up
# to 1 % of the side with the size at which it sees a face; several sizes average that out.
_SIDES_PX = (96, 144, 192)
# A face that fills its crop is found once there is something around it.
_BORDER = 0.25

_MIRRORED = [1, 0, 2, 4, 3]  # a mirror image swaps the eyes and the mouth's corners


@dataclass(frozen=True, eq=False)
class Framing:
    """The five points of a set of crops.

    Attributes:
        points: [5, 2] median x, y in fractions of the crop's side, made mirror-symmetric.
        spread: [5, 2] interquartile range of the same.
        n_crops: Crops looked at.
        n_found: Crops in which exactly one face was found at one size or more.
    """

    points: NDArray[np.float64]
    spread: NDArray[np.float64]
    n_crops: int
    n_found: int

    def align_spec(self, fill: int = 0) -> AlignSpec:
        """The framing as part of an InputSpec, rounded to a thousandth of the side."""
        rows = [(round(float(x), 3), round(float(y), 3)) for x, y in self.points]
        return AlignSpec(points=(rows[0], rows[1], rows[2], rows[3], rows[4]), fill=fill)


def measure_framing(
    crops: Iterable[ImageArray], detector: Detector, *, sides_px: tuple[int, ...] = _SIDES_PX
) -> Framing:
    """Measure how a set of ready-made square face crops is framed.

    Args:
        crops: Grey [S, S] or RGB [S, S, 3].
        detector: Finds the faces; the framing holds for crops aligned by the same detector's points.
        sides_px: Sides to which each crop is brought before the search.

    Raises:
        MienError: No face was found in any crop.
    """
    found: list[NDArray[np.float64]] = []
    n_crops = n_found = 0
    for crop in crops:
        points = [p for side in sides_px if (p := _points_in(crop, detector, side)) is not None]
        found.extend(points)
        n_crops += 1
        n_found += bool(points)
    if not found:
        raise MienError(f"no face was found in any of {n_crops} crops, so their framing cannot be measured")
    everything = np.stack(found)  # [N, 5, 2]
    low, high = np.percentile(everything, [25, 75], axis=0)
    return Framing(_symmetric(np.median(everything, axis=0)), high - low, n_crops, n_found)


def _points_in(crop: ImageArray, detector: Detector, side_px: int) -> NDArray[np.float64] | None:
    """The five points of a crop's one face, in fractions of its side."""
    border = round(side_px * _BORDER)
    large = cv2.resize(crop, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    padded = cv2.copyMakeBorder(large, border, border, border, border, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    faces = detector.detect(np.asarray(padded, dtype=np.uint8))
    if len(faces) != 1:
        return None
    return (faces[0].points.astype(np.float64) - border) / side_px


def _symmetric(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of five points and their mirror image: people have no side, a detector may."""
    mirror = points[_MIRRORED] * [-1, 1] + [1, 0]
    return np.asarray((points + mirror) / 2, dtype=np.float64)


FER2013_ALIGN = AlignSpec(
    points=((0.309, 0.386), (0.691, 0.386), (0.5, 0.584), (0.344, 0.747), (0.656, 0.747)), fill=0
)
"""FER2013's framing: `measure_framing` with YuNet on every fifth Training row, faces found in 5,624 of 5,742.
The points of single crops scatter by about 0.07 of the side (interquartile range)."""
