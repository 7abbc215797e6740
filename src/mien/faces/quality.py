"""Is a found face fit to be judged? Its size, sharpness, light and pose, and whether it looks like a face.

The limits are measured, by tools/measure_quality.py: docs/quality.md tells on what, and what they cost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.records import Face, ImageArray, RgbdArray
from mien.core.specs import AlignSpec
from mien.faces.align import as_channels
from mien.faces.picture import Picture

SMALL_PX = 20
"""A box narrower than this many pixels of the picture is ``small``."""
BLURRED_BELOW = 0.035
"""Sharpness, see `FaceQuality`."""
DARK_BELOW = 25.0
"""Mean grey value, 0..255."""
FLAT_BELOW = 8.0
"""Standard deviation of the grey values."""
PROFILE_DEG = 45.0
"""Degrees of yaw, as the points tell it."""
TILTED_DEG = 65.0
"""Degrees by which the eyes' line leans."""
COVERED_BELOW = 0.1
"""Detail about the mouth over that about the eyes."""
UNLIKE_SCORE = {"yunet": 0.8, "haar": 0.6}
"""The detector's score, which means something else with each; MediaPipe gives none."""
COLOURLESS_BELOW = 0.08
"""Saturation, 0..1."""

WARNINGS = (
    "small",
    "blurred",
    "dark",
    "flat",
    "profile",
    "tilted",
    "covered",
    "unlike_face",
    "colourless",
)
"""All there are, in the order in which they are told."""

UNRELIABLE = frozenset(WARNINGS) - {"colourless"}
"""Those with which a face counts as unsure however sure the model is. A face without colour may be of stone
or drawn, but also one in a black-and-white photograph, which models judge as well as any other."""

_SIDE_PX = 48  # sharpness is compared at one size, whatever the model's
_MARGIN = 6  # of it: hair, background and the fill beyond the picture's edge
# Distance between the eyes, and how far the nose's tip stands before them, both in units of the distance
# from the eyes to the mouth
_EYES_APART = 0.95
_NOSE_AHEAD = 0.55
_SAMPLED_PX = 16  # pixels of a face along each side that its saturation is taken from


@dataclass(frozen=True)
class FaceQuality:
    """What is measured of a face.

    Attributes:
        width_px: Of its box, in pixels of the picture.
        score: The detector's.
        yaw_deg: How far the head is turned to a side, by the five points.
        roll_deg: How far it leans to a side: the angle of the eyes' line.
        sharpness: Variance of the Laplacian over that of the grey values, of the crop at 48 px: light and
            contrast do not change it.
        brightness: Mean grey value, 0..255.
        contrast: Standard deviation of the grey values.
        mouth_detail: Variance of the Laplacian about the mouth over that about the eyes.
        saturation: Of the face's middle, 0..1; None where the picture is not given.
    """

    width_px: float
    score: float
    yaw_deg: float
    roll_deg: float
    sharpness: float
    brightness: float
    contrast: float
    mouth_detail: float
    saturation: float | None


def measure_quality(
    face: Face, crop: ImageArray | RgbdArray, align: AlignSpec, picture: Picture | None = None
) -> FaceQuality:
    """Measure a face; takes less than a tenth of a millisecond.

    Args:
        face: The detection.
        crop: The face as `mien.faces.align` or `mien.faces.depth` cuts it out; depth is left out of account.
        align: Where the five points lie in the crop.
        picture: What it was cut from; None: nothing is said of its colours.
    """
    gray = _gray(crop)
    edges = np.asarray(cv2.Laplacian(gray, cv2.CV_32F), np.float32)
    inner = slice(_MARGIN, _SIDE_PX - _MARGIN)
    mean, spread = (float(v[0, 0]) for v in cv2.meanStdDev(gray[inner, inner]))
    right_eye, left_eye, _, right_corner, left_corner = align.points
    return FaceQuality(
        width_px=face.box[2],
        score=face.score,
        yaw_deg=yaw_of(face.points),
        roll_deg=roll_of(face.points),
        sharpness=_variance(edges[inner, inner]) / max(spread**2, 1.0),
        brightness=mean,
        contrast=spread,
        mouth_detail=_about(edges, right_corner, left_corner) / max(_about(edges, right_eye, left_eye), 1e-3),
        saturation=None if picture is None else _saturation(picture, face),
    )


