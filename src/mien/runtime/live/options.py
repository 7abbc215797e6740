"""What a live run is told, and what it did."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mien.core.errors import MienError
from mien.faces.detector import MIN_FACE_PX
from mien.runtime.analyze import DEFAULT_MODEL
from mien.runtime.live.session import Ending
from mien.runtime.live.source import SourceOptions

SMOOTH_S = 0.3
PATIENCE_S = 15.0


@dataclass(frozen=True)
class LiveOptions:
    """What `run_live` is told.

    Attributes:
        source: A camera's number, a video file, an address, ``realsense``, or a recorded RGB-D folder.
        model: An embedded model's name or an ONNX file.
        detector: ``auto`` or a detector's name.
        min_face_px: Narrowest face of interest, in pixels.
        smooth_s: Time constant of smoothing; what is shown answers so much later. 0: none.
        compound: Compound emotions to tell: sets by name, files of mixtures, typed mixtures.
        record: The table; None: none is written.
        record_video: The marked video, ``.mp4``; None: none is written.
        overwrite: Replace what stands under these names.
        mirrored: Show the picture as a mirror does; tables and videos stay as the camera sees.
        paced: A recording runs at its own speed; without, each frame is analysed, as fast as it goes.
        seconds: End after so long; None: not by itself.
        patience_s: How long a source that went away is tried again.
        size: What a camera is asked for; None: its own.
        fps: What a camera is asked for, or the rate of a recording without times; None: its own.
        depth_unit_mm: One step of recorded depth in millimetres; None: as the recording says.

    Raises:
        MienError: A value is out of range, or two exclude each other.
    """

    source: str = "0"
    model: str = DEFAULT_MODEL
    detector: str = "auto"
    min_face_px: int = MIN_FACE_PX
    smooth_s: float = SMOOTH_S
    compound: tuple[str, ...] = ()
    record: Path | None = None
    record_video: Path | None = None
    overwrite: bool = False
    mirrored: bool = False
    paced: bool = True
    seconds: float | None = None
    patience_s: float = PATIENCE_S
    size: tuple[int, int] | None = None
    fps: float | None = None
    depth_unit_mm: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("--smooth", self.smooth_s), ("--patience", self.patience_s)):
            if not value >= 0:
                raise MienError(f"{name} is a time in seconds, 0 or more, got {value}")
        above = {"--seconds": self.seconds, "--fps": self.fps, "--depth-unit": self.depth_unit_mm}
        for name, given in above.items():
            if given is not None and not given > 0:
                raise MienError(f"{name} must be above 0, got {given}")
        if self.record_video is not None and self.record_video.suffix.lower() != ".mp4":
            raise MienError(f"--record-video {self.record_video}: the video's name must end in .mp4")
        for path in (self.record, self.record_video):
            if path is not None and Path(self.source).exists() and path.exists():
                if path.samefile(self.source):
                    raise MienError(f"{path} is the source itself; name another file to record to")

    def source_options(self, want_depth: bool) -> SourceOptions:
        """The part that the source is told."""
        return SourceOptions(self.size, self.fps, self.depth_unit_mm, want_depth)


def parse_size(text: str) -> tuple[int, int]:
    """``640x480`` as width and height.

    Raises:
        MienError: It does not read like that.
    """
    found = re.fullmatch(r"(\d{2,5})[xX](\d{2,5})", text.strip())
    if not found:
        raise MienError(f"a size is width and height in pixels, such as 640x480; got {text!r}")
    return int(found[1]), int(found[2])


@dataclass(frozen=True)
class LiveSummary:
    """What a live run did.

    Attributes:
        source: Its name.
        n_frames: Frames analysed.
        n_shown: Of them shown, the others having been overtaken by newer ones.
        n_with_face: Of them with a face.
        n_dropped: Frames that were not analysed, so as not to lag.
        n_errors: Broken frames.
        rate_fps: Frames a second, those that were shown.
        latency_ms: 50, 95 and 99 % of the frames were shown within so many milliseconds of being grabbed.
        ending: Why it ended; ``unwritable``: what was to be recorded could not be written.
        reason: In words, where the user did not end it.
        written: The files, all whole.
    """

    source: str
    n_frames: int
    n_shown: int
    n_with_face: int
    n_dropped: int
    n_errors: int
    rate_fps: float
    latency_ms: tuple[float, float, float]
    ending: Ending | Literal["unwritable"]
    reason: str = ""
    written: tuple[Path, ...] = ()
