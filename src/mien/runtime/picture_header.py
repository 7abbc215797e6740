"""What a picture's first bytes say, before anything is decoded: format, size, alpha, orientation."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

_JPEG_SIZE_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_ORIENTATION = 256, 257, 274


@dataclass(frozen=True)
class PictureHeader:
    """What the header says.

    Attributes:
        format: ``jpeg``, ``png``, ``webp``, ``bmp``, ``gif``, ``tiff``, ``avif``, ``jp2`` or ``pnm``.
        width: Stored width in pixels; 0 when the header is damaged.
        height: Stored height in pixels; 0 when the header is damaged.
        has_alpha: The pixels may be transparent (PNG and WebP only).
        orientation: EXIF orientation 1..8 (PNG and WebP only: where alpha forbids OpenCV's own handling).
    """

    format: str
    width: int
    height: int
    has_alpha: bool = False
    orientation: int = 1


def read_header(data: bytes) -> PictureHeader | None:
    """Recognise a picture by its content, whatever its name says.

    Args:
        data: The file's bytes, at least its metadata.

    Returns:
        The header; None when the bytes are no picture of a known format.
    """
    try:
        return _parse(data)
    except (struct.error, IndexError):
        name = picture_format(data)
        return PictureHeader(name, 0, 0) if name else None


def picture_format(data: bytes) -> str | None:
    """The format that the first 16 bytes announce; None for anything that is no known picture."""
    if data[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if data[:4] in (b"II*\0", b"MM\0*"):
        return "tiff"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "avif"
    if data[4:8] == b"jP  " or data[:4] == b"\xff\x4f\xff\x51":
        return "jp2"
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0":
        return "bmp"
    if re.match(rb"P[1-6]\s", data):
        return "pnm"
    return None


def _parse(data: bytes) -> PictureHeader | None:
    match picture_format(data):
        case "jpeg":
            return PictureHeader("jpeg", *_jpeg_size(data))
        case "png":
            width, height = struct.unpack_from(">II", data, 16)
            alpha = data[25] in (4, 6) or b"tRNS" in data[: data.find(b"IDAT")]
            return PictureHeader("png", width, height, alpha, _orientation(_after(data, b"eXIf")))
        case "webp":
            return _webp(data)
        case "gif":
            return PictureHeader("gif", *struct.unpack_from("<HH", data, 6))
        case "tiff":
            tags = _tiff_tags(data)
            return PictureHeader("tiff", tags.get(_TIFF_WIDTH, 0), tags.get(_TIFF_HEIGHT, 0))
        case "avif":
            return PictureHeader("avif", *struct.unpack_from(">II", _after(data, b"ispe"), 4))
        case "jp2":
            return _jp2(data)
        case "bmp":
            width, height = struct.unpack_from("<ii", data, 18)
            return PictureHeader("bmp", width, abs(height))
        case "pnm":
            found = re.match(rb"P[1-6](?:\s+|#[^\n]*\n)+(\d+)(?:\s+|#[^\n]*\n)+(\d+)", data)
            return PictureHeader("pnm", int(found[1]), int(found[2])) if found else None
    return None


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while True:
        if data[at] != 0xFF:
            return 0, 0
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in _JPEG_BARE_MARKERS:
            at += 2
        elif marker in _JPEG_SIZE_MARKERS:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        else:
            at += 2 + struct.unpack_from(">H", data, at + 2)[0]


def _webp(data: bytes) -> PictureHeader:
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
        return PictureHeader(
            "webp", width, height, bool(data[20] & 0x10), _orientation(_after(data, b"EXIF"))
        )
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return PictureHeader("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1))
    width, height = struct.unpack_from("<HH", data, 26)
    return PictureHeader("webp", width & 0x3FFF, height & 0x3FFF)


def _jp2(data: bytes) -> PictureHeader:
    if data[:4] == b"\xff\x4f\xff\x51":  # a bare code stream
        width, height = struct.unpack_from(">II", data, 8)
    else:
        height, width = struct.unpack_from(">II", _after(data, b"ihdr"))
    return PictureHeader("jp2", width, height)


def _after(data: bytes, tag: bytes, length: int = 65536) -> bytes:
    """Up to `length` bytes behind the first occurrence of a tag; empty without it."""
    at = data.find(tag)
    return b"" if at < 0 else data[at + len(tag) : at + len(tag) + length]


def _orientation(exif: bytes) -> int:
    """Orientation from an eXIf (PNG) or EXIF (WebP) chunk's bytes; 1 when it says none."""
    for mark in (b"II*\0", b"MM\0*"):
        at = exif.find(mark, 0, 16)
        if at >= 0:
            try:
                return _tiff_tags(exif[at:]).get(_TIFF_ORIENTATION, 1)
            except struct.error:
                return 1
    return 1


def _tiff_tags(data: bytes) -> dict[int, int]:
    """The single-valued integer tags of a TIFF's first directory."""
    end = "<" if data[:2] == b"II" else ">"
    at = struct.unpack_from(end + "I", data, 4)[0]
    n_entries = struct.unpack_from(end + "H", data, at)[0]
    tags = {}
    for entry in range(at + 2, at + 2 + 12 * n_entries, 12):
        tag, kind, count = struct.unpack_from(end + "HHI", data, entry)
        if count == 1 and kind in (3, 4):
            tags[tag] = struct.unpack_from(end + ("H" if kind == 3 else "I"), data, entry + 8)[0]
    return tags
