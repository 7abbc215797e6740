"""How much one client, one request and one server may ask for."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from mien.core.errors import MienError

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """The limits; each has an answer of its own when it is passed.

    Attributes:
        file_bytes: One picture.
        video_bytes: One video.
        request_bytes: One request with pictures, all of it.
        pixels: Of one picture or of one frame of a video.
        pictures: In one request.
        video_frames: Of one video.
        video_s: Its length in seconds.
        requests_per_s: Of one client, with bursts of twice as many; 0: no limit.
        request_s: Seconds for a body to arrive, and again for its answer.
        queue: Requests in hand at once.
        waiting_bytes: Of all their bodies together, in memory.
        jobs: Videos that wait or run.
        streams: Live streams at once.
        message_bytes: One frame of a stream.
        stream_idle_s: Seconds without a frame after which a stream is ended.

    Raises:
        MienError: A limit is not above 0.
    """

    file_bytes: int = 32 * MIB
    video_bytes: int = 2048 * MIB
    request_bytes: int = 128 * MIB
    pixels: int = 40_000_000
    pictures: int = 32
    video_frames: int = 500_000
    video_s: float = 4 * 3600.0
    requests_per_s: float = 50.0
    request_s: float = 30.0
    queue: int = 256
    waiting_bytes: int = 1024 * MIB
    jobs: int = 100
    streams: int = 8
    message_bytes: int = 4 * MIB
    stream_idle_s: float = 60.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (0 < value < math.inf or (field.name == "requests_per_s" and value == 0)):
                raise MienError(f"the limit {field.name} must be a finite number above 0, got {value}")


def in_words(n_bytes: int) -> str:
    """A number of bytes for people: ``32 MiB``."""
    if n_bytes >= MIB:
        return f"{n_bytes / MIB:.4g} MiB"
    return f"{n_bytes / 1024:.4g} KiB" if n_bytes >= 1024 else f"{n_bytes} bytes"
