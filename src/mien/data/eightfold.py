"""A small set made eight times as large before training: MFF-CNN's augmentation of JAFFE (its section 4.1).

Each picture, its mirror image, and itself rotated by 5, 10 and 15 degrees either way: 183 pictures become
1,464. The paper does this before it splits, so that a test picture's rotations are learnt from; on the
training part alone it is honest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.records import Face, Sample
from mien.data.depth import read_depth, resampled
from mien.data.pictures import read_picture
from mien.faces.box import Box

ROTATIONS_DEG = (5, 10, 15, -5, -10, -15)
"""Positive is anticlockwise."""

VARIANTS = ("original", "mirrored", *(f"rotated{angle:+d}" for angle in ROTATIONS_DEG))

_MIRRORED_POINTS = [1, 0, 2, 4, 3]  # a mirror image swaps the eyes and the mouth's corners


def eightfold(samples: Iterable[Sample]) -> list[Sample]:
    """Every sample and its seven variants, with their depth, points and box turned alike.

    Args:
        samples: Their pictures are read; the variants are held in memory.

    Returns:
        Eight samples for each, the original first and under its own id. ``meta`` says ``origin``, the id
        of the original, by which copies of one picture are kept together, and ``variant``.

    Raises:
        InputError: A picture cannot be read.
    """
    return [variant for sample in samples for variant in _variants(sample)]


def _variants(sample: Sample) -> list[Sample]:
    picture = read_picture(sample.image)
    height, width = picture.shape[:2]
    mirror = np.array([[-1.0, 0.0, width - 1.0], [0.0, 1.0, 0.0]])
    middle = ((width - 1) / 2, (height - 1) / 2)
    turns = [cv2.getRotationMatrix2D(middle, angle, 1.0) for angle in ROTATIONS_DEG]
    maps = dict(zip(VARIANTS[1:], [mirror, *turns], strict=True))
    original = replace(sample, meta={**sample.meta, "origin": sample.id, "variant": VARIANTS[0]})
    return [original, *(_turned(sample, picture, matrix, name) for name, matrix in maps.items())]


def _turned(sample: Sample, picture: NDArray[Any], matrix: NDArray[np.float64], name: str) -> Sample:
    """The sample under a map of its pixels' centres; what comes in from outside repeats the edge."""
    size = (picture.shape[1], picture.shape[0])

    def warp(plane: NDArray[Any], border: int) -> NDArray[Any]:
        if name == "mirrored":  # exactly, without interpolation
            return np.ascontiguousarray(plane[:, ::-1])
        return cv2.warpAffine(plane, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)

    depth = None
    if sample.depth is not None:
        plane = read_depth(sample.depth)
        turned = resampled(plane, lambda plane: warp(plane, cv2.BORDER_CONSTANT))
        depth = np.rint(turned).astype(np.uint16)
    return replace(
        sample,
        id=f"{sample.id}+{name}",
        image=warp(picture, cv2.BORDER_REPLICATE),
        depth=depth,
        face=None if sample.face is None else _turned_face(sample.face, matrix, name),
        box=None if sample.box is None else _turned_box(sample.box, matrix),
        meta={**sample.meta, "origin": sample.id, "variant": name},
    )


def _turned_face(face: Face, matrix: NDArray[np.float64], name: str) -> Face:
    points = face.points[_MIRRORED_POINTS] if name == "mirrored" else face.points
    return Face(_turned_box(face.box, matrix), face.score, _turned_points(points, matrix).astype(np.float32))


def _turned_box(box: Box, matrix: NDArray[np.float64]) -> Box:
    """A box of the same size about the turned middle."""
    x, y, width, height = box
    ((middle_x, middle_y),) = _turned_points(np.array([[x + width / 2, y + height / 2]]), matrix)
    return (float(middle_x) - width / 2, float(middle_y) - height / 2, width, height)


def _turned_points(points: NDArray[Any], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """[N, 2] points, whose (0, 0) is the first pixel's corner, under a map of pixel centres."""
    return np.asarray((points - 0.5) @ matrix[:, :2].T + matrix[:, 2] + 0.5)
