"""Where the camera stood: from points and their pixels, from a silhouette, or simply in front of the face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.records import ImageArray
from mien.data.camera import Camera, Orthographic, Pinhole, Points, facing, project

NEAREST_MM = 500.0
"""Depth of the nearest point for an orthographic camera, which may stand anywhere on its axis."""

FILLED = 0.96
"""How much of a picture a face spans that is put into its middle; BU-3DFE's own are filled much alike."""

DISTANCES_MM = (150.0, 5000.0)
"""A pinhole camera nearer or farther than this takes no face: the picture has no perspective to fit."""

CLEARLY_BETTER = 0.9
N_FITTED = 4000
LEAST_POINTS = 8
PLAIN_LEVELS = 12
PLAIN_SHARE = 0.98
SAME_SHAPE = 0.05


@dataclass(frozen=True, eq=False)
class Fit:
    """A camera found, and how well it explains the pixels.

    Attributes:
        camera: The camera.
        rms_px: Root mean square distance between given and projected pixels.
    """

    camera: Camera
    rms_px: float


def fit_camera(points: Points, pixels: Points, width: int, height: int) -> Fit:
    """The camera that maps points to their pixels, in the sense of least squares.

    An orthographic camera, unless a pinhole camera at the distance of a face explains the pixels clearly
    better.

    Args:
        points: World points, [N, 3] in millimetres.
        pixels: Where they are seen, [N, 2].
        width: The picture's width in pixels.
        height: Its height.

    Raises:
        MienError: There are fewer than 8 points, or they lie on one line.
    """
    if len(points) < LEAST_POINTS:
        raise MienError(f"a camera is fitted to {LEAST_POINTS} points or more, got {len(points)}")
    flat = _fit_orthographic(points, pixels, width, height)
    deep = _fit_pinhole(points, pixels, width, height)
    return deep if deep is not None and deep.rms_px < CLEARLY_BETTER * flat.rms_px else flat


def _fit_orthographic(points: Points, pixels: Points, width: int, height: int) -> Fit:
    """An affine map by least squares, then the nearest one that keeps right angles."""
    centre, middle = points.mean(axis=0), pixels.mean(axis=0)
    affine, _, rank, _ = np.linalg.lstsq(points - centre, pixels - middle, rcond=1e-9)
    if rank < 2:
        raise MienError("the points lie on one line or their pixels are one: no camera can be fitted")
    left, scales, right = np.linalg.svd(affine.T, full_matrices=False)
    scale, axes = float(scales.mean()), left @ right
    rotation = np.vstack([axes, np.cross(axes[0], axes[1])])
    shift = middle - scale * (axes @ centre)
    camera = _at_nearest(points, scale, shift, rotation, width, height)
    return Fit(camera, _rms(points, pixels, camera))


def _at_nearest(
    points: Points, scale: float, shift: Points, rotation: Points, width: int, height: int
) -> Orthographic:
    """An orthographic camera whose nearest point has the depth `NEAREST_MM`."""
    nearest = float((points @ rotation[2]).min())
    return Orthographic(
        scale,
        scale,
        float(shift[0]),
        float(shift[1]),
        width,
        height,
        rotation=rotation,
        translation=np.array([0, 0, NEAREST_MM - nearest]),
    )