def face_warnings(
    face: Face,
    crop: ImageArray | RgbdArray,
    align: AlignSpec | None,
    picture: Picture | None = None,
    detector: str = "yunet",
) -> tuple[str, ...]:
    """What makes a face hard to judge, in the words and the order of `WARNINGS`; empty for a good one.

    Args:
        face: As for `measure_quality`.
        crop: As for `measure_quality`.
        align: As for `measure_quality`; None, for a model of ready-made crops alone, warns of nothing.
        picture: As for `measure_quality`.
        detector: Name of the one that found the face.
    """
    return () if align is None else warnings_of(measure_quality(face, crop, align, picture), detector)


def warnings_of(quality: FaceQuality, detector: str = "yunet") -> tuple[str, ...]:
    """The warnings that measurements come to."""
    holds = {
        "small": quality.width_px < SMALL_PX,
        "blurred": quality.sharpness < BLURRED_BELOW,
        "dark": quality.brightness < DARK_BELOW,
        "flat": quality.contrast < FLAT_BELOW,
        "profile": abs(quality.yaw_deg) > PROFILE_DEG,
        "tilted": abs(quality.roll_deg) > TILTED_DEG,
        "covered": quality.mouth_detail < COVERED_BELOW,
        "unlike_face": quality.score < UNLIKE_SCORE.get(detector, 0.0),
        "colourless": quality.saturation is not None and quality.saturation < COLOURLESS_BELOW,
    }
    return tuple(name for name in WARNINGS if holds[name])


def yaw_of(points: NDArray[np.floating]) -> float:
    """How far a head is turned, in degrees, above 0 towards the picture's right; from where the nose lies.

    Args:
        points: [5, 2] x, y: right eye, left eye, nose tip, right and left mouth corner.
    """
    right, left, nose, *mouth = (complex(x, y) for x, y in points.tolist())
    eyes, corners = (right + left) / 2, (mouth[0] + mouth[1]) / 2
    down = corners - eyes
    if abs(down) < 1e-6:
        return 90.0
    # along and across the face's midline, which a turn to the side leaves as long as it is
    aside = ((nose - eyes) / down).imag * -1
    apart = ((left - right) / down).imag * -1
    return math.degrees(math.atan2(aside / _NOSE_AHEAD, apart / _EYES_APART))


def roll_of(points: NDArray[np.floating]) -> float:
    """How far a head leans, in degrees, above 0 clockwise; points as for `yaw_of`."""
    across = points[1] - points[0]
    return math.degrees(math.atan2(float(across[1]), float(across[0])))


def _about(edges: NDArray[np.float32], right: tuple[float, float], left: tuple[float, float]) -> float:
    """Variance of the crop's edges in a band about two points."""
    high, wide = 0.09 * _SIDE_PX, 0.06 * _SIDE_PX
    y = (right[1] + left[1]) / 2 * _SIDE_PX
    rows = slice(max(0, round(y - high)), round(y + high) + 1)
    columns = slice(max(0, round(right[0] * _SIDE_PX - wide)), round(left[0] * _SIDE_PX + wide) + 1)
    return _variance(edges[rows, columns])


def _variance(edges: NDArray[np.float32]) -> float:
    return float(cv2.meanStdDev(edges)[1][0, 0]) ** 2 if edges.size else 0.0


def _saturation(picture: Picture, face: Face) -> float | None:
    """Mean of largest minus smallest colour, over the mean largest, in the middle of a face's box."""
    x, y, width, height = face.box
    left, top = max(0, int(x + width / 4)), max(0, int(y + height / 4))
    right, bottom = (
        min(limit, int(v) + 1)
        for limit, v in zip(picture.size, (x + 0.75 * width, y + 0.75 * height), strict=True)
    )
    if right <= left or bottom <= top:
        return None
    size = min(_SAMPLED_PX, right - left), min(_SAMPLED_PX, bottom - top)
    part = picture.rgb_of((left, top, right - left, bottom - top), size)
    largest, smallest = part.max(2).astype(np.float32), part.min(2)
    return float((largest - smallest).mean() / max(float(largest.mean()), 1.0))


def _gray(crop: NDArray[Any]) -> ImageArray:
    """A crop, grey, at one size."""
    colours = crop[:, :, :3].astype(np.uint8) if crop.dtype != np.uint8 else crop
    gray = as_channels(colours, gray=True)
    if gray.shape != (_SIDE_PX, _SIDE_PX):
        how = cv2.INTER_AREA if min(gray.shape) > _SIDE_PX else cv2.INTER_LINEAR
        gray = np.asarray(cv2.resize(gray, (_SIDE_PX, _SIDE_PX), interpolation=how), np.uint8)
    return gray
