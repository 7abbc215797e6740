"""RTSP and HTTP streams through PyAV."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import av
from av.error import EOFError as EndOfStream

from mien.core.errors import InputError
from mien.runtime.live.source import Shot, SourceLostError, SourceOptions, shown_name
from mien.runtime.video import VideoFrame, VideoInfo

# No "file": what an address answers must not make FFmpeg open files of this machine.
_PROTOCOLS = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,httpproxy,crypto,hls"


class NetworkStream:
    """Frames as they arrive.

    A video file behind an http address, which announces its length, is a recording: its frames have the
    file's times, and its end is an end. Anything else that ends has broken off.
    """

    has_depth = False

    def __init__(
        self, address: str, options: SourceOptions, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Connect.

        Raises:
            InputError: No answer in time, or no video in it.
        """
        self.name = shown_name(address)
        self._clock, self._timeout_s = clock, options.timeout_s
        wanted = {"protocol_whitelist": _PROTOCOLS, "fflags": "nobuffer"}
        if address.lower().startswith("rtsp"):
            wanted["rtsp_transport"] = "tcp"  # whole pictures, through any firewall
        try:
            self._container: Any = av.open(address, options=wanted, timeout=options.timeout_s)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise InputError(f"{self.name}: cannot be opened: {_reason(error)}") from error
        if not self._container.streams.video:
            self._container.close()
            raise InputError(f"{self.name}: there is no video in it")
        self._stream = self._container.streams.video[0]
        self._stream.codec_context.thread_count = 1  # more threads hold as many frames back
        rate = self._stream.average_rate
        self.rate_fps = float(rate) if rate else None
        self.can_wait = bool(self._container.duration or self._stream.duration)

    def __iter__(self) -> Iterator[Shot]:
        """Frames as they come; what cannot be decoded is a broken one, once a first was whole."""
        info, index, whole_at, first_pts = VideoInfo(self.rate_fps, None), 0, self._clock(), None
        try:
            for packet in self._container.demux(self._stream):
                try:
                    decoded = packet.decode()
                except av.FFmpegError as error:
                    if self._clock() - whole_at > self._timeout_s:
                        raise SourceLostError(f"{self.name}: only broken frames for a while") from error
                    if index:
                        yield Shot(None, self._clock(), error=f"broken frame: {_reason(error)}")
                    continue
                for raw in decoded:
                    whole_at = self._clock()
                    first_pts = raw.pts if first_pts is None else first_pts
                    yield Shot(
                        VideoFrame(index, None, raw, info).to_rgb(), self._time_s(raw, first_pts, index)
                    )
                    index += 1
        except EndOfStream:
            pass
        except (av.FFmpegError, OSError) as error:
            raise SourceLostError(f"{self.name} broke off: {_reason(error)}") from error
        if not self.can_wait:
            raise SourceLostError(f"{self.name} ended")

    def close(self) -> None:
        """Hang up."""
        self._container.close()

    def _time_s(self, raw: Any, first_pts: int | None, index: int) -> float:
        if not self.can_wait:
            return self._clock()
        if raw.pts is None or first_pts is None:
            return index / (self.rate_fps or 25.0)
        return float((raw.pts - first_pts) * self._stream.time_base)


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or (str(error).splitlines() or [type(error).__name__])[0]
    # what FFmpeg says when the time limit interrupts it
    return "no answer in time" if text == "Immediate exit requested" else text
