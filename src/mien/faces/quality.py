"""Is a found face fit to be judged? Its size, sharpness, light and pose, and whether it looks like a face."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.records import Face, ImageArray, RgbdArray
from mien.faces.align import as_channels

SMALL_PX = 24
"""A box narrower than this many pixels of the picture is ``small``."""
BLURRED_BELOW = 0.02
"""Sharpness, see `FaceQuality`."""
DARK_BELOW = 30.0
"""Mean grey value, 0..255."""
FLAT_BELOW = 10.0
"""Standard deviation of the grey values."""
PROFILE_DEG = 45.0
"""Degrees of yaw."""
UNLIKE_SCORE = 0.75
"""The detector's score."""

WARNINGS = ("small", "blurred", "dark", "flat", "profile", "unlike_face")
"""All there are, in the order in which they are told."""

UNRELIABLE = frozenset(WARNINGS)
"""Those with which a face counts as unsure however sure the model is."""

_SIDE_PX = 48  # sharpness is compared at one size, whatever the model's
_MARGIN = 6  # of it: hair, background and the fill beyond the picture's edge
# Distance between the eyes, and how far the nose's tip stands before them, both in units of the distance
# from the eyes to the mouth
_EYES_APART = 0.95
_NOSE_AHEAD = 0.55


@dataclass(frozen=True)
class FaceQuality:
    """What is measured of a face.

    Attributes:
        width_px: Of its box, in pixels of the picture.
        score: The detector's.
        yaw_deg: How far the head is turned to a side, from the five points alone: about 10 degrees exact.
        sharpness: Variance of the Laplacian over that of the grey values, of the crop at 48 px: light and
            contrast do not change it.
        brightness: Mean grey value, 0..255.
        contrast: Standard deviation of the grey values.
    """

    width_px: float
    score: float
    yaw_deg: float
    sharpness: float
    brightness: float
    contrast: float


def measure_quality(face: Face, crop: ImageArray | RgbdArray) -> FaceQuality:
    """Measure a face; takes about a thirtieth of a millisecond.

    Args:
        face: The detection.
        crop: The face as `mien.faces.align` or `mien.faces.depth` cuts it out; depth is left out of account.
    """
    gray = _gray(crop)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(gray, cv2.CV_32F))
    mean, spread = cv2.meanStdDev(gray)
    return FaceQuality(
        width_px=face.box[2],
        score=face.score,
        yaw_deg=yaw_of(face.points),
        sharpness=float(deviation[0, 0] ** 2 / max(float(spread[0, 0]) ** 2, 1.0)),
        brightness=float(mean[0, 0]),
        contrast=float(spread[0, 0]),
    )


def face_warnings(face: Face, crop: ImageArray | RgbdArray) -> tuple[str, ...]:
    """What makes a face hard to judge, in the words and the order of `WARNINGS`; empty for a good one.

    Args:
        face: As for `measure_quality`.
        crop: As for `measure_quality`.
    """
    return warnings_of(measure_quality(face, crop))


def warnings_of(quality: FaceQuality) -> tuple[str, ...]:
    """The warnings that measurements come to."""
    holds = {
        "small": quality.width_px < SMALL_PX,
        "blurred": quality.sharpness < BLURRED_BELOW,
        "dark": quality.brightness < DARK_BELOW,
        "flat": quality.contrast < FLAT_BELOW,
        "profile": abs(quality.yaw_deg) > PROFILE_DEG,
        "unlike_face": quality.score < UNLIKE_SCORE,
    }
    return tuple(name for name in WARNINGS if holds[name])


def yaw_of(points: NDArray[np.floating]) -> float:
    """How far a head is turned, in degrees, above 0 towards the picture's right; from where the nose lies.

    Args:
        points: [5, 2] x, y: right eye, left eye, nose tip, right and left mouth corner.
    """
    right, left, nose, *mouth = (complex(x, y) for x, y in np.asarray(points, np.float64))
    eyes, corners = (right + left) / 2, (mouth[0] + mouth[1]) / 2
    down = corners - eyes
    if abs(down) < 1e-6:
        return 90.0
    # along and across the face's midline, which a turn to the side leaves as long as it is
    aside = ((nose - eyes) / down).imag * -1
    apart = ((left - right) / down).imag * -1
    return math.degrees(math.atan2(aside / _NOSE_AHEAD, apart / _EYES_APART))


def _gray(crop: NDArray[Any]) -> ImageArray:
    """The middle of a crop, grey, at one size."""
    colours = crop[:, :, :3].astype(np.uint8) if crop.dtype != np.uint8 else crop
    gray = as_channels(colours, gray=True)
    if gray.shape != (_SIDE_PX, _SIDE_PX):
        how = cv2.INTER_AREA if min(gray.shape) > _SIDE_PX else cv2.INTER_LINEAR
        gray = np.asarray(cv2.resize(gray, (_SIDE_PX, _SIDE_PX), interpolation=how), np.uint8)
    return gray[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
