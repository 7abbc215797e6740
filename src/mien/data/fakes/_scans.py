"""Scans for the look-alikes in the official formats: VRML, OBJ and PLY meshes, Bosphorus' grids of points."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.records import ImageArray

N_SIDE = 12
"""Points of a scan along each side."""
RADIUS_MM = 90.0
NOWHERE = -1e9
"""What Bosphorus writes where nothing was measured; its files say it themselves."""

Grid = NDArray[np.float64]
"""[N_SIDE, N_SIDE, 3]: x to the right, y up, z towards the viewer, in millimetres; rows from the bottom."""


def face_grid(grey: ImageArray) -> Grid:
    """A dome with the drawing's dark lines as dents of up to 8 mm.

    Args:
        grey: [H, W], or the first channel of a colour picture.
    """
    plane = grey if grey.ndim == 2 else grey[..., 0]
    y, x = np.mgrid[-1 : 1 : N_SIDE * 1j, -1 : 1 : N_SIDE * 1j]
    rows = np.rint((1 - y) / 2 * (plane.shape[0] - 1)).astype(int)
    columns = np.rint((x + 1) / 2 * (plane.shape[1] - 1)).astype(int)
    height = 60 * np.sqrt(np.clip(1 - (x**2 + y**2) / 2, 0, 1)) + plane[rows, columns] / 255 * 8
    return np.stack([x * RADIUS_MM, y * RADIUS_MM, height], axis=-1)


def triangles() -> NDArray[np.int64]:
    """[n, 3] places of the corners in the flattened grid, counterclockwise seen from the front."""
    place = np.arange(N_SIDE**2).reshape(N_SIDE, N_SIDE)
    a, b, c, d = place[:-1, :-1], place[:-1, 1:], place[1:, 1:], place[1:, :-1]
    corners = [np.stack(three, axis=-1).reshape(-1, 3) for three in ((a, b, c), (a, c, d))]
    return np.concatenate(corners)


def write_wrl(path: Path, grid: Grid, texture: str) -> None:
    """A VRML 2.0 mesh with texture coordinates."""
    points = ",\n".join(" ".join(f"{v:.4f}" for v in point) for point in grid.reshape(-1, 3))
    faces = ",\n".join(f"{a}, {b}, {c}, -1" for a, b, c in triangles())
    across = grid.reshape(-1, 3)[:, :2] / (2 * RADIUS_MM) + 0.5
    uv = ",\n".join(f"{u:.5f} {v:.5f}" for u, v in across)
    _write(
        path,
        "#VRML V2.0 utf8\nShape {\nappearance Appearance {\n"
        f'texture ImageTexture {{ url "{texture}" }}\n}}\n'
        f"geometry IndexedFaceSet {{\ncoord Coordinate {{\npoint [\n{points}\n]\n}}\n"
        f"coordIndex [\n{faces}\n]\ntexCoord TextureCoordinate {{\npoint [\n{uv}\n]\n}}\n"
        f"texCoordIndex [\n{faces}\n]\n}}\n}}\n",
    )


def write_obj(path: Path, grid: Grid) -> None:
    """A Wavefront mesh."""
    points = "".join(f"v {x:.4f} {y:.4f} {z:.4f}\n" for x, y, z in grid.reshape(-1, 3))
    _write(path, points + "".join(f"f {a} {b} {c}\n" for a, b, c in triangles() + 1))


def write_ply(path: Path, grid: Grid) -> None:
    """A PLY mesh in text."""
    faces = triangles()
    header = (
        f"ply\nformat ascii 1.0\nelement vertex {N_SIDE**2}\nproperty float x\nproperty float y\n"
        f"property float z\nelement face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    points = "".join(f"{x:.4f} {y:.4f} {z:.4f}\n" for x, y, z in grid.reshape(-1, 3))
    _write(path, header + points + "".join(f"3 {a} {b} {c}\n" for a, b, c in faces))


def write_bnt(path: Path, grid: Grid, picture: str) -> None:
    """A Bosphorus grid: its size, the sign of nothing measured, the picture's name, then five planes.

    The planes are x, y, z and the place in the picture across and down, each as float64 from the bottom row;
    the four corners are not measured.
    """
    name = picture.encode("ascii")
    u, v = (grid[..., 0] / (2 * RADIUS_MM) + 0.5), (0.5 - grid[..., 1] / (2 * RADIUS_MM))
    planes = np.stack([grid[..., 0], grid[..., 1], grid[..., 2], u, v])
    planes[:3, [0, 0, -1, -1], [0, -1, 0, -1]] = NOWHERE
    head = struct.pack("<HHdH", N_SIDE, N_SIDE, NOWHERE, len(name)) + name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + struct.pack("<I", planes.size) + planes.astype("<f8").tobytes())


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")
