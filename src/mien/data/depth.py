"""A sample's depth: from its file to millimetres."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError
from mien.core.records import ImageArray, Plane
from mien.data.pictures import decode
from mien.faces.depth import in_millimetres

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
    if not isinstance(depth, Path):
        return in_millimetres(depth, unit_mm)
    if depth.suffix.lower() in SURFACE_ENDINGS:
        from mien.data.surfaces import read_surface

        return read_surface(depth, image, unit_mm=unit_mm).depth_mm
    steps = decode(depth, cv2.IMREAD_UNCHANGED)
    try:
        return in_millimetres(steps, unit_mm)
    except InputError as error:
        raise InputError(f"{depth}: {error}") from error
