"""Faces cut out of frames, and whole pictures, as small JPEG data URIs."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from mien.core.records import ImageArray

MARGIN = 0.18
"""Room around the box, as a fraction of its longer side, on each side."""


def face_thumbnail(image: ImageArray, box: tuple[float, float, float, float], side_px: int) -> str:
    """A square picture of a face and what is around it.

    Args:
        image: RGB [H, W, 3] or grey [H, W].
        box: x, y, width, height in pixels; may reach beyond the picture.
        side_px: Side of the thumbnail.

    Returns:
        ``data:image/jpeg;base64,...``
    """
    x, y, width, height = box
    side = max(width, height, 1.0) * (1 + 2 * MARGIN)
    left, top = x + width / 2 - side / 2, y + height / 2 - side / 2
    return _encoded(_cut(image, left, top, side), side_px)


def picture_thumbnail(image: ImageArray, side_px: int) -> str:
    """A whole picture on a grey square, as `face_thumbnail` gives one."""
    return _encoded(_cut(image, 0, 0, max(image.shape[:2])), side_px)


def _encoded(square: ImageArray, side_px: int) -> str:
    shrinks = len(square) >= side_px
    small = cv2.resize(
        square, (side_px, side_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )
    bgr = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 82])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def _cut(image: ImageArray, left: float, top: float, side: float) -> ImageArray:
    """The square that starts at (left, top), moved into the picture where it fits, else cut at the edges."""
    height, width = image.shape[:2]
    columns, rows = min(side, width), min(side, height)
    x = round(min(max(left, 0), width - columns))
    y = round(min(max(top, 0), height - rows))
    part = image[y : y + max(1, round(rows)), x : x + max(1, round(columns))]
    longer = max(part.shape[:2])
    if part.shape[0] == part.shape[1]:
        return part
    grey = np.full((longer, longer, *part.shape[2:]), 128, dtype=np.uint8)
    y, x = (longer - part.shape[0]) // 2, (longer - part.shape[1]) // 2
    grey[y : y + part.shape[0], x : x + part.shape[1]] = part
    return grey
