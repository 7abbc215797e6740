"""A live session: source -> newest frame -> faces. Usable with or without a window."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from mien.core.errors import InputError
from mien.core.records import FaceResult, Frame
from mien.runtime.live.grabber import Grabbed, Grabber
from mien.runtime.live.source import LiveSource
from mien.runtime.stream import FaceStream

Ending = Literal["stopped", "time", "end", "lost"]
"""By the user, after `--seconds`, at a recording's end, or because the source broke off."""

_POLL_S = 0.1
_PATIENCE_AT_END_S = 2.0


@dataclass(frozen=True, eq=False)
class LiveResult:
    """What became of one frame.

    Attributes:
        rows: By face_id; one of status ``no_face`` without a face, one of status ``error`` for a broken
            frame.
        frame: The picture; None for a broken frame.
        grabbed_at_s: When the frame was there, by the session's clock.
    """

    rows: tuple[FaceResult, ...]
    frame: Frame | None
    grabbed_at_s: float

    @property
    def faces(self) -> tuple[FaceResult, ...]:
        """The rows that have a face."""
        return tuple(row for row in self.rows if row.status == "ok")


class LiveSession:
    """Answers a source frame by frame, in the thread that asks.

    Attributes:
        source: The source.
        first_shape: [H, W] of the first picture.
        ending: Why the results ended; empty before.
    """

    def __init__(
        self,
        source: LiveSource,
        stream: FaceStream,
        *,
        paced: bool = True,
        seconds: float | None = None,
        halt: threading.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the first frame; nothing runs yet.

        Args:
            source: Open.
            stream: Finds, follows and judges the faces.
            paced: A recording runs at its own speed and frames that come too late for it are dropped;
                without, each frame is analysed as soon as the last one is.
            seconds: End after so much of the source's time; None: at its end.
            halt: Ends the session when set.
            clock: Seconds.

        Raises:
            InputError: The source gives no whole picture, or the model needs depth and there is none.
        """
        self.source, self._stream, self._seconds, self.clock = source, stream, seconds, clock
        self.halt = halt or threading.Event()
        self.ending: Ending | Literal[""] = ""
        shots = iter(source)
        first = next(shots, None)
        if first is None:
            raise InputError(f"{source.name}: there are no frames in it")
        if first.image is None:
            raise InputError(f"{source.name}: the first frame is broken: {first.error}")
        self.first_shape = first.image.shape[:2]
        # a recording keeps its own times; a clock's zero means nothing
        self._begun_s = first.timestamp_s
        self._zero_s = 0.0 if source.can_wait else first.timestamp_s
        self._grabber = Grabber(
            chain([first], shots),
            can_wait=source.can_wait,
            paced=paced and source.can_wait,
            halt=self.halt,
            clock=clock,
        )

    def results(self) -> Generator[LiveResult]:
        """Analyse until the source's end, `seconds` have passed, or `halt` is set.

        Raises:
            InputError: The source broke off.
        """
        self._grabber.start()
        self.ending = "stopped"  # unless something else turns out
        slot = self._grabber.slot
        try:
            while not self.halt.is_set():
                grabbed = slot.take(_POLL_S)
                if grabbed is not None and self._is_past(grabbed):
                    self.ending = "time"
                    return
                if grabbed is not None:
                    yield self._answer(grabbed)
                elif slot.is_over:
                    break
            if not self.halt.is_set():
                self.ending = "end" if self._grabber.error is None else "lost"
        finally:
            self.close()
        if self.ending == "lost" and self._grabber.error is not None:
            raise self._grabber.error

    def pause(self, paused: bool) -> None:
        """Stand still, or go on."""
        self._grabber.pause(paused)

    @property
    def is_paused(self) -> bool:
        """Standing still."""
        return self._grabber.is_paused

    @property
    def n_dropped(self) -> int:
        """Frames that were replaced by newer ones before they could be analysed."""
        return self._grabber.slot.n_replaced

    def close(self) -> None:
        """End the session and let go of the source; may be called twice."""
        self.halt.set()
        self._grabber.slot.close()
        # a network that does not answer may hold the thread until its time limit: it is left to that
        if self._grabber.join(_PATIENCE_AT_END_S):
            self.source.close()

    def _is_past(self, grabbed: Grabbed) -> bool:
        return self._seconds is not None and grabbed.shot.timestamp_s - self._begun_s >= self._seconds

    def _answer(self, grabbed: Grabbed) -> LiveResult:
        shot, name = grabbed.shot, self.source.name
        time_s = round(shot.timestamp_s - self._zero_s, 6)
        error = shot.error
        if shot.image is not None:
            try:
                rows = self._stream.update(shot.image, grabbed.index, time_s, shot.depth)
                frame = Frame(name, shot.image, grabbed.index, time_s)
                return LiveResult(tuple(rows), frame, grabbed.at_s)
            except InputError as problem:
                error = str(problem)
        return LiveResult((FaceResult(name, grabbed.index, time_s, "error", error),), None, grabbed.at_s)
