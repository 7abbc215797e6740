"""Reading the pictures of a data set: RGB or grey arrays in, nothing guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError
from mien.core.records import ImageArray, VideoFrame
from mien.data.videos import read_frame

PICTURE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})


def is_picture(path: Path) -> bool:
    """Whether a file's ending is that of a picture; hidden files are none."""
    return path.suffix.lower() in PICTURE_ENDINGS and not path.name.startswith(".")


def read_picture(image: Path | VideoFrame | ImageArray) -> ImageArray:
    """A sample's picture as displayed, uint8, [H, W] if the file is grey, else [H, W, 3] RGB.

    Raises:
        InputError: The file is missing, cut short, no picture, or a video without that frame.
    """
    if isinstance(image, np.ndarray):
        return image
    if isinstance(image, VideoFrame):
        return read_frame(image)
    decoded = decode(image, cv2.IMREAD_ANYCOLOR)
    return decoded if decoded.ndim == 2 else cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)


def decode(path: Path, flags: int) -> NDArray[Any]:
    """A picture file as OpenCV decodes it: [H, W] or [H, W, 3] BGR.

    Args:
        path: The file.
        flags: OpenCV's ``IMREAD_*``.

    Raises:
        InputError: The file is missing, cut short or no picture.
    """
    try:
        data = Path(path).read_bytes()  # a copy: a Path keeps its text, and a million samples would
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    if _is_cut_short(data):
        raise InputError(f"{path}: the file is cut short")
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    except cv2.error as error:  # more pixels than OpenCV agrees to decode
        raise InputError(f"{path}: {error.err}") from error
    if decoded is None:
        raise InputError(f"{path}: not a picture that can be decoded")
    return decoded


def to_grey(image: ImageArray) -> ImageArray:
    """BT.601 luma [H, W] of an RGB picture; a grey one as it is."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def _is_cut_short(data: bytes) -> bool:
    """Whether a JPEG or PNG lacks its end marker: decoders fill such pictures with grey and say nothing."""
    if data.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in data[-4096:]  # some cameras write a few bytes after the marker
    return data.startswith(b"\x89PNG") and b"IEND" not in data[-4096:]
