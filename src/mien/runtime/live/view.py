"""What the window remembers between frames and how keys and clicks change it; draws nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from mien.core.records import Frame
from mien.core.specs import ModelSpec
from mien.runtime.live.history import FaceHistory
from mien.runtime.live.layout import Layout, face_at, next_face
from mien.runtime.live.meter import Meter
from mien.runtime.live.recorder import Recorder
from mien.runtime.live.scene import Scene
from mien.runtime.live.session import LiveResult, LiveSession

Action = Literal["end", "pause", "next", "mirror", "snapshot", "record", "help"]
_TOAST_S = 3.0


class LiveView:
    """The state behind the window.

    Attributes:
        wants_end: The user has had enough.
        wants_snapshot: The window is to be saved once it is drawn.
    """

    def __init__(
        self,
        session: LiveSession,
        recorder: Recorder,
        meter: Meter,
        spec: ModelSpec,
        *,
        smooth_s: float,
        mirrored: bool = False,
        status: Callable[[], str] = lambda: "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without a picture.

        Args:
            session: What pauses.
            recorder: What is switched on and off.
            meter: Frame rate and latency.
            spec: The model.
            smooth_s: Time constant of smoothing.
            mirrored: Show the picture as a mirror does.
            status: What is wrong with the source; empty when all is well.
            clock: Seconds.
        """
        self.wants_end = self.wants_snapshot = False
        self._session, self._recorder, self._meter, self._spec = session, recorder, meter, spec
        self._smooth_s, self._mirrored, self._status, self._clock = smooth_s, mirrored, status, clock
        self._history = FaceHistory()
        self._seen: LiveResult | None = None
        self._frame: Frame | None = None
        self._chosen: int | None = None
        self._helps = False
        self._n_errors = 0
        self._toast, self._toast_until = "", 0.0

    def see(self, seen: LiveResult) -> None:
        """Take the newest result; a broken frame leaves the picture as it is."""
        if seen.frame is None:
            self._n_errors += 1
            return
        self._seen, self._frame = seen, seen.frame
        self._history.add(seen.rows)
        if self._chosen not in self._history.face_ids:
            self._chosen = next_face(None, self._present())

    def act(self, action: Action) -> None:
        """Do what a key asks for."""
        if action == "end":
            self.wants_end = True
        elif action == "pause":
            self._session.pause(not self._session.is_paused)
        elif action == "next":
            self._chosen = next_face(self._chosen, self._present())
        elif action == "mirror":
            self._mirrored = not self._mirrored
        elif action == "snapshot":
            self.wants_snapshot = True
        elif action == "help":
            self._helps = not self._helps
        elif self._recorder.can_record:
            self._recorder.is_on = not self._recorder.is_on
        else:
            self.tell("nothing to record to: start with --record FILE or --record-video FILE")

    def click(self, point: tuple[float, float], layout: Layout) -> None:
        """Choose the face under a point of the surface."""
        rows = () if self._seen is None else self._seen.rows
        hit = face_at(point, rows, layout, self._mirrored)
        self._chosen = self._chosen if hit is None else hit

    def tell(self, text: str) -> None:
        """Show a line for a moment."""
        self._toast, self._toast_until = text, self._clock() + _TOAST_S

    def scene(self) -> Scene | None:
        """What is to be drawn; None before the first picture."""
        if self._seen is None or self._frame is None:
            return None
        times_s, shares = self._history.of(self._chosen)
        return Scene(
            self._frame.image,
            self._seen.rows,
            self._session.source.name,
            self._spec.name,
            self._spec.labels,
            self._chosen,
            times_s,
            shares,
            now_s=self._history.now_s,
            rate_fps=self._meter.rate_fps,
            latency_ms=self._meter.latency_ms,
            n_dropped=self._session.n_dropped,
            n_errors=self._n_errors,
            smooth_s=self._smooth_s,
            mirrored=self._mirrored,
            paused=self._session.is_paused,
            helps=self._helps,
            recording=self._recorder.is_on if self._recorder.can_record else None,
            status=self._status(),
            toast=self._toast if self._clock() < self._toast_until else "",
        )

    def _present(self) -> list[int]:
        """The faces of the picture."""
        rows = () if self._seen is None else self._seen.rows
        return [row.face_id for row in rows if row.face_id is not None]
