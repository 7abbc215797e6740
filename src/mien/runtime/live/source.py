"""What `mien live` looks at: one protocol for cameras, files, network streams and recorded RGB-D."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from mien.core.errors import InputError, MienError
from mien.core.records import ImageArray, Plane
from mien.runtime.pictures import PICTURE_SUFFIXES
from mien.runtime.sources import printable

ADDRESS_SCHEMES = ("rtsp", "rtsps", "http", "https")
KINDS = (
    "a camera's number, a video file, an rtsp:// or http:// address, realsense, or a folder with color/ and "
    "depth/"
)


@dataclass(frozen=True, eq=False)
class Shot:
    """One frame of a source.

    Attributes:
        image: RGB [H, W, 3] as displayed; None where this frame is broken.
        timestamp_s: Never before the last one's. Of a recording, as its file says; of anything else, by any
            clock that goes on evenly.
        depth: [H, W] in millimetres on the same pixels, 0 where not measured; None without.
        error: Why there is no image.
    """

    image: ImageArray | None
    timestamp_s: float
    depth: Plane | None = None
    error: str = ""


class SourceLostError(InputError):
    """A source that was there and is gone: unplugged, hung up, silent. It may come back."""


class LiveSource(Protocol):
    """Frames, one after the other.

    Attributes:
        name: In the table and on the screen; holds no password.
        can_wait: Its frames come when they are asked for (a recording), not when they happen (a camera).
        has_depth: Its frames have depth.
        rate_fps: Frames per second; None when unknown.
    """

    name: str
    can_wait: bool
    has_depth: bool
    rate_fps: float | None

    def __iter__(self) -> Iterator[Shot]:
        """The frames, once.

        Raises:
            SourceLostError: It is gone.
            InputError: A recording is damaged and cannot be read to its end.
        """

    def close(self) -> None:
        """Let go of the camera or file; may be called twice."""


@dataclass(frozen=True)
class SourceOptions:
    """What a source is told.

    Attributes:
        size: Width and height that a camera is asked for; None: its own.
        fps: Frames a second that a camera is asked for, or that a recording without times has; None: its own.
        depth_unit_mm: One step of recorded depth in millimetres; None: as the recording says, else 1.
        want_depth: Depth is needed; where not, it is not read.
        timeout_s: A network stream that is silent for longer is lost.
    """

    size: tuple[int, int] | None = None
    fps: float | None = None
    depth_unit_mm: float | None = None
    want_depth: bool = False
    timeout_s: float = 5.0


def open_source(word: str, options: SourceOptions = SourceOptions()) -> LiveSource:
    """Open what a user names.

    Args:
        word: A camera's number, a video file, an address, ``realsense`` or ``realsense:SERIAL``, or a folder.
        options: What it is told.

    Raises:
        InputError: There is no such thing, or it cannot be read.
        MienError: An option does not fit this kind of source, or a library is missing.
    """
    camera = re.fullmatch(r"(?:/dev/video)?(\d+)", word)
    if camera:
        from mien.runtime.live.webcam import Webcam

        _refuse(word, "tells no depth", depth_unit_mm=options.depth_unit_mm)
        return Webcam(int(camera[1]), options)
    if word == "realsense" or word.startswith("realsense:"):
        from mien.runtime.live.realsense import RealSense

        _refuse(word, "tells its own depth unit", depth_unit_mm=options.depth_unit_mm)
        return RealSense(word.partition(":")[2], options)
    if "://" in word:
        return _open_address(word, options)
    path = Path(word)
    if path.is_dir():
        from mien.runtime.live.rgbd_folder import RgbdFolder

        _refuse(word, "has a size of its own", size=options.size)
        return RgbdFolder(path, options)
    return _open_file(path, options)


def shown_name(word: str) -> str:
    """A source's name as it may be shown and stored: an address without user, password and query."""
    if "://" not in word:
        return f"camera {word}" if word.isdecimal() else printable(word)
    parts = urlsplit(word)
    return printable(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")))


def _open_address(word: str, options: SourceOptions) -> LiveSource:
    from mien.runtime.live.network_stream import NetworkStream

    name = shown_name(word)
    if word.partition("://")[0].lower() not in ADDRESS_SCHEMES:
        raise MienError(f"{name}: an address begins with {', '.join(f'{s}://' for s in ADDRESS_SCHEMES)}")
    _refuse(name, "decides that itself", size=options.size, fps=options.fps)
    _refuse(name, "tells no depth", depth_unit_mm=options.depth_unit_mm)
    return NetworkStream(word, options)


def _open_file(path: Path, options: SourceOptions) -> LiveSource:
    from mien.runtime.live.video_file import VideoFile

    name = printable(str(path))
    if not path.exists():
        raise InputError(f"{name}: no such file; a source is {KINDS}")
    if path.suffix.lower() in PICTURE_SUFFIXES:
        raise InputError(f"{name} is a picture; `mien analyze` is for pictures")
    _refuse(name, "has a size of its own", size=options.size)
    _refuse(name, "tells no depth", depth_unit_mm=options.depth_unit_mm)
    return VideoFile(path, options)


def _refuse(name: str, why: str, **given: object) -> None:
    """Say which option does not fit a source instead of ignoring it."""
    for option, value in given.items():
        if value is not None:
            flag = option.removesuffix("_mm").replace("_", "-")
            raise MienError(f"--{flag} does not fit {shown_name(name)}, which {why}")
