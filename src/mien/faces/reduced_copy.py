"""The reduced copy of a picture on which a detector looks for faces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.core.records import ImageArray
from mien.faces.picture import brought_to

# Up to this longer side a search costs next to nothing, so nothing is lost to a reduction.
_SMALL_PICTURE_PX = 320


def copy_size(
    width: int, height: int, *, min_face_px: int, reliable_face_px: int, max_side_px: int
) -> tuple[int, int]:
    """Width and height of the smallest copy of a picture on which its smallest wanted face is found.

    Args:
        width: Of the picture.
        height: Of the picture.
        min_face_px: Narrowest wanted face, in pixels of the picture.
        reliable_face_px: Narrowest face that the detector finds reliably.
        max_side_px: Longest side of the copy; on a larger picture this wins over `min_face_px`.
    """
    longer = max(height, width)
    scale = max(reliable_face_px / min_face_px, _SMALL_PICTURE_PX / longer)
    scale = min(scale, max_side_px / longer, 1.0)
    return max(1, round(width * scale)), max(1, round(height * scale))


def reduced_copy(
    image: ImageArray, *, min_face_px: int, reliable_face_px: int, max_side_px: int
) -> tuple[ImageArray, NDArray[np.float64]]:
    """Reduce a picture as far as its smallest wanted face allows; never enlarge it.

    Args:
        image: [H, W] or [H, W, 3].
        min_face_px: Narrowest wanted face, in pixels of `image`.
        reliable_face_px: Narrowest face that the detector finds reliably.
        max_side_px: Longest side of the copy; on a larger picture this wins over `min_face_px`.

    Returns:
        The copy, and how many pixels of `image` one pixel of the copy spans, (x, y).
    """
    height, width = image.shape[:2]
    size = copy_size(
        width,
        height,
        min_face_px=min_face_px,
        reliable_face_px=reliable_face_px,
        max_side_px=max_side_px,
    )
    return brought_to(image, size), np.array([width / size[0], height / size[1]])
