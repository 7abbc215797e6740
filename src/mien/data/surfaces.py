"""Every 3-D format to the one depth form: millimetres, pixel for pixel on the picture, 0 = not measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from mien.core.errors import InputError, MienError
from mien.core.records import ImageArray
from mien.data.bnt import read_bnt
from mien.data.camera import Camera, cropped, to_camera
from mien.data.camera_fit import fit_camera, foreground, frontal_camera, silhouette_camera
from mien.data.depth import GRID_ENDING, SURFACE_ENDINGS, Plane, read_depth
from mien.data.meshes import Mesh, need_depth_extra, non_manifold_edges, read_mesh
from mien.data.pictures import PICTURE_ENDINGS, read_picture
from mien.data.point_cloud import JUMP_MM, grid_faces
from mien.data.render import render, render_colour, render_grid, texture_pixels

SIDE_PX = 512
"""Side of a rendering that has no picture to lie on, as BU-3DFE's own frontal pictures."""

LARGEST_RMS = 0.005
"""A texture is one photograph if a camera explains it to within this share of its diagonal, rms."""

SAME_ASPECT = 0.01


@dataclass(frozen=True, eq=False)
class Surface:
    """A face's shape as a picture.

    Attributes:
        depth_mm: float32 [H, W], distance along the camera's axis; 0 where nothing was measured.
        camera: Whose picture it is.
        image: The picture that the depth lies on, pixel for pixel; None where there is none.
        how: How the camera was found, in a few words.
        notes: What is odd about the file, one line each.
    """

    depth_mm: Plane
    camera: Camera
    image: ImageArray | None
    how: str
    notes: tuple[str, ...] = ()


def read_surface(
    path: Path,
    image: ImageArray | None = None,
    camera: Camera | None = None,
    unit_mm: float = 1.0,
    side_px: int = SIDE_PX,
) -> Surface:
    """A mesh, a point grid or a depth picture as depth on a picture.

    Without a camera, a mesh is laid on its picture by its texture coordinates where the picture is its
    texture and one camera explains them; else by its silhouette where the picture has a plain background;
    else it is seen from the front by an orthographic camera. A point grid says itself where its points are
    in its photograph.

    Args:
        path: .wrl, .obj, .ply, .bnt, or a 16-bit grey picture.
        image: The picture to lie on; without one the mesh's texture, or the photograph beside a point grid.
        camera: Whose picture it is; needed for a depth picture, not used for a point grid.
        unit_mm: One unit of a mesh, or one step of a depth picture, in millimetres.
        side_px: Side of the rendering of a mesh that has no picture to lie on.

    Raises:
        InputError: The file cannot be read.
        MienError: Picture, camera and file do not fit, or [depth] is not installed.
    """
    ending = path.suffix.lower()
    if ending == GRID_ENDING:
        return _from_grid(path, image)
    if ending in SURFACE_ENDINGS:
        return _from_mesh(path, image, camera, unit_mm, side_px)
    if ending not in PICTURE_ENDINGS:
        known = ", ".join(sorted(SURFACE_ENDINGS))
        raise InputError(f"{path}: depth comes from {known}, or a 16-bit grey picture such as .png")
    if camera is None:
        raise MienError(f"{path}: where a depth picture's pixels lie in space needs a camera: fx, fy, cx, cy")
    return Surface(read_depth(path, unit_mm), camera, image, "camera as given")


def _from_grid(path: Path, image: ImageArray | None) -> Surface:
    grid = read_bnt(path)
    if image is None:
        image = read_picture(_photograph(path, grid.picture))
    height, width = image.shape[:2]
    measured = np.isfinite(grid.points[..., 2])
    points, pixels = grid.points[measured], grid.places[measured] * (width, height)
    fit = fit_camera(points, pixels, width, height)
    depth = np.full(measured.shape, np.nan)
    depth[measured] = to_camera(points, fit.camera)[:, 2]
    number = np.cumsum(measured) - 1
    faces = number[grid_faces(depth, JUMP_MM)]
    if not len(faces):
        raise InputError(f"{path}: no four neighbours of the grid were measured: there is no surface")
    how = (
        f"{fit.camera.model} camera, fitted to the grid's places in the photograph (rms {fit.rms_px:.2f} px)"
    )
    return Surface(render_grid(pixels, depth[measured], faces, width, height), fit.camera, image, how)


def _photograph(path: Path, name: str) -> Path:
    """The picture beside a point grid: by the grid's own name, else by the one in its header."""
    same_stem = [path.with_suffix(ending) for ending in sorted(PICTURE_ENDINGS)]
    in_header = path.parent / (name.replace("\\", "/").rsplit("/", 1)[-1].strip("\0 ") or path.name)
    for candidate in (*same_stem, in_header):
        if candidate.is_file() and candidate != path:
            return candidate
    raise InputError(
        f"{path}: its photograph ({path.stem}.png) is not beside it: name the picture it lies on"
    )


