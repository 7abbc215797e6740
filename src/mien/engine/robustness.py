"""Disturbances of ready crops, one strength at a time, for robustness curves.

Sizes and blur are those of a face 48 px wide, whatever the model's crop, so that models are told apart by
what they lose and not by what they see. All are of the colour picture: a crop's depth stays as it is, but
turns where the picture turns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from mien.core.records import ImageArray, RgbdArray
from mien.faces.depth import resampled

REFERENCE_PX = 48
"""Side of a crop on which sizes and blur are meant."""


@dataclass(frozen=True)
class Disturbance:
    """A kind of damage and how much of it.

    Attributes:
        kind: Name in reports.
        unit: Unit of `values`.
        values: Strengths, the undisturbed one first.
        apply: (uint8 crop, value) -> uint8 crop of the same shape.
        turns: Whether depth goes the same way.
    """

    kind: str
    unit: str
    values: tuple[float, ...]
    apply: Callable[[ImageArray, float], ImageArray]
    turns: bool = False

    def __call__(self, crop: ImageArray | RgbdArray, value: float) -> ImageArray | RgbdArray:
        """A crop under this disturbance."""
        if crop.ndim == 2 or crop.shape[2] == 3:
            return self.apply(crop, value)
        colour, depth = crop[:, :, :3].astype(np.uint8), crop[:, :, 3].astype(np.float32)
        if self.turns:
            depth = resampled(depth, lambda plane: self.apply(plane, value))
        return np.dstack([self.apply(colour, value).astype(np.int16), np.rint(depth).astype(np.int16)])


def shrink(crop: ImageArray, side_px: float) -> ImageArray:
    """Shrink to a side (area average) and enlarge again (bilinear), as a small face would arrive."""
    height, width = crop.shape[:2]
    if side_px >= min(width, REFERENCE_PX):
        return crop
    small = cv2.resize(crop, (int(side_px), int(side_px)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def blur(crop: ImageArray, sigma_px: float) -> ImageArray:
    """Gaussian blur; sigma in pixels of a crop of 48."""
    sigma = sigma_px * crop.shape[1] / REFERENCE_PX
    return cv2.GaussianBlur(crop, (0, 0), sigma) if sigma > 0 else crop


def rotate(crop: ImageArray, angle_deg: float) -> ImageArray:
    """Rotate about the centre (positive: anticlockwise); the border repeats the edge."""
    if angle_deg == 0:
        return crop
    height, width = crop.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle_deg, 1.0)
    return cv2.warpAffine(
        crop, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def brighten(crop: ImageArray, factor: float) -> ImageArray:
    """Multiply by a factor and clip."""
    return cv2.convertScaleAbs(crop, alpha=factor)


def compress(crop: ImageArray, quality: float) -> ImageArray:
    """Through JPEG at a quality of 1..100; above 100 leaves the crop as it is."""
    if quality > 100:
        return crop
    _, packed = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return cv2.imdecode(packed, cv2.IMREAD_UNCHANGED)


def occlude(crop: ImageArray, share: float) -> ImageArray:
    """Cover the lower part of the crop, a share of its height, with mid grey, as a mask or a hand would."""
    covered = np.array(crop)
    covered[crop.shape[0] - round(share * crop.shape[0]) :] = 128
    return covered


DISTURBANCES = (
    Disturbance("size", "px", (48, 36, 24, 16, 12), shrink),
    Disturbance("blur", "px", (0, 0.5, 1, 1.5, 2, 3), blur),
    Disturbance("rotation", "deg", (0, -45, -30, -15, 15, 30, 45), rotate, turns=True),
    Disturbance("brightness", "times", (1, 0.25, 0.5, 0.75, 1.5, 2), brighten),
    Disturbance("jpeg quality", "1..100", (101, 80, 50, 30, 15, 5), compress),
    Disturbance("lower part covered", "share", (0, 0.15, 0.3, 0.45, 0.6), occlude),
)
