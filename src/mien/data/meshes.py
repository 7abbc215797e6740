"""Triangle meshes of faces: VRML (.wrl), OBJ and PLY files in, one checked record out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError, MienError
from mien.data.wrl import read_shapes

MESH_ENDINGS = frozenset({".wrl", ".obj", ".ply"})
TEXTURE_LINE = re.compile(r"^\s*map_Kd\s+(?:-\S+\s+\S+\s+)*(.+?)\s*$", re.M)
MATERIAL_LINE = re.compile(r"^mtllib[ \t]+(.+?)\s*$", re.M)
PLY_COUNT_LINE = re.compile(rb"^element (vertex|face) +(\d+)\s*$", re.M)
PLY_TEXTURE_LINE = re.compile(rb"^comment TextureFile +(.+?)\s*$", re.M)


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles in space.

    Attributes:
        vertices: float64 [V, 3] in millimetres: x to the picture's right, y up, z towards the viewer.
        faces: int64 [F, 3], indices of vertices.
        uv: float64 [F, 3, 2], texture coordinates of each face's corners, 0..1 from the picture's bottom left
            corner; None without.
        texture: The texture's picture; it need not exist. None where the file names none.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    uv: NDArray[np.float64] | None = None
    texture: Path | None = None

    @property
    def used(self) -> NDArray[np.float64]:
        """The vertices that belong to a face, [n, 3]."""
        return self.vertices[np.unique(self.faces)]


def need_depth_extra(*names: str) -> list[ModuleType]:
    """Modules of the [depth] extra, imported where they are needed and not before.

    Raises:
        MienError: One is not installed, or does not load.
    """
    try:
        return [import_module(name) for name in names]
    except ImportError as error:
        missing = (error.name or names[0]).split(".")[0]
        raise MienError(f"meshes and depth need {missing}: pip install 'mien[depth]'") from error


def read_mesh(path: Path, unit_mm: float = 1.0) -> Mesh:
    """A mesh file.

    Args:
        path: .wrl, .obj or .ply.
        unit_mm: One unit of the file in millimetres.

    Raises:
        InputError: The file is missing, cut short, of another format, or holds no usable triangles.
        MienError: An OBJ or PLY file, and [depth] is not installed.
    """
    ending = path.suffix.lower()
    if ending not in MESH_ENDINGS:
        raise InputError(f"{path}: a mesh is {', '.join(sorted(MESH_ENDINGS))}")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    mesh = _from_wrl(path, data) if ending == ".wrl" else _from_trimesh(path, data)
    mesh = Mesh(mesh.vertices * unit_mm, mesh.faces, mesh.uv, mesh.texture)
    _check(mesh, path)
    return mesh


def non_manifold_edges(mesh: Mesh) -> int:
    """How many edges belong to more than two triangles; 0 for a clean surface. Rays do not mind them."""
    edges = np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    _, counts = np.unique(edges[:, 0] * len(mesh.vertices) + edges[:, 1], return_counts=True)
    return int((counts > 2).sum())


def _check(mesh: Mesh, path: Path) -> None:
    if not len(mesh.faces):
        raise InputError(f"{path}: the mesh has no faces")
    if mesh.faces.min() < 0 or mesh.faces.max() >= len(mesh.vertices):
        raise InputError(
            f"{path}: a face names vertex {mesh.faces.max()}, counted from 0; there are {len(mesh.vertices)}"
        )
    n_bad = int((~np.isfinite(mesh.vertices).all(axis=1)).sum())
    if n_bad:
        raise InputError(f"{path}: {n_bad} of {len(mesh.vertices)} vertices are not finite numbers")
    if mesh.uv is not None and not np.isfinite(mesh.uv).all():
        raise InputError(f"{path}: texture coordinates that are not finite numbers")


def _from_wrl(path: Path, data: bytes) -> Mesh:
    shapes = [s for s in read_shapes(data.decode("utf-8", errors="replace"), str(path)) if len(s.faces)]
    if not shapes:
        raise InputError(f"{path}: an empty mesh: no face set with faces")
    firsts = np.cumsum([0, *(len(s.vertices) for s in shapes)])[:-1]
    textures = {s.texture for s in shapes}
    with_uv = [s.uv for s in shapes if s.uv is not None]
    one_picture = len(textures) == 1 and len(with_uv) == len(shapes)
    name = textures.pop() if one_picture else None
    return Mesh(
        np.concatenate([s.vertices for s in shapes]),
        np.concatenate([s.faces + first for s, first in zip(shapes, firsts, strict=True)]),
        np.concatenate(with_uv) if one_picture else None,
        _beside(path, [name]) if name else None,
    )


def _from_trimesh(path: Path, data: bytes) -> Mesh:
    (trimesh,) = need_depth_extra("trimesh")
    ending = path.suffix.lower()
    if ending == ".ply" and not data.startswith(b"ply"):
        raise InputError(f"{path}: no PLY file: the first line must be 'ply'")
    try:
        with path.open("rb") as file:
            # anything a broken file makes trimesh raise is this file's error, whatever its type;
            # vertices with two texture coordinates come doubled
            loaded = trimesh.load_mesh(file, file_type=ending[1:], process=False, skip_materials=True)
            vertices = np.asarray(loaded.vertices, np.float64).reshape(-1, 3)
            faces = np.asarray(loaded.faces, np.int64).reshape(-1, 3)
            uv = getattr(loaded.visual, "uv", None)
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: not a whole {ending[1:].upper()} mesh ({said[:160]})") from error
    if ending == ".ply":
        _must_be_whole(path, data, {b"vertex": len(vertices), b"face": len(faces)})
    fits = uv is not None and len(uv) == len(vertices) and faces.size and faces.max() < len(vertices)
    corners = np.asarray(uv, np.float64)[faces] if fits else None
    return Mesh(vertices, faces, corners, _texture_of(path, data))


def _must_be_whole(path: Path, data: bytes, found: dict[bytes, int]) -> None:
    """Compare what was read of a PLY with its header; a polygon may have become many triangles."""
    for name, promised in PLY_COUNT_LINE.findall(data[: data.find(b"end_header")]):
        if found[name] < int(promised):
            word = name.decode()
            raise InputError(f"{path}: cut short: {found[name]} of {int(promised)} {word} lines are there")


def _texture_of(path: Path, data: bytes) -> Path | None:
    """The picture that an OBJ's first material, or a PLY's comment, names."""
    if path.suffix.lower() == ".ply":
        header = data[: data.find(b"end_header")]
        names = [name.decode("utf-8", errors="replace") for name in PLY_TEXTURE_LINE.findall(header)]
        return _beside(path, names)
    library = _beside(path, MATERIAL_LINE.findall(data.decode("utf-8", errors="replace")))
    if library is None or not library.is_file():
        return None
    return _beside(library, TEXTURE_LINE.findall(library.read_text(encoding="utf-8", errors="replace")))


def _beside(path: Path, names: Sequence[str | None]) -> Path | None:
    """The first name as a path beside `path`, also where the file names a folder of another system."""
    if not names or not names[0]:
        return None
    given = path.parent / names[0]
    if given.is_file():
        return given
    return path.parent / names[0].replace("\\", "/").rsplit("/", 1)[-1]
