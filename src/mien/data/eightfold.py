"""Eight pictures of one: itself, its mirror image, and turned by 5, 10 and 15 degrees either way.

The MFF paper (section 4.1) made JAFFE eight times as large this way. The crop is changed, not the file, so
that nothing is written and no picture is held in memory twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import cv2
import numpy as np

from mien.core.records import Sample
from mien.data.crops import Cropper

ORIGIN, ALTERED = "origin", "altered"
"""Keys of `Sample.meta`: the id of the picture that a sample was made from, and how."""

TURNS_DEG = {f"turned{degrees:+d}": degrees for degrees in (-15, -10, -5, 5, 10, 15)}
WAYS = ("mirrored", *TURNS_DEG)

Crop = TypeVar("Crop", bound=np.ndarray)


def with_altered(samples: Sequence[Sample]) -> list[Sample]:
    """Each sample, followed by its seven altered copies; they share its picture, label and person."""
    return [s for sample in samples for s in (sample, *altered(sample))]


def altered(sample: Sample) -> list[Sample]:
    """The seven altered copies of a sample."""
    return [
        replace(sample, id=f"{sample.id}#{way}", meta={**sample.meta, ORIGIN: sample.id, ALTERED: way})
        for way in WAYS
    ]


def origin(sample: Sample) -> str:
    """The id of the picture that a sample was made from; its own where it is no copy."""
    return str(sample.meta.get(ORIGIN, sample.id))


def altering(cropper: Cropper) -> Cropper:
    """A cropper that knows altered copies."""

    def crop(sample: Sample) -> tuple[np.ndarray, bool]:
        picture, found = cropper(sample)
        way = sample.meta.get(ALTERED)
        return (alter(picture, str(way)) if way else picture), found

    return crop


def alter(crop: Crop, way: str) -> Crop:
    """A crop changed in one of the `WAYS`.

    Args:
        crop: [S, S] or [S, S, C], uint8, or int16 with depth. What turns in from outside is 0.
        way: Which.
    """
    if way == "mirrored":
        return np.ascontiguousarray(crop[:, ::-1])
    side = crop.shape[0]
    turn = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), TURNS_DEG[way], 1.0)
    if crop.dtype == np.int16:  # depth has holes, which must not be mixed with what was measured
        colour = cv2.warpAffine(np.ascontiguousarray(crop[..., :3]), turn, (side, side))
        depth = cv2.warpAffine(
            np.ascontiguousarray(crop[..., 3]), turn, (side, side), flags=cv2.INTER_NEAREST
        )
        return np.dstack([colour, depth])
    return cv2.warpAffine(crop, turn, (side, side))
