"""Bring a face into a model's crop by its five points."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.records import ImageArray
from mien.core.specs import InputSpec

# A crop of a huge face is sampled on at most this side before it is averaged down (memory).
_MAX_SAMPLED_PX = 2048

NO_FRAMING = "this model takes ready-made face crops only: its ModelSpec has no framing (input.align)"


def similarity(points: NDArray[np.floating], target: NDArray[np.floating]) -> NDArray[np.float64]:
    """The similarity (shift, rotation, scale; no reflection) that maps points to a target with least error.

    The error is the sum of squares. This is Umeyama's solution (IEEE TPAMI 1991) for two dimensions, in
    complex numbers: target = a * point + b.

    Args:
        points: [N, 2] x, y.
        target: [N, 2] x, y.

    Returns:
        [2, 3] matrix M; M @ (x, y, 1) lies near the target.

    Raises:
        MienError: The points are not finite or all in one place.
    """
    z = points[:, 0].astype(np.float64) + 1j * points[:, 1]
    w = target[:, 0].astype(np.float64) + 1j * target[:, 1]
    z_mean, w_mean = z.mean(), w.mean()
    variance = float(np.sum(np.abs(z - z_mean) ** 2))
    if not math.isfinite(variance) or variance < 1e-12:
        raise MienError(f"a face needs distinct finite points, got {np.asarray(points).tolist()}")
    a = np.sum(np.conj(z - z_mean) * (w - w_mean)) / variance
    b = w_mean - a * z_mean
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def align_face(image: ImageArray, points: NDArray[np.floating], spec: InputSpec) -> ImageArray:
    """Cut a face out as a model wants it.

    Args:
        image: RGB [H, W, 3] or grey [H, W].
        points: [5, 2] x, y in pixels of `image`; (0, 0) is the outer corner of its first pixel.
        spec: The model's input; its `align` says where the points go.

    Returns:
        Crop [S, S, 3], or [S, S] (BT.601 luma) where the model sees grey.

    Raises:
        MienError: The model has no framing, or the points have no extent.
    """
    fill = 0 if spec.align is None else spec.align.fill
    return np.asarray(_cut_out(image, points, spec, fill), dtype=np.uint8)


def align_plane(
    plane: NDArray[np.float32], points: NDArray[np.floating], spec: InputSpec
) -> NDArray[np.float32]:
    """Cut the same face out of a plane of numbers that lies on the picture, such as its depth.

    Args:
        plane: [H, W].
        points: As for `align_face`.
        spec: As for `align_face`.

    Returns:
        [S, S], interpolated; 0 outside the plane.

    Raises:
        MienError: As `align_face`.
    """
    return np.asarray(_cut_out(plane, points, spec, 0), dtype=np.float32)


def place_plane(
    plane: NDArray[np.float32], points: NDArray[np.floating], spec: InputSpec, size: tuple[int, int]
) -> NDArray[np.float32]:
    """Lay a plane that covers a crop onto the picture that `align_face` cut the crop from.

    Args:
        plane: [h, w], the whole crop at any resolution.
        points: As for `align_face`.
        spec: As for `align_face`.
        size: Height and width of the picture.

    Returns:
        [height, width], interpolated; NaN outside the crop.

    Raises:
        MienError: As `align_face`.
    """
    if spec.align is None:
        raise MienError(NO_FRAMING)
    side, (height, width) = spec.size_px, size
    matrix = similarity(points, np.array(spec.align.points) * side)
    placed = cv2.warpAffine(
        cv2.resize(plane, (side, side), interpolation=cv2.INTER_LINEAR),
        _between_pixel_centres(matrix),
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(math.nan,),
    )
    return np.asarray(placed, dtype=np.float32)


def crop_corners(points: NDArray[np.floating], spec: InputSpec) -> NDArray[np.float64]:
    """Where the corners of the crop that `align_face` cuts out lie in the picture.

    Args:
        points: As for `align_face`.
        spec: As for `align_face`.

    Returns:
        [4, 2] x, y in pixels: the crop's upper left, upper right, lower right and lower left.

    Raises:
        MienError: As `align_face`.
    """
    if spec.align is None:
        raise MienError(NO_FRAMING)
    side = spec.size_px
    matrix = similarity(points, np.array(spec.align.points) * side)
    corners = np.array([[0, 0], [side, 0], [side, side], [0, side]], dtype=np.float64)
    return np.asarray(np.linalg.solve(matrix[:, :2], (corners - matrix[:, 2]).T).T)


def _cut_out(image: NDArray[Any], points: NDArray[np.floating], spec: InputSpec, fill: int) -> NDArray[Any]:
    if spec.align is None:
        raise MienError(NO_FRAMING)
    side = spec.size_px
    matrix = similarity(points, np.array(spec.align.points) * side)
    shrink = 1.0 / math.hypot(matrix[0, 0], matrix[1, 0])  # pixels of the picture per pixel of the crop
    # Sampling once per crop pixel would skip pixels of a large face (aliasing: 7 grey levels RMS for a face
    # 6 times the crop). So the crop is sampled about once per pixel of the picture and then averaged (0.3).
    fine = max(1, min(round(shrink), _MAX_SAMPLED_PX // side))
    part, start = _surroundings(image, matrix, side)
    if part.dtype == np.uint8:  # before the warp: one channel instead of three
        part = as_channels(part, gray=spec.channels == "gray")
    # cubic interpolation overshoots, which colours bear and depth does not
    cubic = spec.enlarge == "cubic" and shrink < 1 and part.dtype == np.uint8
    matrix[:, 2] += matrix[:, :2] @ start
    warped = cv2.warpAffine(
        part,
        _between_pixel_centres(matrix * fine),
        (side * fine, side * fine),
        flags=cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(fill,) * 3,
    )
    if fine > 1:
        warped = cv2.resize(warped, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(warped)


def as_channels(image: ImageArray, *, gray: bool) -> ImageArray:
    """A picture as grey [H, W] (BT.601 luma) or RGB [H, W, 3], whichever is asked for."""
    if gray and image.ndim == 3:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    if not gray and image.ndim == 2:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    return image


def _surroundings(
    image: NDArray[Any], matrix: NDArray[np.float64], side: int
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The part of a picture that a crop shows, and its corner (x, y); OpenCV warps no sides above 32,766."""
    turn = complex(matrix[0, 0], matrix[1, 0])  # the map is crop = turn * picture + shift
    shift = complex(matrix[0, 2], matrix[1, 2])
    seen = [(complex(x, y) - shift) / turn for x in (0, side) for y in (0, side)]  # pixels of the picture
    height, width = image.shape[:2]
    left, right = max(0, math.floor(min(z.real for z in seen)) - 1), math.ceil(max(z.real for z in seen)) + 1
    top, bottom = max(0, math.floor(min(z.imag for z in seen)) - 1), math.ceil(max(z.imag for z in seen)) + 1
    left, top = min(left, width - 1), min(top, height - 1)  # a crop beside the picture shows its fill only
    return image[top : max(bottom, top + 1), left : max(right, left + 1)], np.array([left, top], dtype=float)


def _between_pixel_centres(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same map for OpenCV, which puts (0, 0) at the first pixel's centre and not at its corner."""
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ [0.5, 0.5] - 0.5
    return moved
