"""One face four ways: picture, depth, point cloud and mesh, the last two seen from the side."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mien.core.errors import MienError

YAW_DEG, PITCH_DEG = 40.0, 12.0
"""From where cloud and mesh are seen: turned to the side, and from a little above."""


def cloud_figure(
    image: NDArray[np.uint8] | None,
    depth_mm: NDArray[np.float32],
    points: NDArray[np.float64],
    colours: NDArray[np.uint8],
    faces: NDArray[np.int64],
) -> Figure:
    """Draw picture, depth map, point cloud and mesh side by side.

    Args:
        image: RGB [H, W, 3] or grey [H, W]; its panel is left out without one.
        depth_mm: [H, W], 0 where nothing was measured.
        points: [N, 3] in millimetres: x right, y up, z towards the viewer.
        colours: RGB of the points, [N, 3].
        faces: Triangles between them, [F, 3].

    Raises:
        MienError: There is no point.
    """
    if not len(points):
        raise MienError("a point cloud needs at least one point")
    names = [*([] if image is None else ["picture"]), "depth (mm)", "point cloud", "mesh"]
    figure = Figure(figsize=(3.1 * len(names), 3.3), layout="constrained")
    panels = dict(zip(names, figure.subplots(1, len(names), squeeze=False)[0], strict=True))
    for name, axes in panels.items():
        axes.set_title(name, fontsize="medium")
        axes.set_axis_off()
    if image is not None:
        panels["picture"].imshow(image, cmap="gray", vmin=0, vmax=255)
    shown = panels["depth (mm)"].imshow(np.where(depth_mm > 0, depth_mm, np.nan), cmap="viridis_r")
    figure.colorbar(shown, ax=panels["depth (mm)"], shrink=0.7)
    seen = from_the_side(points)
    _draw_points(panels["point cloud"], seen, colours)
    _draw_faces(panels["mesh"], seen, faces)
    for name in ("point cloud", "mesh"):
        panels[name].set_aspect("equal")
        panels[name].set(xlim=_limits(seen[:, 0]), ylim=_limits(seen[:, 1]))
    return figure


def from_the_side(
    points: NDArray[np.float64], yaw_deg: float = YAW_DEG, pitch_deg: float = PITCH_DEG
) -> NDArray[np.float64]:
    """Points turned about their middle: x, y of the drawing, and z towards its viewer, [N, 3].

    Args:
        points: [N, 3]: x right, y up, z towards the viewer.
        yaw_deg: Positive turns the nearest points to the right.
        pitch_deg: Positive turns the nearest points down: seen from above.
    """
    yaw, pitch = np.deg2rad([yaw_deg, pitch_deg])
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    nod = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    return (points - points.mean(axis=0)) @ (nod @ turn).T


def _draw_points(axes: Axes, seen: NDArray[np.float64], colours: NDArray[np.uint8]) -> None:
    order = np.argsort(seen[:, 2])
    axes.scatter(seen[order, 0], seen[order, 1], c=colours[order] / 255, s=1.2, linewidths=0)


def _draw_faces(axes: Axes, seen: NDArray[np.float64], faces: NDArray[np.int64]) -> None:
    """Far faces first, lit from the viewer's side."""
    corners = seen[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    light = np.array([-0.35, 0.4, 0.85])
    shade = 0.25 + 0.7 * np.abs(normals @ (light / np.linalg.norm(light)))
    order = np.argsort(corners[:, :, 2].mean(axis=1))
    tones = np.repeat(np.clip(shade[order], 0, 1)[:, None], 3, axis=1)
    axes.add_collection(
        PolyCollection(corners[order, :, :2], facecolors=tones, edgecolors=tones, linewidths=0.2)
    )


def _limits(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.03 * max(high - low, 1.0)
    return low - margin, high + margin
