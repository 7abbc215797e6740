"""What the window shows at one moment: data, no drawing and no window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mien.core.records import FaceResult, ImageArray
from mien.runtime.live.history import SPAN_S

KEYS = (
    ("q, Escape", "end"),
    ("Space", "pause, go on"),
    ("Tab, click", "choose a face"),
    ("m", "mirror"),
    ("s", "save this window as a picture"),
    ("r", "stop and go on recording (with --record)"),
    ("h", "this help"),
)


@dataclass(frozen=True, eq=False)
class Scene:
    """One moment.

    Attributes:
        picture: RGB [H, W, 3].
        rows: Its results.
        source: Name of the source.
        model: Name of the model.
        labels: The model's.
        chosen: The face whose numbers are shown; None: no face.
        times_s: [N] of that face's history.
        shares: [N, K] of it.
        now_s: The picture's time.
        span_s: How far the timeline reaches back.
        rate_fps: Frames shown a second.
        latency_ms: From grab to screen.
        n_dropped: Frames left out so as not to lag.
        n_errors: Broken frames.
        smooth_s: How late smoothing answers.
        mirrored: The picture is shown as in a mirror.
        paused: It stands still.
        helps: The keys are listed.
        recording: On or off; None where nothing was asked to be recorded.
        status: What is wrong with the source; empty when all is well.
        toast: What just happened; empty after a while.
    """

    picture: ImageArray
    rows: Sequence[FaceResult] = ()
    source: str = ""
    model: str = ""
    labels: tuple[str, ...] = ()
    chosen: int | None = None
    times_s: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    shares: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    now_s: float = 0.0
    span_s: float = SPAN_S
    rate_fps: float = 0.0
    latency_ms: float = 0.0
    n_dropped: int = 0
    n_errors: int = 0
    smooth_s: float = 0.0
    mirrored: bool = False
    paused: bool = False
    helps: bool = False
    recording: bool | None = None
    status: str = ""
    toast: str = ""

    @property
    def chosen_row(self) -> FaceResult | None:
        """The chosen face's result, where it is in the picture."""
        return next((row for row in self.rows if row.face_id == self.chosen and row.status == "ok"), None)
