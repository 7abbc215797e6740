"""A sample's depth: from its file to millimetres."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError
from mien.core.records import Plane
from mien.data.pictures import decode
from mien.faces.depth import in_millimetres


def read_depth(depth: Path | NDArray[np.uint16], unit_mm: float = 1.0) -> Plane:
    """A sample's depth in millimetres, [H, W].

    Args:
        depth: A 16-bit grey picture, or its decoded pixels.
        unit_mm: One step in millimetres.

    Raises:
        InputError: The file is missing, cut short or no picture, or it is not 16-bit grey.
    """
    if not isinstance(depth, Path):
        return in_millimetres(depth, unit_mm)
    steps = decode(depth, cv2.IMREAD_UNCHANGED)
    try:
        return in_millimetres(steps, unit_mm)
    except InputError as error:
        raise InputError(f"{depth}: {error}") from error
