"""Depth pictures: read in millimetres, resampled without inventing values, put on a model's scale.

Throughout, 0 means that nothing was measured there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError
from mien.core.records import DEPTH_FULL, ImageArray
from mien.data.pictures import decode

Plane = NDArray[np.float32]
"""float32 [H, W]."""

MEASURED_SHARE = 0.5
"""A resampled pixel counts as measured when at least this share of what it is made of was."""

GRID_ENDING = ".bnt"
SURFACE_ENDINGS = frozenset({GRID_ENDING, ".wrl", ".obj", ".ply"})
"""Meshes and point grids: depth is rendered from them."""


def read_depth(
    depth: Path | NDArray[np.uint16], unit_mm: float = 1.0, image: ImageArray | None = None
) -> Plane:
    """A sample's depth in millimetres, [H, W].

    Args:
        depth: A 16-bit grey picture, its decoded pixels, or a mesh or point grid to be rendered onto `image`.
        unit_mm: One step, or one unit of a mesh, in millimetres.
        image: The sample's picture; only a mesh or a point grid needs it.

    Raises:
        InputError: The file is missing, cut short or no picture, or it is not 16-bit grey.
        MienError: A mesh or point grid, and [depth] is not installed.
    """
    if isinstance(depth, Path) and depth.suffix.lower() in SURFACE_ENDINGS:
        from mien.data.surfaces import read_surface

        return read_surface(depth, image, unit_mm=unit_mm).depth_mm
    steps = decode(depth, cv2.IMREAD_UNCHANGED) if isinstance(depth, Path) else depth
    if steps.dtype != np.uint16 or steps.ndim != 2:
        where = f"{depth}: " if isinstance(depth, Path) else ""
        raise InputError(
            f"{where}a depth picture is 16-bit grey, [H, W] uint16; got {steps.dtype} {list(steps.shape)}"
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
