"""The grabbing thread: the newest frame is kept, what nobody took in time is dropped and counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from mien.runtime.live.source import Shot

T = TypeVar("T")
_POLL_S = 0.1


class Slot(Generic[T]):
    """Room for one thing between two threads."""

    def __init__(self) -> None:
        self.n_replaced = 0
        self._item: T | None = None
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: T) -> None:
        """Put the newest in; what still lay there is lost and counted."""
        with self._changed:
            self.n_replaced += self._item is not None
            self._item = item
            self._changed.notify_all()

    def put_when_free(self, item: T) -> None:
        """Wait until there is room, then put it in; once closed, let it go."""
        with self._changed:
            while self._item is not None and not self._closed:
                self._changed.wait(_POLL_S)
            if not self._closed:
                self._item = item
                self._changed.notify_all()

    def take(self, timeout_s: float) -> T | None:
        """Take it out; None when nothing came in time, or ever will."""
        with self._changed:
            if self._item is None and not self._closed:
                self._changed.wait(timeout_s)
            item, self._item = self._item, None
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Nothing more will come; what lies there may still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Closed, and empty."""
        with self._changed:
            return self._closed and self._item is None


class Pacer:
    """When a recording's frames are due, so that it runs at its own speed."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._zero_s: float | None = None

    def delay_s(self, timestamp_s: float) -> float:
        """Seconds until a frame is due; 0 when it is due or late. The first one is due at once."""
        if self._zero_s is None:
            self._zero_s = self._clock() - timestamp_s
        return max(0.0, self._zero_s + timestamp_s - self._clock())

    def put_off(self, seconds: float) -> None:
        """All that is to come is due later, by the length of a pause."""
        if self._zero_s is not None:
            self._zero_s += seconds


@dataclass(frozen=True, eq=False)
class Grabbed:
    """A frame of the source.

    Attributes:
        shot: It.
        index: Its number among the source's frames, dropped ones counted.
        at_s: When it was there, by the run's clock.
    """

    shot: Shot
    index: int
    at_s: float


class Grabber:
    """Reads a source in a thread of its own.

    Attributes:
        slot: Where the frames lie.
        error: What ended the source, where it did not come to its end.
        halt: Set, it ends the thread.
    """

    def __init__(
        self,
        shots: Iterable[Shot],
        *,
        can_wait: bool,
        paced: bool,
        halt: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            shots: The source's frames.
            can_wait: They come when asked for: a pause stops them, and without pacing none is dropped.
            paced: Hold a recording to its own speed.
            halt: Ends the thread.
            clock: Seconds.
        """
        self.slot: Slot[Grabbed] = Slot()
        self.error: BaseException | None = None
        self.halt = halt
        self._shots, self._can_wait, self._paced, self._clock = shots, can_wait, paced, clock
        self._going = threading.Event()
        self._going.set()
        self._thread = threading.Thread(target=self._run, name="mien-grab", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def pause(self, paused: bool) -> None:
        """Stop and go: a recording stands still; a camera's frames are let go meanwhile, not counted."""
        self._going.clear() if paused else self._going.set()

    @property
    def is_paused(self) -> bool:
        """Standing still."""
        return not self._going.is_set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end; False when a camera or network keeps it."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pacer = Pacer(self._clock) if self._paced else None
        try:
            for index, shot in enumerate(self._shots):
                if self._can_wait:
                    self._stand_still(pacer)
                    if pacer is not None:
                        self._wait_until_due(pacer, shot.timestamp_s)
                if self.halt.is_set():
                    break
                if not self._can_wait and self.is_paused:
                    continue
                grabbed = Grabbed(shot, index, self._clock())
                if self._can_wait and pacer is None:
                    self.slot.put_when_free(grabbed)
                else:
                    self.slot.put(grabbed)
        except BaseException as error:  # told in the thread that takes the frames
            self.error = error
        finally:
            self.slot.close()

    def _stand_still(self, pacer: Pacer | None) -> None:
        begun = self._clock()
        while self.is_paused and not self.halt.is_set():
            self._going.wait(_POLL_S)
        if pacer is not None:
            pacer.put_off(self._clock() - begun)

    def _wait_until_due(self, pacer: Pacer, timestamp_s: float) -> None:
        while (delay := pacer.delay_s(timestamp_s)) > 0 and not self.halt.wait(min(delay, _POLL_S)):
            self._stand_still(pacer)
