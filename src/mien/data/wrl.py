"""VRML scenes to triangles: what BU-3DFE and BU-4DFE hand their faces out in.

Read are indexed face sets with their texture coordinates, wherever they stand in the scene, moved by the
transforms above them. Everything else in the scene (lights, viewpoints, other shapes, texture transforms)
is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mien.core.errors import InputError
from mien.data.vrml import Node, parse_vrml

OWN_STATE = frozenset({"Separator", "TransformSeparator"})


class Shape(NamedTuple):
    """One face set.

    Attributes:
        vertices: [V, 3] in the scene's units.
        faces: [F, 3].
        uv: [F, 3, 2], from the picture's bottom left corner; None without texture coordinates.
        texture: The texture's file name as the scene gives it.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    uv: NDArray[np.float64] | None
    texture: str | None


@dataclass(eq=False)
class _State:
    """What holds for the shapes to come."""

    matrix: NDArray[np.float64] = field(default_factory=lambda: np.eye(4))
    points: NDArray[np.float64] | None = None
    uv: NDArray[np.float64] | None = None
    texture: str | None = None


def read_shapes(text: str, where: str) -> list[Shape]:
    """The face sets of a VRML 1 or 2 scene, polygons cut into triangles.

    Args:
        text: The whole file.
        where: Named in errors.

    Raises:
        InputError: It is no VRML text, is cut short, or its indices do not fit.
    """
    shapes: list[Shape] = []
    state = _State()
    for node in parse_vrml(text, where):
        _walk(node, state, shapes, where)
    return shapes


def _walk(node: Node, state: _State, shapes: list[Shape], where: str) -> None:
    match node.kind:
        case "Coordinate" | "Coordinate3":
            state.points = _rows(node, 3, where)
        case "TextureCoordinate" | "TextureCoordinate2":
            state.uv = _rows(node, 2, where)
        case "ImageTexture" | "Texture2":
            state.texture = node.string("url") or node.string("filename")
        case "IndexedFaceSet":
            inner = replace(state)
            for part in (*node.nodes("coord"), *node.nodes("texCoord")):
                _walk(part, inner, shapes, where)
            shapes.append(_shape(node, inner, where))
        case "Shape":
            inner = replace(state, texture=None, uv=None)
            for appearance in node.nodes("appearance"):
                for texture in appearance.nodes("texture"):
                    _walk(texture, inner, shapes, where)
            for geometry in node.nodes("geometry"):
                _walk(geometry, inner, shapes, where)
        case _:
            _walk_group(node, state, shapes, where)


def _walk_group(node: Node, state: _State, shapes: list[Shape], where: str) -> None:
    """A node that holds others, or moves those that follow."""
    inner = replace(state) if node.kind in OWN_STATE or "children" in node.fields else state
    inner.matrix = inner.matrix @ _matrix(node, where)
    below = [*node.nodes("children"), *node.children]
    if node.kind == "LOD":
        below = [*node.nodes("level"), *node.children][:1]  # the finest
    elif node.kind == "Switch":
        chosen = node.numbers("whichChoice")
        index = -1 if chosen is None else int(chosen[0])
        below = [*node.nodes("choice"), *node.children][index : index + 1] if index >= 0 else []
    for child in below:
        _walk(child, inner, shapes, where)


def _rows(node: Node, width: int, where: str) -> NDArray[np.float64]:
    numbers = node.numbers("point")
    if numbers is None:
        numbers = np.zeros(0)
    if numbers.size % width:
        raise InputError(f"{where}: {node.kind} has {numbers.size} numbers, no multiple of {width}")
    return numbers.reshape(-1, width)


def _shape(node: Node, state: _State, where: str) -> Shape:
    index = _index(node, "coordIndex", where)
    points = state.points if state.points is not None else np.zeros((0, 3))
    corners = _triangles(index)
    faces = index[corners]
    _must_fit(faces, len(points), "vertices", where)
    uv = None
    if state.uv is not None and len(state.uv):
        names = [name for name in ("texCoordIndex", "textureCoordIndex") if node.numbers(name) is not None]
        uv_index = _index(node, names[0], where) if names else index
        if uv_index.size == 0:
            uv_index = index
        if not np.array_equal(uv_index < 0, index < 0):
            raise InputError(f"{where}: {names[0]} has other polygons than coordIndex")
        uv_faces = uv_index[corners]
        _must_fit(uv_faces, len(state.uv), "texture coordinates", where)
        uv = state.uv[uv_faces]
    with np.errstate(invalid="ignore"):  # coordinates that are no numbers are told of later, with their count
        moved = points @ state.matrix[:3, :3].T + state.matrix[:3, 3]
    return Shape(moved, faces, uv, state.texture)


def _index(node: Node, name: str, where: str) -> NDArray[np.int64]:
    """An index field that ends with the end of a polygon."""
    numbers = node.numbers(name)
    if numbers is None or not numbers.size:
        return np.zeros(0, np.int64)
    if not np.isfinite(numbers).all():
        raise InputError(f"{where}: {name} holds something that is no number")
    index = numbers.astype(np.int64)
    return index if index[-1] < 0 else np.append(index, -1)


def _triangles(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places in `index` of the corners of all triangles, [F, 3]; polygons are cut as fans."""
    ends = np.flatnonzero(index < 0)
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)[: len(ends)]
    lengths = ends - starts
    fans = [
        np.stack([first, first + k, first + k + 1], axis=1)
        for n in np.unique(lengths[lengths >= 3])
        for first in [starts[lengths == n]]
        for k in range(1, n - 1)
    ]
    return np.concatenate(fans) if fans else np.zeros((0, 3), np.int64)


def _must_fit(index: NDArray[np.int64], n: int, what: str, where: str) -> None:
    if index.size and index.max() >= n:
        raise InputError(f"{where}: a face names number {index.max()} of {n} {what}, counted from 0")


def _matrix(node: Node, where: str) -> NDArray[np.float64]:
    """What a node does to the points below or after it, [4, 4] on column vectors."""
    kind = node.kind
    if kind == "MatrixTransform":
        numbers = node.numbers("matrix")
        if numbers is None or numbers.size != 16:
            raise InputError(f"{where}: MatrixTransform needs 16 numbers")
        return numbers.reshape(4, 4).T  # VRML 1 multiplies rows
    if kind not in ("Transform", "Translation", "Rotation", "Scale"):
        return np.eye(4)
    centre = _shift(node.numbers("center"))
    turn = _turn(node.numbers("rotation"))
    stretch_axes = _turn(node.numbers("scaleOrientation"))
    scale = node.numbers("scaleFactor" if "scaleFactor" in node.fields else "scale")
    stretch = np.diag([*(np.ones(3) if scale is None else np.broadcast_to(scale, 3)), 1.0])
    inner = centre @ turn @ stretch_axes @ stretch @ stretch_axes.T @ np.linalg.inv(centre)
    return _shift(node.numbers("translation")) @ inner


def _shift(by: NDArray[np.float64] | None) -> NDArray[np.float64]:
    matrix = np.eye(4)
    if by is not None:
        matrix[:3, 3] = by
    return matrix


def _turn(axis_angle: NDArray[np.float64] | None) -> NDArray[np.float64]:
    matrix = np.eye(4)
    if axis_angle is not None and (length := np.linalg.norm(axis_angle[:3])) > 0:
        matrix[:3, :3] = Rotation.from_rotvec(axis_angle[:3] / length * axis_angle[3]).as_matrix()
    return matrix