def _from_mesh(
    path: Path, image: ImageArray | None, camera: Camera | None, unit_mm: float, side_px: int
) -> Surface:
    need_depth_extra("trimesh", "embreex")  # before a large file is read
    mesh = read_mesh(path, unit_mm)
    n_edges = non_manifold_edges(mesh)
    notes = (f"{n_edges} edges belong to more than two triangles (non-manifold)",) if n_edges else ()
    texture = None
    if mesh.uv is not None and mesh.texture is not None:
        if mesh.texture.is_file():
            texture = read_picture(mesh.texture)
        else:
            notes = (*notes, f"its texture {mesh.texture.name} is not beside it")
    if camera is not None:
        if image is not None and (camera.height, camera.width) != image.shape[:2]:
            raise MienError(
                f"the camera's picture is {camera.width} x {camera.height} px, the picture given "
                f"{image.shape[1]} x {image.shape[0]}"
            )
        how, on = "camera as given", image
    else:
        camera, on, how = _find_camera(mesh, image, texture, side_px)
    rendering = render(mesh, camera)
    if on is None and texture is not None:
        on = render_colour(rendering, mesh, texture)
    return Surface(rendering.depth_mm, camera, on, how, notes)


def _find_camera(
    mesh: Mesh, image: ImageArray | None, texture: ImageArray | None, side_px: int
) -> tuple[Camera, ImageArray | None, str]:
    """The camera, the picture that it took (None where there is none yet), and how it was found."""
    photograph = texture if image is None else image
    tried = ""
    if mesh.uv is not None and photograph is not None and _same_aspect(photograph, texture):
        height, width = photograph.shape[:2]
        points, pixels = texture_pixels(mesh, width, height)
        fit = fit_camera(points, pixels, width, height)
        said = f"rms {fit.rms_px:.2f} px over {len(points):,} corners"
        if fit.rms_px <= LARGEST_RMS * np.hypot(width, height):
            return (
                fit.camera,
                photograph,
                f"{fit.camera.model} camera, fitted to the texture coordinates ({said})",
            )
        tried = f"; its texture is not one photograph: {said}"
    if image is None:
        return frontal_camera(mesh.used, side_px, side_px), None, f"orthographic camera from the front{tried}"
    mask = foreground(image)
    outlined = None if mask is None else silhouette_camera(mesh.used, mask)
    if outlined is not None:
        return outlined, image, f"orthographic camera, fitted to the picture's silhouette{tried}"
    front = frontal_camera(mesh.used, image.shape[1], image.shape[0])
    return front, image, f"orthographic camera from the front, the face filling the picture (a guess){tried}"


def _same_aspect(image: ImageArray, texture: ImageArray | None) -> bool:
    """Whether a picture can be the texture, perhaps resized; without the texture it may be."""
    if texture is None:
        return True
    ratios = [picture.shape[1] / picture.shape[0] for picture in (image, texture)]
    return abs(ratios[0] / ratios[1] - 1) <= SAME_ASPECT


def cut(surface: Surface, box: tuple[int, int, int, int]) -> Surface:
    """Depth, picture and camera of a cut-out.

    Args:
        surface: The whole.
        box: x, y, width, height in pixels.
    """
    x, y, width, height = box
    area = (slice(y, y + height), slice(x, x + width))
    image = None if surface.image is None else surface.image[area]
    return replace(surface, depth_mm=surface.depth_mm[area], image=image, camera=cropped(surface.camera, box))


def write_depth(path: Path, depth_mm: Plane, unit_mm: float) -> None:
    """A 16-bit grey png, 0 where nothing was measured.

    Args:
        path: Where to.
        depth_mm: [H, W].
        unit_mm: One step in millimetres.

    Raises:
        MienError: The farthest depth does not fit into 16 bits, or the file cannot be written.
    """
    steps = np.rint(depth_mm.astype(np.float64) / unit_mm)
    if steps.max(initial=0) > np.iinfo(np.uint16).max:
        raise MienError(
            f"{path}: a depth of {depth_mm.max():.0f} mm does not fit 16 bits in steps of {unit_mm} mm"
        )
    steps = np.where(depth_mm > 0, np.maximum(steps, 1), 0).astype(np.uint16)
    try:
        path.write_bytes(cv2.imencode(".png", steps)[1].tobytes())
    except OSError as error:
        raise MienError(f"{path}: {error.strerror}") from error
