"""Pictures: bytes in, RGB out, or one line that says why not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mien.core.errors import InputError
from mien.core.records import ImageArray
from mien.runtime.picture_header import PictureHeader, read_header

PICTURE_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .webp .bmp .dib .tif .tiff .avif .jp2 .ppm .pgm .pbm .pnm .heic .heif".split()
)
"""Endings that make a folder's file a picture. HEIC is among them to be told as an error, not left out."""

MAX_PIXELS = 128_000_000
"""Larger pictures are refused before decoding: 128 million pixels are 384 MB as RGB."""

MAX_FILE_BYTES = 1 << 30

_EXIF_ROTATION = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}


def read_picture(path: Path) -> ImageArray:
    """Read a picture file.

    Returns:
        RGB, [H, W, 3], contiguous, EXIF orientation applied.

    Raises:
        InputError: The file cannot be read or is no whole picture.
    """
    data = read_bytes(path)
    return decode_picture(data, check_header(data))


def read_bytes(path: Path) -> bytes:
    """A picture file's bytes.

    Raises:
        InputError: It cannot be read, is empty or larger than a picture can sensibly be.
    """
    try:
        n_bytes = path.stat().st_size
        if n_bytes > MAX_FILE_BYTES:
            raise InputError(f"{n_bytes / 2**30:.1f} GiB is more than a picture file may have (1 GiB)")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}") from error
    if not data:
        raise InputError("the file is empty (0 bytes)")
    return data


def check_header(data: bytes) -> PictureHeader:
    """The header of a picture that may be decoded.

    Raises:
        InputError: The bytes are no picture, or one beyond `MAX_PIXELS`.
    """
    header = read_header(data)
    if header is None:
        if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
            raise InputError("HEIC pictures are not read; convert it to JPEG or PNG first")
        raise InputError(
            "not a picture: its content is no JPEG, PNG, WebP, BMP, TIFF, AVIF, JPEG 2000 or PNM"
        )
    if header.width <= 0 or header.height <= 0:
        raise InputError(f"damaged or truncated {header.format.upper()}: its header gives no size")
    if header.width * header.height > MAX_PIXELS:
        raise InputError(
            f"{header.width} x {header.height} pixels are more than the limit of "
            f"{MAX_PIXELS // 10**6} megapixels; shrink it first"
        )
    return header


def decode_picture(data: bytes, header: PictureHeader) -> ImageArray:
    """Decode a picture whose header has been checked.

    Any depth, grey, palette and CMYK become 8-bit RGB. Transparent pixels are laid on white, as a viewer
    shows them: the colours stored below them are often black or left-overs, and would put edges around a cut-
    out face.

    Raises:
        InputError: The picture is damaged or truncated.
    """
    if header.format == "jpeg" and data.find(b"\xff\xd9", data.find(b"\xff\xda")) < 0:
        # Older OpenCV fills the missing part with grey and says nothing.
        raise InputError("truncated JPEG: its end is missing")
    # IMREAD_UNCHANGED, needed for alpha, leaves the orientation to us; IMREAD_COLOR applies it.
    flag = cv2.IMREAD_UNCHANGED if header.has_alpha else cv2.IMREAD_COLOR
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except (cv2.error, MemoryError) as error:
        raise InputError(f"damaged {header.format.upper()}: {_first_line(error)}") from error
    if image is None or image.size == 0:
        raise InputError(f"damaged or truncated {header.format.upper()}: it cannot be decoded")
    if header.has_alpha:
        return _turned(_on_white(image), header.orientation)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def _on_white(image: np.ndarray) -> ImageArray:
    """8-bit RGB of a decoded picture of 1 to 4 channels (BGR, alpha last) and 8 or 16 bits."""
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.ndim == 2:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), np.uint8)
    if image.shape[2] == 3:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
    colour = cv2.cvtColor(image, cv2.COLOR_BGRA2RGB)
    alpha = image[:, :, 3]
    if alpha.min() == 255:
        return np.asarray(colour, np.uint8)
    shade = cv2.merge([alpha] * 3)
    lit = cv2.multiply(colour, shade, scale=1 / 255)
    return np.asarray(cv2.add(lit, cv2.bitwise_not(shade)), np.uint8)


def _turned(image: ImageArray, orientation: int) -> ImageArray:
    """The picture as EXIF orientation 1..8 says it is displayed."""
    if orientation in (2, 4):
        image = np.asarray(cv2.flip(image, 1 if orientation == 2 else 0), np.uint8)
    elif orientation in (5, 7):
        image = np.asarray(cv2.transpose(image), np.uint8)
        image = np.asarray(cv2.rotate(image, cv2.ROTATE_180), np.uint8) if orientation == 7 else image
    elif orientation in _EXIF_ROTATION:
        image = np.asarray(cv2.rotate(image, _EXIF_ROTATION[orientation]), np.uint8)
    return image


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
