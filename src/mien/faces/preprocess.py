"""From crops to a network's input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.records import DEPTH_FULL, ImageArray, RgbdArray
from mien.core.specs import InputSpec
from mien.faces.align import as_channels
from mien.faces.light import evened


def to_batch(crops: Sequence[ImageArray | RgbdArray], spec: InputSpec) -> NDArray[np.float32]:
    """Normalise crops: (x - mean) / std per channel, x on the 0..1 scale.

    Args:
        crops: Each uint8, grey [h, w] or RGB [h, w, 3]; colours, size and light are brought to what the model
            wants. One of the model's size is its crop already; any other is a ready-made crop, of which the
            model may see the middle. For a model with depth: each an `RgbdArray` of the model's size; a
            depth of 0 throughout is a missing one.
        spec: The model's input.

    Returns:
        Contiguous [B, C, S, S]; B may be 0.

    Raises:
        MienError: The model wants depth and a crop has none, or a crop is no uint8 picture.
    """
    batch = np.empty((len(crops), spec.n_channels, spec.size_px, spec.size_px), dtype=np.float32)
    mean, std = (np.array(v, dtype=np.float32).reshape(-1, 1, 1) for v in (spec.mean, spec.std))
    full = np.array((255, 255, 255, DEPTH_FULL)[: spec.n_channels], dtype=np.float32).reshape(-1, 1, 1)
    for row, crop in zip(batch, crops, strict=True):
        pixels = evened(_checked_crop(crop, spec), spec).reshape(spec.size_px, spec.size_px, -1)
        row[:] = (pixels.transpose(2, 0, 1) / full - mean) / std
    return batch


def _checked_crop(crop: NDArray[Any], spec: InputSpec) -> NDArray[Any]:
    """A crop in the model's colours and size; one with depth must have its size already."""
    if spec.channels != "rgbd":
        _check_picture(crop)
        if crop.shape[:2] == (spec.size_px, spec.size_px):
            return as_channels(crop, gray=spec.channels == "gray")
        return ready_crop(crop, spec)
    if crop.dtype == np.int16 and crop.shape == (spec.size_px, spec.size_px, 4):
        return crop
    raise MienError(
        "this model needs colour and depth (rgbd); these crops have no depth: expected int16 "
        f"[{spec.size_px}, {spec.size_px}, 4], got {crop.dtype} {list(crop.shape)}"
    )


def ready_crop(crop: ImageArray, spec: InputSpec) -> ImageArray:
    """What a model sees of a ready-made crop, in its colours and size: uint8 [S, S] grey or [S, S, 3] RGB.

    Raises:
        MienError: The crop is no uint8 picture.
    """
    _check_picture(crop)
    crop = as_channels(crop, gray=spec.channels == "gray")
    side = spec.wide_px
    if crop.shape[:2] != (side, side):
        enlarging = cv2.INTER_CUBIC if spec.enlarge == "cubic" else cv2.INTER_LINEAR
        how = cv2.INTER_AREA if min(crop.shape[:2]) > side else enlarging
        crop = np.asarray(cv2.resize(crop, (side, side), interpolation=how), dtype=np.uint8)
    return np.ascontiguousarray(middle(crop, spec.size_px))


def middle(plane: NDArray[Any], side: int) -> NDArray[Any]:
    """The middle [side, side] of [S, S, ...]."""
    start = (plane.shape[0] - side) // 2
    return plane[start : start + side, start : start + side]


def _check_picture(crop: NDArray[Any]) -> None:
    if (
        crop.dtype != np.uint8
        or not (crop.ndim == 2 or (crop.ndim == 3 and crop.shape[2] == 3))
        or not crop.size
    ):
        raise MienError(f"a crop is uint8, [h, w] grey or [h, w, 3] RGB; got {crop.dtype} {list(crop.shape)}")
