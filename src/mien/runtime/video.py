"""Videos and animated GIFs through PyAV: frames with the container's times, as displayed."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from mien.core.errors import InputError
from mien.core.records import ImageArray
from mien.faces.picture import Picture, RgbPicture
from mien.runtime.planar_picture import is_planar, planar_picture

VIDEO_SUFFIXES = frozenset(
    ".mp4 .m4v .mov .qt .mkv .webm .avi .mpg .mpeg .m2v .wmv .asf .flv .ts .mts .m2ts .3gp .3g2 .ogv .mxf "
    ".vob .y4m .h264 .264 .h265 .hevc .mjpeg .mjpg .gif".split()
)
"""Endings that make a folder's file a video."""

_ROTATIONS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
_local = threading.local()


@dataclass(frozen=True)
class VideoInfo:
    """What the container says about a video.

    Attributes:
        rate_fps: Frames per second, the mean where the rate varies; None when unknown.
        duration_s: Length; None when unknown.
    """

    rate_fps: float | None
    duration_s: float | None


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """A decoded frame, not yet converted.

    Attributes:
        index: Number among the video's frames, from 0.
        timestamp_s: Seconds since the first frame; None when neither times nor a rate are known.
        raw: PyAV's frame.
        info: The video it belongs to.
    """

    index: int
    timestamp_s: float | None
    raw: Any
    info: VideoInfo

    @property
    def n_bytes(self) -> int:
        """Memory that it takes, converted to RGB where it is not planar."""
        return int(self.raw.width * self.raw.height * (1.5 if is_planar(self.raw) else 3))

    def to_picture(self) -> Picture:
        """The frame as displayed, converted no further than it is asked for. Safe in any thread."""
        if is_planar(self.raw):
            return planar_picture(self.raw, self._turn, self.to_rgb)
        return RgbPicture(self.to_rgb())

    def to_rgb(self) -> ImageArray:
        """Convert, and turn by the display matrix: RGB, [H, W, 3], contiguous. Safe in any thread."""
        # One converter per thread: making one for each frame costs more than the conversion.
        if not hasattr(_local, "reformatter"):
            _local.reformatter = VideoReformatter()
        image = _local.reformatter.reformat(self.raw, format="rgb24", threads=1).to_ndarray()
        if self._turn is not None:
            image = cv2.rotate(image, self._turn)
        return np.ascontiguousarray(image)

    @property
    def _turn(self) -> int | None:
        return _ROTATIONS.get(round(self.raw.rotation / 90) * 90 % 360)


def read_video(
    path: Path, *, every: int = 1, first_frame: int = 0, threads: int = 1
) -> Generator[VideoFrame]:
    """Decode a video.

    Args:
        path: Any file that FFmpeg reads.
        every: Give each n-th frame, counted from frame 0.
        first_frame: Decode, but do not give, the frames before this one.
        threads: Decoding threads.

    Yields:
        Frames in the order of display.

    Raises:
        InputError: The file is no video, has no frames, or is damaged; frames read before the damage
            have been given by then.
    """
    with closing(_open(path)) as container:
        stream = _video_stream(container)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        info = VideoInfo(_rate(stream), _duration(container, stream))
        clock = _Clock(stream.time_base, info.rate_fps)
        damage: list[str] = []
        index = -1
        for index, raw in enumerate(_decoded(container, stream, damage)):
            timestamp = clock.seconds(raw.pts, index)
            if index >= first_frame and index % every == 0:
                yield VideoFrame(index, timestamp, raw, info)
        if index < 0:
            raise InputError(
                "the video has no frames" + (f" that can be decoded: {damage[0]}" if damage else "")
            )
        if damage:
            raise InputError(f"damaged video: {damage[0]} ({index + 1} frames were read)")
        if clock.last_s is not None and _ends_early(info, clock.last_s):
            raise InputError(
                f"the video breaks off at {clock.last_s:.2f} s of {info.duration_s:.2f} s "
                f"({index + 1} frames were read)"
            )


def read_time_base(path: Path) -> Fraction:
    """The unit of a video's time stamps, in seconds.

    Raises:
        InputError: The file is no video.
    """
    with closing(_open(path)) as container:
        return _video_stream(container).time_base or Fraction(1, 90_000)


class _Clock:
    """Turns time stamps into seconds since the first frame; counts frames where stamps are missing."""

    def __init__(self, time_base: Fraction | None, rate_fps: float | None) -> None:
        self.time_base = time_base
        self.rate_fps = rate_fps
        self.start: int | None = None
        self.last_s: float | None = None

    def seconds(self, pts: int | None, index: int) -> float | None:
        if pts is not None and self.time_base is not None:
            if self.start is None:
                self.start = pts
            now: float | None = float((pts - self.start) * self.time_base)
        elif self.rate_fps:
            now = index / self.rate_fps if self.last_s is None else self.last_s + 1 / self.rate_fps
        else:
            now = None
        # Microseconds: what the table keeps is what everything after works with.
        self.last_s = None if now is None else round(now, 6)
        return self.last_s


@dataclass(frozen=True)
class VideoHeader:
    """What a video says before anything of it is decoded.

    Attributes:
        info: Rate and length.
        width: Of a stored frame, in pixels; 0 when unknown.
        height: Of a stored frame, in pixels; 0 when unknown.
        n_frames: Number of frames, from rate and length where it is not told; None when unknown.
    """

    info: VideoInfo
    width: int
    height: int
    n_frames: int | None


def read_video_header(path: Path) -> VideoHeader:
    """Look at a video without decoding it.

    Raises:
        InputError: The file is no video.
    """
    with closing(_open(path)) as container:
        stream = _video_stream(container)
        info = VideoInfo(_rate(stream), _duration(container, stream))
        n_frames = stream.frames or None
        if n_frames is None and info.rate_fps and info.duration_s:
            n_frames = max(1, round(info.rate_fps * info.duration_s))
        return VideoHeader(info, stream.codec_context.width, stream.codec_context.height, n_frames)


def _open(path: Path) -> Any:
    """Open a file and nothing else: a play list must not make FFmpeg fetch other files or addresses."""
    try:
        return av.open(f"file:{path}", options={"protocol_whitelist": "file"})
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError(f"not a video that can be opened: {_reason(error)}") from error


def _video_stream(container: Any) -> Any:
    # "tty" is how FFmpeg shows a text file as a picture of its letters; an attached picture is a cover.
    streams = [] if container.format.name == "tty" else container.streams.video
    for stream in streams:
        if not stream.disposition & av.stream.Disposition.attached_pic and stream.codec_context is not None:
            return stream
    raise InputError("the file has no video stream")


def _decoded(container: Any, stream: Any, damage: list[str]) -> Iterator[Any]:
    """All frames that can be had; the reasons of what could not go to `damage`."""
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.FFmpegError as error:  # one bad packet: the next key frame heals it
                damage.append(_reason(error))
    except av.FFmpegError as error:
        damage.append(_reason(error))
        try:
            yield from stream.decode(None)  # what the decoder still holds
        except av.FFmpegError:
            return


def _rate(stream: Any) -> float | None:
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate else None


def _duration(container: Any, stream: Any) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    # A container's length covers its sound too, which may be longer than the picture.
    if container.duration and not container.streams.audio:
        return float(container.duration / av.time_base)
    return None


def _ends_early(info: VideoInfo, last_s: float) -> bool:
    """The last frame lies well before the announced end: by more than 2 % and by half a second."""
    if info.duration_s is None:
        return False
    return info.duration_s - last_s > max(0.5, 0.02 * info.duration_s, 3 / (info.rate_fps or 1))


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error).splitlines()[0]
