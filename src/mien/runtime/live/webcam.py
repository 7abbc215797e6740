"""Webcams through OpenCV, whose wheels reach them on Linux (V4L2), macOS (AVFoundation) and Windows (MSMF).

PyAV's wheels bring FFmpeg's camera input for Linux alone.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from mien.core.errors import InputError
from mien.runtime.live.source import Shot, SourceLostError, SourceOptions

_MOST_BAD_READS = 5
"""So many broken pictures one after the other, and the camera counts as gone."""

_READ_TIMEOUT_MS = 3_000
_PROBED = 4
_SIZE_BEYOND_RAW_PX = 640
"""Wider pictures come at a full rate from most USB cameras only as MJPEG."""


class Webcam:
    """A camera by its number."""

    can_wait = False
    has_depth = False

    def __init__(
        self, number: int, options: SourceOptions, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Open it.

        Raises:
            InputError: There is none with this number; says which there are.
        """
        self.name = f"camera {number}"
        self._clock = clock
        with _quiet_opencv():
            self._capture = cv2.VideoCapture(number)
            if not self._capture.isOpened():
                raise InputError(f"{self.name}: {_which_there_are(number)}")
        if options.size is not None:
            if options.size[0] > _SIZE_BEYOND_RAW_PX:
                self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, options.size[0])
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, options.size[1])
        if options.fps is not None:
            self._capture.set(cv2.CAP_PROP_FPS, options.fps)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._capture.set(cv2.CAP_PROP_READ_TIMEOUT_MSEC, _READ_TIMEOUT_MS)
        self.rate_fps = self._capture.get(cv2.CAP_PROP_FPS) or None

    def __iter__(self) -> Iterator[Shot]:
        """Pictures as they come, until the camera is gone."""
        n_bad = 0
        while n_bad < _MOST_BAD_READS:
            is_read, bgr = self._capture.read()
            if is_read and bgr is not None:
                n_bad = 0
                yield Shot(np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8), self._clock())
            else:
                n_bad += 1
                yield Shot(None, self._clock(), error="the camera gave a broken picture")
        raise SourceLostError(f"{self.name} gives no more pictures; is it unplugged, or in use elsewhere?")

    def close(self) -> None:
        """Let go of the camera."""
        self._capture.release()


def list_cameras() -> list[tuple[int, str]]:
    """Number and name of each camera here; on Linux from the system, elsewhere by trying a few."""
    if platform.system() == "Linux":
        return _linux_cameras(Path("/sys/class/video4linux"))
    found = []
    with _quiet_opencv():
        for number in range(_PROBED):
            capture = cv2.VideoCapture(number)
            if capture.isOpened():
                found.append((number, ""))
            capture.release()
    return found


def _linux_cameras(folder: Path) -> list[tuple[int, str]]:
    """From the kernel's list; of a camera's several nodes the first gives pictures."""
    found = []
    for node in folder.glob("video*"):
        try:
            if (node / "index").read_text().strip() == "0":
                found.append((int(node.name.removeprefix("video")), (node / "name").read_text().strip()))
        except (OSError, ValueError):
            continue
    return sorted(found)


def _which_there_are(number: int) -> str:
    cameras = list_cameras()
    if not cameras:
        return "no camera is connected; a video file, an address or a folder can take its place"
    listed = ", ".join(f"{n} ({name})" if name else str(n) for n, name in cameras)
    if any(n == number for n, _ in cameras):
        return f"it is there and cannot be opened; is it in use, or not allowed? Cameras here: {listed}"
    return f"there is none with this number; cameras here: {listed}"


@contextmanager
def _quiet_opencv() -> Iterator[None]:
    """OpenCV prints a line of its own for each camera that it does not find."""
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(0)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)