def _fit_pinhole(points: Points, pixels: Points, width: int, height: int) -> Fit | None:
    """The pinhole camera without distortion; None where there is no perspective of a face's distance."""
    some = np.unique(np.linspace(0, len(points) - 1, N_FITTED).astype(int))
    centre = points.mean(axis=0)
    side = float(max(width, height))
    guess = np.array([[2 * side, 0, width / 2], [0, 2 * side, height / 2], [0, 0, 1]])
    fixed = cv2.CALIB_FIX_K1 | cv2.CALIB_FIX_K2 | cv2.CALIB_FIX_K3 | cv2.CALIB_ZERO_TANGENT_DIST
    try:
        _, inner, _, turns, shifts = cv2.calibrateCamera(
            [(points[some] - centre).astype(np.float32)],
            [pixels[some].astype(np.float32)],
            (width, height),
            guess,
            np.zeros(5),
            flags=cv2.CALIB_USE_INTRINSIC_GUESS | cv2.CALIB_FIX_ASPECT_RATIO | fixed,
        )
    except cv2.error:  # the points are too few or too flat for it
        return None
    rotation = cv2.Rodrigues(turns[0])[0]
    camera = Pinhole(
        inner[0, 0],
        inner[1, 1],
        inner[0, 2],
        inner[1, 2],
        width,
        height,
        rotation=rotation,
        translation=shifts[0].ravel() - rotation @ centre,
    )
    _, depth = project(points, camera)
    nearest, farthest = DISTANCES_MM
    if not (np.isfinite(depth).all() and depth.min() > nearest and depth.max() < farthest):
        return None
    return Fit(camera, _rms(points, pixels, camera))


def _rms(points: Points, pixels: Points, camera: Camera) -> float:
    return float(np.sqrt(np.mean(np.sum((project(points, camera)[0] - pixels) ** 2, axis=1))))


def frontal_camera(points: Points, width: int, height: int) -> Orthographic:
    """An orthographic camera straight in front of the face, the face in the middle of the picture.

    Args:
        points: The face, [N, 3] in millimetres.
        width: The picture's width in pixels.
        height: Its height.

    Raises:
        MienError: The points have no extent.
    """
    low, high = points.min(axis=0)[:2], points.max(axis=0)[:2]
    return _framed(
        points, (low, high), (width / 2, height / 2), FILLED * np.array([width, height]), width, height
    )


def _framed(
    points: Points,
    box: tuple[Points, Points],
    middle: tuple[float, float],
    span: Points,
    width: int,
    height: int,
) -> Orthographic:
    low, high = box
    if not (high - low).min() > 0:
        raise MienError("the points have no extent: no camera can be put in front of them")
    scale = float((span / (high - low)).min())
    centre = (low + high) / 2
    shift = np.array(middle) - scale * centre * (1, -1)
    return _at_nearest(points, scale, shift, facing(), width, height)


def silhouette_camera(points: Points, mask: NDArray[np.bool_]) -> Orthographic | None:
    """The frontal orthographic camera under which the face just covers what is foreground in its picture.

    Args:
        points: The face, [N, 3] in millimetres.
        mask: [H, W], true on the face.

    Returns:
        None where the mask has another shape than the face: it is not this face's silhouette.
    """
    height, width = mask.shape
    x, y, wide, high = cv2.boundingRect(mask.astype(np.uint8))
    box = points.min(axis=0)[:2], points.max(axis=0)[:2]
    extent = box[1] - box[0]
    if min(wide, high) < 2 or not extent.min() > 0:
        return None
    ratio = (wide / extent[0]) / (high / extent[1])
    if abs(ratio - 1) > SAME_SHAPE:
        return None
    middle = (x + wide / 2, y + high / 2)
    return _framed(points, box, middle, np.array([wide, high], np.float64), width, height)


def foreground(image: ImageArray) -> NDArray[np.bool_] | None:
    """What stands before a plain background, [H, W]; None where the picture's border is not of one colour."""
    colours = image.reshape(*image.shape[:2], -1).astype(np.int16)
    border = np.concatenate([colours[0], colours[-1], colours[:, 0], colours[:, -1]])
    differs = np.abs(colours - np.median(border, axis=0)).max(axis=2) > PLAIN_LEVELS
    at_border = np.concatenate([differs[0], differs[-1], differs[:, 0], differs[:, -1]])
    if at_border.mean() > 1 - PLAIN_SHARE or not differs.any():
        return None
    _, labels, stats, _ = cv2.connectedComponentsWithStats(differs.astype(np.uint8))
    return labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
