"""Meshes to depth pictures: one ray a pixel, by trimesh and Embree."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.records import ImageArray, Plane
from mien.data.camera import Camera, Orthographic, Pinhole, Points, pixel_centres, to_camera
from mien.data.meshes import Mesh, need_depth_extra


class Rendering(NamedTuple):
    """What the camera sees.

    Attributes:
        depth_mm: float32 [H, W], distance along the optical axis; 0 where nothing is seen.
        face: int64 [H, W], which face is seen; -1 where none is.
        weights: float64 [H, W, 3], where on it: shares of its three corners, which add up to 1.
    """

    depth_mm: Plane
    face: NDArray[np.int64]
    weights: NDArray[np.float64]


class _Hits(NamedTuple):
    """Rays that met a face: which ray and face, the depth [n], and the shares of its corners [n, 3]."""

    ray: NDArray[Any]
    face: NDArray[Any]
    depth: NDArray[np.float64]
    weights: NDArray[np.float64]


def render(mesh: Mesh, camera: Camera) -> Rendering:
    """What a camera sees of a mesh at the centre of each pixel; the nearer face hides the farther one.

    Raises:
        MienError: All of the mesh lies behind the camera, or [depth] is not installed.
    """
    vertices = to_camera(mesh.vertices, camera)
    if not (vertices[np.unique(mesh.faces), 2] > 0).any():
        raise MienError(
            "the mesh lies behind the camera: give the camera a translation_mm, such as [0, 0, 600] to stand "
            "600 mm in front of it"
        )
    pixels = pixel_centres(camera.width, camera.height)
    plane = (pixels.reshape(-1, 2) - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    aims = _could_hit(plane, vertices[np.unique(mesh.faces)], camera)
    hits = _cast(vertices, mesh.faces, plane[aims], isinstance(camera, Pinhole))
    shape = (camera.height, camera.width)
    depth, face = np.zeros(plane.shape[0], np.float32), np.full(plane.shape[0], -1)
    weights = np.zeros((plane.shape[0], 3))
    seen = np.flatnonzero(aims)[hits.ray]
    depth[seen], face[seen], weights[seen] = hits.depth, hits.face, hits.weights
    return Rendering(depth.reshape(shape), face.reshape(shape), weights.reshape(*shape, 3))


def render_grid(
    places_px: Points, depth: NDArray[np.float64], faces: NDArray[np.int64], width: int, height: int
) -> Plane:
    """Depth that is known at places in a picture, interpolated over the triangles between them.

    Args:
        places_px: [V, 2] pixels.
        depth: [V] millimetres, more than 0.
        faces: [F, 3].
        width: The picture's width in pixels.
        height: Its height.

    Returns:
        [H, W]; 0 outside all triangles.
    """
    picture = Orthographic(1, 1, 0, 0, width, height, rotation=np.eye(3))
    return render(Mesh(np.column_stack([places_px, depth]), faces), picture).depth_mm


def render_colour(rendering: Rendering, mesh: Mesh, texture: ImageArray) -> ImageArray:
    """The texture as the camera sees it, black where nothing is seen: a picture that lies on the depth.

    Args:
        rendering: Of `mesh`.
        mesh: With texture coordinates.
        texture: RGB [H, W, 3] or grey [H, W].

    Raises:
        MienError: The mesh has no texture coordinates.
    """
    if mesh.uv is None:
        raise MienError("a mesh without texture coordinates has no colours")
    height, width = texture.shape[:2]
    seen = rendering.face >= 0
    uv = np.einsum("hwc,hwcd->hwd", rendering.weights, mesh.uv[np.maximum(rendering.face, 0)])
    # remap counts from the centre of the first pixel
    at = ((uv * (1, -1) + (0, 1)) * (width, height) - 0.5).astype(np.float32)
    colours = cv2.remap(texture, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.where(seen if colours.ndim == 2 else seen[..., None], colours, 0).astype(np.uint8)


def texture_pixels(mesh: Mesh, width: int, height: int) -> tuple[Points, Points]:
    """World points and their pixels in the texture, [n, 3] and [n, 2]: one pair per corner that differs.

    Raises:
        MienError: The mesh has no texture coordinates.
    """
    if mesh.uv is None:
        raise MienError("a mesh without texture coordinates cannot be laid on its texture")
    pairs = np.column_stack([mesh.faces.reshape(-1, 1), mesh.uv.reshape(-1, 2)])
    vertex, uv = np.split(np.unique(pairs, axis=0), [1], axis=1)
    return mesh.vertices[vertex[:, 0].astype(np.int64)], (uv * (1, -1) + (0, 1)) * (width, height)


def _could_hit(plane: Points, vertices: Points, camera: Camera) -> NDArray[np.bool_]:
    """Which rays pass the box around the mesh; all of them where part of it lies behind the camera."""
    if not (vertices[:, 2] > 0).all():
        return np.ones(len(plane), np.bool_)
    spread = vertices[:, :2] / vertices[:, 2:] if isinstance(camera, Pinhole) else vertices[:, :2]
    return ((plane >= spread.min(axis=0)) & (plane <= spread.max(axis=0))).all(axis=1)


def _cast(vertices: Points, faces: NDArray[np.int64], plane: Points, perspective: bool) -> _Hits:
    """First hits of rays that start at z = 0 with directions of z = 1, so that their length is the depth."""
    trimesh, rays, _ = need_depth_extra("trimesh", "trimesh.ray.ray_pyembree", "embreex")
    starts = np.column_stack([plane, np.zeros(len(plane))])
    aims = np.zeros_like(starts)
    if perspective:
        starts, aims = aims, starts
    aims[:, 2] = 1
    solid = trimesh.Trimesh(vertices, faces, process=False)
    found = rays.RayMeshIntersector(solid).intersects_first(starts, aims) if len(plane) else np.zeros(0, int)
    ray = np.flatnonzero(found >= 0)
    face = found[ray]
    # Embree says which face in single precision; where on it is computed in double
    corners = vertices[faces[face]]
    weights = _weights(corners, starts[ray], aims[ray])
    usable = np.isfinite(weights).all(axis=1)
    weights = np.clip(weights[usable], 0, None)
    weights /= weights.sum(axis=1, keepdims=True)
    depth = np.einsum("nc,nc->n", weights, corners[usable, :, 2])
    return _Hits(ray[usable], face[usable], depth, weights)


def _weights(corners: Points, starts: Points, aims: Points) -> NDArray[np.float64]:
    """Shares of the corners [n, 3, 3] at which rays meet their planes, [n, 3]; not finite for edge-on faces.

    Möller and Trumbore, "Fast, minimum storage ray-triangle intersection", 1997.
    """
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    offset = starts - corners[:, 0]
    across = np.cross(aims, second)
    determinant = np.einsum("ni,ni->n", first, across)
    with np.errstate(divide="ignore", invalid="ignore"):
        b = np.einsum("ni,ni->n", offset, across) / determinant
        c = np.einsum("ni,ni->n", aims, np.cross(offset, first)) / determinant
    return np.stack([1 - b - c, b, c], axis=1)
