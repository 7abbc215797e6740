"""Intel RealSense cameras: colour with depth laid on it, through pyrealsense2 (the extra ``realsense``)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from mien.core.errors import InputError, MienError
from mien.faces.depth import in_millimetres
from mien.runtime.live.source import Shot, SourceLostError, SourceOptions

_SIZE = (640, 480)
_RATE_FPS = 30
_WAIT_MS = 3_000


class RealSense:
    """Colour and depth of one moment, depth as seen from the colour camera."""

    can_wait = False
    has_depth = True

    def __init__(
        self, serial: str, options: SourceOptions, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start the camera.

        Args:
            serial: Which one; empty takes the first.
            options: Size and rate of the colour pictures.
            clock: Gives the times of frames.

        Raises:
            MienError: pyrealsense2 is not installed.
            InputError: There is no such camera, or it has no such size or rate.
        """
        rs = _library()
        self.name = f"realsense:{serial}" if serial else "realsense"
        self._clock = clock
        width, height = options.size or _SIZE
        rate = round(options.fps or _RATE_FPS)
        config = rs.config()
        if serial:
            config.enable_device(serial)
        config.enable_stream(rs.stream.color, width, height, rs.format.rgb8, rate)
        config.enable_stream(rs.stream.depth, rs.format.z16, rate)  # of any size: it is laid on the colour
        self._pipeline = rs.pipeline()
        try:
            profile = self._pipeline.start(config)
        except RuntimeError as error:
            raise InputError(f"{self.name}: {error}; {_which_there_are(rs)}") from error
        self._unit_mm = 1000 * profile.get_device().first_depth_sensor().get_depth_scale()
        self._align = rs.align(rs.stream.color)
        self._is_running = True
        self.rate_fps: float | None = float(rate)

    def __iter__(self) -> Iterator[Shot]:
        """Pairs as they come, until the camera is gone."""
        while True:
            try:
                frames = self._align.process(self._pipeline.wait_for_frames(_WAIT_MS))
            except RuntimeError as error:
                raise SourceLostError(f"{self.name} gives no more pictures: {error}") from error
            colour, depth = frames.get_color_frame(), frames.get_depth_frame()
            if not colour or not depth:
                yield Shot(None, self._clock(), error="the camera gave colour or depth alone")
                continue
            # copied: the library uses its buffers again
            image = np.array(colour.get_data(), np.uint8)
            plane = in_millimetres(np.asarray(depth.get_data()), self._unit_mm)
            yield Shot(image, self._clock(), plane)

    def close(self) -> None:
        """Stop the camera."""
        if self._is_running:
            self._is_running = False
            self._pipeline.stop()


def _library() -> Any:
    try:
        import pyrealsense2
    except ImportError as error:
        raise MienError("a RealSense camera needs pyrealsense2: pip install 'mien[realsense]'") from error
    return pyrealsense2


def _which_there_are(rs: Any) -> str:
    info = rs.camera_info
    cameras = [
        f"{device.get_info(info.serial_number)} ({device.get_info(info.name)})"
        for device in rs.context().query_devices()
    ]
    return f"RealSense cameras here: {', '.join(cameras)}" if cameras else "no RealSense camera is connected"
