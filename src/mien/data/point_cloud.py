"""Depth pictures to points and surfaces in space, and those to PLY files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.records import ImageArray, Plane
from mien.data.camera import Camera, Points, back_project, pixel_centres
from mien.data.meshes import need_depth_extra

JUMP_MM = 10.0
"""Neighbouring pixels whose depths differ by more lie on two surfaces."""


class Cloud(NamedTuple):
    """Points, and the triangles between neighbours.

    Attributes:
        points: float64 [N, 3] in millimetres, world axes.
        colours: uint8 [N, 3] RGB; grey by depth where there is no picture.
        faces: int64 [F, 3], corners counter-clockwise as the camera sees them.
    """

    points: Points
    colours: NDArray[np.uint8]
    faces: NDArray[np.int64]


def point_cloud(
    depth_mm: Plane, camera: Camera, image: ImageArray | None = None, jump_mm: float = JUMP_MM, step: int = 1
) -> Cloud:
    """Where in space each measured pixel lies, and the surface between neighbours.

    Args:
        depth_mm: [H, W], 0 where nothing was measured.
        camera: Whose picture it is.
        image: RGB or grey, pixel for pixel on the depth.
        jump_mm: No triangle spans a greater difference in depth between neighbouring pixels.
        step: Take each so-manieth pixel in both directions.

    Raises:
        MienError: The camera or the picture is of another size than the depth, or nothing was measured.
    """
    height, width = depth_mm.shape
    if (camera.width, camera.height) != (width, height):
        raise MienError(
            f"the camera's picture is {camera.width} x {camera.height} px, the depth {width} x {height}"
        )
    if image is not None and image.shape[:2] != depth_mm.shape:
        raise MienError(
            f"the picture is {image.shape[1]} x {image.shape[0]} px, the depth {width} x {height}; "
            "depth must lie on the picture pixel for pixel"
        )
    thin = depth_mm[::step, ::step]
    measured = thin > 0
    if not measured.any():
        raise MienError("nothing was measured: all of the depth is 0")
    points = back_project(pixel_centres(width, height)[::step, ::step], thin, camera)
    colours = _colours(thin, None if image is None else image[::step, ::step])
    number = np.cumsum(measured).reshape(measured.shape) - 1
    faces = grid_faces(thin, jump_mm * step)
    return Cloud(points[measured], colours[measured], number.ravel()[faces])


def grid_faces(depth: NDArray[np.floating], jump: float) -> NDArray[np.int64]:
    """Two triangles between each four neighbours of a grid.

    Args:
        depth: [H, W], 0 or NaN where nothing was measured.
        jump: An edge between depths that differ by more is cut.

    Returns:
        [F, 3], places in the flattened grid, counter-clockwise with rows downwards.
    """
    height, width = depth.shape
    place = np.arange(height * width).reshape(height, width)
    a, b, c, d = place[:-1, :-1], place[:-1, 1:], place[1:, :-1], place[1:, 1:]
    faces = np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)])
    at_corners = depth.ravel()[faces]
    whole = (at_corners > 0).all(axis=1)  # NaN is not
    return faces[whole & (np.ptp(at_corners, axis=1) <= jump)]


def write_ply(path: Path, cloud: Cloud, with_faces: bool) -> None:
    """A binary PLY file of points with colours, with or without the faces between them.

    Raises:
        MienError: [depth] is not installed.
    """
    (trimesh,) = need_depth_extra("trimesh")
    if with_faces:
        shape = trimesh.Trimesh(cloud.points, cloud.faces, vertex_colors=cloud.colours, process=False)
    else:
        shape = trimesh.PointCloud(cloud.points, colors=cloud.colours)
    path.write_bytes(shape.export(file_type="ply"))


def _colours(depth: Plane, image: ImageArray | None) -> NDArray[np.uint8]:
    if image is None:
        measured = depth[depth > 0]
        near, far = float(measured.min()), float(measured.max())
        shade = 230 - 180 * (depth - near) / max(far - near, 1e-6)
        image = np.clip(shade, 0, 255).astype(np.uint8)
    return np.dstack([image] * 3) if image.ndim == 2 else image
