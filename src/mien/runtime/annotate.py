"""`--annotate DIR`: marked copies of pictures and videos, under the names of their inputs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any, cast

import av
import cv2
import numpy as np

from mien.core.errors import MienError
from mien.core.records import FaceResult, Frame, ImageArray
from mien.runtime.draw import draw_results
from mien.runtime.video import read_time_base

_PICTURE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
_VIDEO_ENDINGS = frozenset({".mp4"})
_LEGIBLE_PX = 480  # a picture's shorter side on which the labels can be read
_MAX_ZOOM = 4
_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}
_FRAGMENT_FRAMES = 50


class Annotator:
    """A sink that writes a marked copy of each input.

    A video is written as ``NAME.partial.mp4`` and gets its name when it is complete. Sound is not copied.
    """

    needs_frames = True

    def __init__(self, folder: Path, paths: dict[str, Path]) -> None:
        """Prepare; the folder is made with the first copy.

        Args:
            folder: Where the copies go.
            paths: Where each input is, by its name.

        Raises:
            MienError: A copy would replace its input.
        """
        self.folder = folder
        self._paths = paths
        self._targets = target_names(list(paths))
        self._video: VideoWriter | None = None
        for name, target in self._targets.items():
            if os.path.realpath(folder / target) == os.path.realpath(paths[name]):  # its ending may be kept
                raise MienError(f"--annotate {folder} would replace {paths[name]}; name another folder")

    def write(self, results: Sequence[FaceResult], frame: Frame | None) -> None:
        """Write a picture, or add a frame to its video.

        Raises:
            MienError: The folder cannot be written.
        """
        if self._video is not None and self._video.input != results[0].input:
            self._finish_video()
        if frame is None:
            return
        target = self._targets[frame.input]
        is_video = frame.timestamp_s is not None or self._video is not None
        target = self.folder / (
            _with_ending(target, _VIDEO_ENDINGS, ".mp4")
            if is_video
            else _with_ending(target, _PICTURE_ENDINGS, ".png")
        )
        with named_errors(target):
            if not is_video:
                _write_picture(target, frame.image, results)
                return
            if self._video is None:
                time_base = read_time_base(self._paths[frame.input])
                self._video = VideoWriter(frame.input, target, time_base, frame.image)
            self._video.write(draw_results(frame.image, results), frame)

    def close(self, summary: object = None) -> None:
        """Finish the last video."""
        self._finish_video()

    def _finish_video(self) -> None:
        video, self._video = self._video, None
        if video is not None:
            with named_errors(video.target):
                video.close()


class VideoWriter:
    """One marked video with the time base and time stamps of its source."""

    def __init__(
        self, name: str, target: Path, time_base: Fraction, first: ImageArray, *, live: bool = False
    ) -> None:
        """Begin.

        Args:
            name: Of the input.
            target: Where the copy goes, ``.mp4``; it has its name once it is closed.
            time_base: The unit of time stamps, in seconds.
            first: A picture of the copy's size, RGB [H, W, 3].
            live: Encode fast, and in fragments: what was written can be played whatever comes after.
        """
        self.input = name
        self.target = target
        self._half = target.with_name(target.stem + ".partial.mp4")
        # The encoder wants even sides; what is lost is one line of pixels.
        self._height, self._width = (max(2, side - side % 2) for side in first.shape[:2])
        self._time_base, self._live = time_base, live
        self._last_pts = -1
        target.parent.mkdir(parents=True, exist_ok=True)
        self._container: Any = av.open(str(self._half), "w", options=_FRAGMENTS if live else {})
        self._stream = cast(av.VideoStream, self._container.add_stream(_encoder()))
        if live:
            self._stream.codec_context.gop_size = _FRAGMENT_FRAMES
            self._stream.codec_context.options = {"preset": "veryfast"} if _encoder() == "libx264" else {}
            self._stream.codec_context.thread_count = 1
        self._stream.width, self._stream.height = self._width, self._height
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = self._stream.codec_context.time_base = self._time_base

    def write(self, image: ImageArray, frame: Frame) -> None:
        """Add a marked frame, RGB [H, W, 3], at the time of the frame it was made from."""
        if image.shape[:2] != (self._height, self._width):
            image = _fitted(image, self._height, self._width)
        picture = av.VideoFrame.from_ndarray(image, format="rgb24")
        time_s = frame.timestamp_s
        pts = self._last_pts + 1 if time_s is None else round(Fraction(time_s) / self._time_base)
        self._last_pts = max(pts, self._last_pts + 1)
        picture.pts, picture.time_base = self._last_pts, self._time_base
        self._container.mux(self._stream.encode(picture))

    def close(self) -> None:
        """Finish the file and give it its name; a live one gets it also when it cannot be finished."""
        try:
            try:
                self._container.mux(self._stream.encode(None))
            finally:
                self._container.close()
        except (OSError, av.FFmpegError):
            if self._live:
                os.replace(self._half, self.target)
            raise
        os.replace(self._half, self.target)


@contextmanager
def named_errors(target: Path) -> Iterator[None]:
    """Errors of writing as one line that names the file."""
    try:
        yield
    except (OSError, av.FFmpegError) as error:
        raise MienError(f"cannot write {target}: {getattr(error, 'strerror', None) or error}") from error


def target_names(names: Sequence[str]) -> dict[str, PurePath]:
    """A relative path for each input's copy: sub-folders kept, no two alike, none outside the folder.

    Each is free of others also with ``.png`` or ``.mp4`` added, which a copy gets whose input has another
    format.
    """
    targets: dict[str, PurePath] = {}
    taken: set[str] = set()
    for name in names:
        pure = PurePath(name)
        parts = ["_up" if part == ".." else part for part in pure.relative_to(pure.anchor).parts]
        first = wanted = PurePath(*parts) if parts else PurePath("input")
        count = 1
        while taken & (used := {str(wanted), f"{wanted}.png", f"{wanted}.mp4"}):
            count += 1
            wanted = first.with_name(f"{first.stem}-{count}{first.suffix}")
        taken |= used
        targets[name] = wanted
    return targets


def _with_ending(target: PurePath, endings: frozenset[str], ending: str) -> PurePath:
    return target if target.suffix.lower() in endings else target.with_name(target.name + ending)


def _write_picture(target: Path, image: ImageArray, results: Sequence[FaceResult]) -> None:
    zoom = min(_MAX_ZOOM, max(1, -(-_LEGIBLE_PX // min(image.shape[:2]))))
    marked = cv2.cvtColor(draw_results(image, results, zoom=zoom), cv2.COLOR_RGB2BGR)
    is_encoded, data = cv2.imencode(target.suffix, marked)
    if not is_encoded:
        raise OSError(f"no encoder for {target.suffix}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data.tobytes())


def _fitted(image: ImageArray, height: int, width: int) -> ImageArray:
    """A frame of another size than the first, shrunk or enlarged into that size with black borders."""
    scale = min(height / image.shape[0], width / image.shape[1])
    size = (
        max(1, min(width, round(image.shape[1] * scale))),
        max(1, min(height, round(image.shape[0] * scale))),
    )
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return canvas


def _encoder() -> str:
    """H.264 where this FFmpeg has it, else MPEG-4 part 2, which each has."""
    return "libx264" if "libx264" in av.codecs_available else "mpeg4"
