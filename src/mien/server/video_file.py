"""A video that arrives, straight to its folder; what it is is looked at as early as its bytes tell."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mien.core.errors import InputError
from mien.runtime.picture_header import picture_format
from mien.runtime.video import VideoHeader, read_video, read_video_header
from mien.server.errors import ApiError
from mien.server.limits import MIB, Limits, in_words

_HEAD_BYTES = 512
_BUFFER_BYTES = MIB
_SIGNATURES = (
    (4, (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")),  # MP4, MOV, 3GP
    (0, (b"\x1aE\xdf\xa3",)),  # Matroska, WebM
    (8, (b"AVI ",)),
    (0, (b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"\x00\x00\x01", b"\x00\x00\x00\x01")),  # MPEG, raw H.26x
    (0, (b"\x30\x26\xb2\x75", b"FLV", b"OggS", b"\x06\x0e\x2b\x34", b"YUV4MPEG2", b"GIF8")),
)


def looks_like_video(head: bytes) -> bool:
    """Whether a file begins as a video does. FFmpeg would also open play lists, which name other files."""
    if any(head.startswith(known, at) for at, marks in _SIGNATURES for known in marks):
        return True
    # MPEG transport streams repeat their mark in each packet of 188, or with times of 192, bytes
    return any(
        head[at : at + 1] == head[at + step : at + step + 1] == b"G" for at, step in ((0, 188), (4, 192))
    )


class VideoFile:
    """A target of a form's file; `flush` writes what has gathered, in a thread."""

    def __init__(self, name: str, path: Path, limits: Limits) -> None:
        self.name, self._limits = name, limits
        self._path = path
        self._head = b""
        self._buffer = bytearray()
        self._n_bytes = 0
        self._file = open(path, "xb", buffering=0)

    @property
    def is_ripe(self) -> bool:
        """Enough has gathered to be written."""
        return len(self._buffer) >= _BUFFER_BYTES

    def write(self, data: bytes) -> None:
        """Take some bytes.

        Raises:
            ApiError: The file is too large, or no video.
        """
        known = len(self._head) >= _HEAD_BYTES
        self._n_bytes += len(data)
        if self._n_bytes > self._limits.video_bytes:
            most = in_words(self._limits.video_bytes)
            raise ApiError(
                413, "too_large", f"{self.name}: a video here has at most {most}; cut or shrink it"
            )
        if not known:
            self._head += data[: _HEAD_BYTES - len(self._head)]
            if len(self._head) >= _HEAD_BYTES:
                self._check_head()
        self._buffer += data

    def flush(self) -> None:
        """Write what has gathered."""
        rest = memoryview(bytes(self._buffer))
        self._buffer.clear()
        while rest:
            rest = rest[self._file.write(rest) :]

    def finish(self) -> None:
        """Write the rest and make it survive a power cut.

        Raises:
            ApiError: It is no video.
        """
        if not self._n_bytes:
            raise ApiError(400, "broken", f"{self.name}: the file is empty (0 bytes)")
        self._check_head()
        self.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def discard(self) -> None:
        """Close it without more ado."""
        self._file.close()

    def _check_head(self) -> None:
        kind = picture_format(self._head)
        if kind is not None and kind != "gif":
            message = f"{self.name} is a {kind.upper()} picture; send pictures to /v1/analyze"
            raise ApiError(415, "unsupported_type", message)
        if not looks_like_video(self._head):
            raise ApiError(
                415, "unsupported_type", f"{self.name}: its content is no video (MP4, WebM, AVI, ...)"
            )


@dataclass(frozen=True)
class VideoFacts:
    """What must be known of a video before it is accepted.

    Attributes:
        width: As displayed.
        height: As displayed.
        fps: None when unknown.
        n_frames: None when unknown.
    """

    width: int
    height: int
    fps: float | None
    n_frames: int | None


def look_at_video(path: Path, name: str, limits: Limits) -> VideoFacts:
    """Check a video's header, then decode its first frame.

    Raises:
        ApiError: It is no video, is broken, or a limit is passed.
    """
    try:
        header = read_video_header(path)
        _check_limits(header, name, limits)
        first = next(iter(read_video(path)))
    except InputError as error:
        unknown = str(error).startswith(("not a video", "the file has no video"))
        code = (415, "unsupported_type") if unknown else (400, "broken")
        raise ApiError(*code, f"{name}: {error}".replace(str(path), name)) from error
    height, width = first.to_rgb().shape[:2]
    return VideoFacts(width, height, header.info.rate_fps, header.n_frames)


def _check_limits(header: VideoHeader, name: str, limits: Limits) -> None:
    if header.width * header.height > limits.pixels:
        raise ApiError(
            413,
            "too_many_pixels",
            f"{name}: frames of {header.width} x {header.height} pixels are more than the limit of "
            f"{limits.pixels / 1e6:g} megapixels; shrink it",
        )
    if (header.info.duration_s or 0) > limits.video_s:
        raise ApiError(
            413,
            "too_long",
            f"{name}: {header.info.duration_s:.0f} s are more than the limit of {limits.video_s:g} s; cut it",
        )
    if (header.n_frames or 0) > limits.video_frames:
        raise ApiError(
            413,
            "too_long",
            f"{name}: {header.n_frames} frames are more than the limit of {limits.video_frames}; cut it",
        )
