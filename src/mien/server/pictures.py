"""Pictures that were sent, from bytes to pixels: everything is checked before it is decoded."""

from __future__ import annotations

from mien.core.errors import InputError
from mien.core.records import ImageArray, Plane
from mien.runtime.depth import decode_depth
from mien.runtime.picture_header import read_header
from mien.runtime.pictures import check_header, decode_picture
from mien.server.errors import ApiError


def check_picture(data: bytes, name: str, most_pixels: int) -> None:
    """Look at a picture's header.

    Raises:
        ApiError: It is empty, no picture, or one of too many pixels.
    """
    if not data:
        raise ApiError(400, "broken", f"{name}: the file is empty (0 bytes)")
    header = read_header(data)
    if header is None:
        raise ApiError(415, "unsupported_type", f"{name}: {_why(data)}")
    if header.width * header.height > most_pixels:
        raise ApiError(
            413,
            "too_many_pixels",
            f"{name}: {header.width} x {header.height} pixels are more than the limit of "
            f"{most_pixels / 1e6:g} megapixels; shrink it first",
        )


def decode(data: bytes, name: str, most_pixels: int) -> ImageArray:
    """A picture as RGB [H, W, 3], as displayed.

    Raises:
        ApiError: As `check_picture`, or it is damaged.
    """
    check_picture(data, name, most_pixels)
    try:
        return decode_picture(data, check_header(data))
    except InputError as error:
        raise ApiError(400, "broken", f"{name}: {error}") from error


def decode_plane(data: bytes, name: str, most_pixels: int, unit_mm: float) -> Plane:
    """A 16-bit grey picture as depth in millimetres [H, W].

    Raises:
        ApiError: As `decode`, or it is not 16-bit grey.
    """
    check_picture(data, name, most_pixels)
    try:
        return decode_depth(data, unit_mm)
    except InputError as error:
        raise ApiError(400, "broken", f"{name}: {error}") from error


def _why(data: bytes) -> str:
    """Why bytes are no picture."""
    try:
        check_header(data)
    except InputError as error:
        return str(error)
    return "not a picture"
