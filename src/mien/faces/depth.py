"""Depth that lies on a picture pixel for pixel: cut out with the face, put on a model's scale.

Throughout, 0 means that nothing was measured there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError
from mien.core.records import DEPTH_FULL, ImageArray, Plane, RgbdArray
from mien.core.specs import InputSpec
from mien.faces.align import align_face, align_plane

MEASURED_SHARE = 0.5
"""A resampled pixel counts as measured when at least this share of what it is made of was."""


def in_millimetres(steps: NDArray[Any], unit_mm: float = 1.0) -> Plane:
    """A decoded depth picture in millimetres, [H, W].

    Args:
        steps: 16-bit grey pixels.
        unit_mm: One step in millimetres.

    Raises:
        InputError: They are not 16-bit grey.
    """
    if steps.dtype != np.uint16 or steps.ndim != 2:
        raise InputError(
            f"a depth picture is 16-bit grey, [H, W] uint16; got {steps.dtype} {list(steps.shape)}"
        )
    return steps.astype(np.float32) * np.float32(unit_mm)


def resampled(depth: Plane, resample: Callable[[Plane], Plane]) -> Plane:
    """Resample depth as the mean of what was measured: holes neither bleed into their surroundings nor close.

    Args:
        depth: [H, W].
        resample: Any linear resampling of a plane, such as a resize or a warp.

    Returns:
        What `resample` gives for `depth`, in which holes count for nothing; 0 where most of it is a hole.
    """
    share = resample((depth > 0).astype(np.float32))
    filled = resample(depth) / np.maximum(share, MEASURED_SHARE)
    return np.where(share >= MEASURED_SHARE, filled, np.float32(0))


def fit_plane(plane: Plane, side_px: int) -> Plane:
    """A plane resized to [side_px, side_px] as `mien.faces.preprocess.ready_crop` resizes a picture."""
    if plane.shape == (side_px, side_px):
        return plane
    shrinks = min(plane.shape) > side_px
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, (side_px, side_px), interpolation=how), dtype=np.float32)


def to_levels(depth_mm: Plane, range_mm: tuple[float, float]) -> NDArray[np.int16]:
    """Millimetres on a model's scale: 1 at the near end of its range or nearer, DEPTH_FULL at the far end.

    Args:
        depth_mm: Any shape.
        range_mm: Nearest and farthest depth.
    """
    near, far = range_mm
    scaled = (depth_mm.astype(np.float64) - near) / (far - near) * DEPTH_FULL
    levels = np.clip(np.rint(scaled), 1, DEPTH_FULL)
    return np.where(depth_mm > 0, levels, 0).astype(np.int16)


def with_depth(
    colour: ImageArray, image: ImageArray, depth: Plane | None, spec: InputSpec, cut: Callable[[Plane], Plane]
) -> ImageArray | RgbdArray:
    """A colour crop with the depth of the same place, where the model sees depth; a missing depth is all 0.

    Args:
        colour: The crop.
        image: The picture it was cut from.
        depth: Of that picture, [H, W] in millimetres.
        spec: The model's input.
        cut: How a plane that lies on the picture becomes a plane on the crop.

    Raises:
        InputError: Depth and picture differ in size.
    """
    if spec.depth_range_mm is None:
        return colour
    levels = np.zeros(colour.shape[:2], np.int16)
    if depth is not None:
        if depth.shape != image.shape[:2]:
            raise InputError(
                f"its depth is {depth.shape[1]} x {depth.shape[0]} px, its picture {image.shape[1]} x "
                f"{image.shape[0]}; depth must lie on the picture pixel for pixel"
            )
        levels = to_levels(resampled(depth, cut), spec.depth_range_mm)
    return np.dstack([colour.astype(np.int16), levels])


def align_with_depth(
    image: ImageArray, depth: Plane | None, points: NDArray[np.floating], spec: InputSpec
) -> ImageArray | RgbdArray:
    """Cut a face out as a model wants it, with its depth where the model sees depth.

    Args:
        image: RGB [H, W, 3] or grey [H, W].
        depth: [H, W] in millimetres; None where there is none.
        points: As for `mien.faces.align.align_face`.
        spec: The model's input.

    Raises:
        InputError: Depth and picture differ in size.
        MienError: As `mien.faces.align.align_face`.
    """
    colour = align_face(image, points, spec)
    return with_depth(colour, image, depth, spec, lambda plane: align_plane(plane, points, spec))
