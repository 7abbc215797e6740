"""Bosphorus point grids (.bnt): points of a scan on a grid, each with its place in the photograph.

After the header (rows and columns, the z that marks the background, the photograph's name) come five planes
of rows x columns doubles: x, y, z in millimetres, then the place in the photograph as shares of its width
and height. The rows stand bottom row first. Public readers disagree on whether the share of the height
counts from the top or from the bottom; here the points decide, since y points up.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError

N_PLANES = 5
SLACK = 0.01
"""How far a place may lie outside the photograph, as a share of it."""


class PointGrid(NamedTuple):
    """A scan, top row first.

    Attributes:
        points: float64 [rows, columns, 3] in millimetres: x right, y up, z towards the viewer; NaN where
            nothing was measured.
        places: float64 [rows, columns, 2], shares of the photograph's width and height from its top left
            corner; NaN where nothing was measured.
        picture: The photograph's file name as the header gives it.
    """

    points: NDArray[np.float64]
    places: NDArray[np.float64]
    picture: str


def read_bnt(path: Path) -> PointGrid:
    """A Bosphorus point grid.

    Raises:
        InputError: The file is missing, cut short, or is no such grid.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    try:
        rows, columns, background, n_name = struct.unpack_from("<HHdH", data)
        name = data[14 : 14 + n_name]
        (n_values,) = struct.unpack_from("<I", data, 14 + n_name)
    except struct.error as error:
        raise InputError(f"{path}: no Bosphorus point grid: its header is cut short") from error
    if not rows * columns or n_values != N_PLANES * rows * columns:
        raise InputError(
            f"{path}: no Bosphorus point grid: its header says {rows} x {columns} points and "
            f"{n_values} numbers, expected {N_PLANES} a point"
        )
    body = data[18 + n_name :]
    if len(body) != 8 * n_values:
        word = "cut short" if len(body) < 8 * n_values else "too long"
        raise InputError(f"{path}: {word}: {len(body)} bytes of points, expected {8 * n_values}")
    planes = np.frombuffer(body, "<f8").reshape(N_PLANES, rows, columns)[:, ::-1]
    grid = np.moveaxis(np.where(planes[2] == background, np.nan, planes), 0, -1)
    return _checked(grid, name.decode("utf-8", errors="replace"), path)


def _checked(grid: NDArray[np.float64], picture: str, path: Path) -> PointGrid:
    measured = np.isfinite(grid[..., 2])
    found = grid[measured]
    if not len(found):
        raise InputError(f"{path}: an empty grid: all points are background")
    n_bad = int((~np.isfinite(found).all(axis=1)).sum())
    if n_bad:
        raise InputError(f"{path}: {n_bad} of {len(found)} points are not finite numbers")
    if found[:, 3:].min() < -SLACK or found[:, 3:].max() > 1 + SLACK:
        raise InputError(f"{path}: places in the photograph are shares of it, 0 to 1")
    places = grid[..., 3:].copy()
    upwards = np.dot(found[:, 1] - found[:, 1].mean(), found[:, 4] - found[:, 4].mean()) > 0
    if upwards:
        places[..., 1] = 1 - places[..., 1]
    return PointGrid(grid[..., :3].copy(), places, picture)
