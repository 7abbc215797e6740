"""From crops to a network's input."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.records import ImageArray
from mien.core.specs import InputSpec
from mien.faces.align import as_channels


def to_batch(crops: Sequence[ImageArray], spec: InputSpec) -> NDArray[np.float32]:
    """Normalise crops: (x / 255 - mean) / std per channel.

    Args:
        crops: Each uint8, grey [h, w] or RGB [h, w, 3]; colours and size are brought to what the model wants.
        spec: The model's input.

    Returns:
        Contiguous [B, C, S, S]; B may be 0.

    Raises:
        MienError: The model wants depth, or a crop is no uint8 picture.
    """
    if spec.channels == "rgbd":
        raise MienError("this model needs colour and depth (rgbd); these crops have no depth")
    batch = np.empty((len(crops), spec.n_channels, spec.size_px, spec.size_px), dtype=np.float32)
    mean, std = (np.array(v, dtype=np.float32).reshape(-1, 1, 1) for v in (spec.mean, spec.std))
    for row, crop in zip(batch, crops, strict=True):
        pixels = ready_crop(crop, spec).reshape(spec.size_px, spec.size_px, -1)
        row[:] = (pixels.transpose(2, 0, 1) / np.float32(255) - mean) / std
    return batch


def ready_crop(crop: ImageArray, spec: InputSpec) -> ImageArray:
    """A crop in the model's colours and size: uint8 [S, S] grey or [S, S, 3] RGB.

    Raises:
        MienError: The crop is no uint8 picture.
    """
    if (
        crop.dtype != np.uint8
        or not (crop.ndim == 2 or (crop.ndim == 3 and crop.shape[2] == 3))
        or not crop.size
    ):
        raise MienError(f"a crop is uint8, [h, w] grey or [h, w, 3] RGB; got {crop.dtype} {list(crop.shape)}")
    crop = as_channels(crop, gray=spec.channels == "gray")
    size = (spec.size_px, spec.size_px)
    if crop.shape[:2] == size:
        return crop
    shrinks = min(crop.shape[:2]) > spec.size_px
    resized = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(resized, dtype=np.uint8)
