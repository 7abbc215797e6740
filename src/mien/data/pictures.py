"""Reading the pictures of a data set: RGB or grey arrays in, nothing guessed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mien.core.errors import InputError
from mien.core.records import ImageArray

PICTURE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})


def is_picture(path: Path) -> bool:
    """Whether a file's ending is that of a picture; hidden files are none."""
    return path.suffix.lower() in PICTURE_ENDINGS and not path.name.startswith(".")


def read_picture(image: Path | ImageArray) -> ImageArray:
    """A sample's picture as displayed, uint8, [H, W] if the file is grey, else [H, W, 3] RGB.

    Raises:
        InputError: The file is missing, cut short or no picture.
    """
    if isinstance(image, np.ndarray):
        return image
    try:
        data = image.read_bytes()
    except OSError as error:
        raise InputError(f"{image}: {error.strerror}") from error
    if _is_cut_short(data):
        raise InputError(f"{image}: the file is cut short")
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_ANYCOLOR) if data else None
    except cv2.error as error:  # more pixels than OpenCV agrees to decode
        raise InputError(f"{image}: {error.err}") from error
    if decoded is None:
        raise InputError(f"{image}: not a picture that can be decoded")
    return decoded if decoded.ndim == 2 else cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)


def to_grey(image: ImageArray) -> ImageArray:
    """BT.601 luma [H, W] of an RGB picture; a grey one as it is."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def _is_cut_short(data: bytes) -> bool:
    """Whether a JPEG or PNG lacks its end marker: decoders fill such pictures with grey and say nothing."""
    if data.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in data[-4096:]  # some cameras write a few bytes after the marker
    return data.startswith(b"\x89PNG") and b"IEND" not in data[-4096:]
