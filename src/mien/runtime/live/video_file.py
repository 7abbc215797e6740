"""A video file as a live source."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from mien.core.errors import InputError
from mien.runtime.live.source import Shot, SourceOptions
from mien.runtime.sources import printable
from mien.runtime.video import read_video

_RATE_FPS = 25.0
"""Of a file that tells neither times nor a rate."""


class VideoFile:
    """Frames with the container's times."""

    can_wait = True
    has_depth = False

    def __init__(self, path: Path, options: SourceOptions) -> None:
        """Open it and decode the first frame.

        Raises:
            InputError: It is no video, or has no frames.
        """
        self.name = printable(str(path))
        self._frames = read_video(path, threads=min(4, max(1, (os.cpu_count() or 1) // 2)))
        try:
            self._first = next(self._frames)
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from error
        self.rate_fps = self._first.info.rate_fps
        self._fallback_fps = options.fps or self.rate_fps or _RATE_FPS

    def __iter__(self) -> Iterator[Shot]:
        """All frames."""
        for frame in chain([self._first], self._frames):
            time_s = frame.timestamp_s
            yield Shot(frame.to_rgb(), frame.index / self._fallback_fps if time_s is None else time_s)

    def close(self) -> None:
        """Close the file."""
        self._frames.close()
