"""Frames on their way: those that are looked at together, and how many of them may wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mien.runtime.look import Seen, one_line
from mien.runtime.resume import ResumePoint
from mien.runtime.sources import Input, LocatedFrame, locate_frames
from mien.runtime.stage_times import StageTimes

MAX_WAITING_FRAMES = 48
_MAX_WAITING_BYTES = 192 * 2**20
_UNIT_FRAMES = 8
_MAX_UNIT_BYTES = 64 * 2**20


@dataclass(frozen=True, eq=False)
class Unit:
    """Consecutive frames of an input, looked at together, or an input's error.

    Attributes:
        position: Number of the input among the inputs.
        item: The input.
        frames: A picture, or up to `_UNIT_FRAMES` frames of a video.
        n_known: The first of them that stand in a resumed table: only looked at, for those behind them.
        error: What is wrong with the input; then there are no frames.
    """

    position: int
    item: Input
    frames: tuple[LocatedFrame, ...] = ()
    n_known: int = 0
    error: str = ""

    @property
    def n_bytes(self) -> int:
        """Memory of the frames."""
        return sum(frame.n_bytes for frame in self.frames)

    def jobs(self, seen: Sequence[Seen]) -> Iterator[tuple[Job, Seen]]:
        """Its frames that are wanted, each with what was seen."""
        if not self.frames:
            yield Job(self.position, self.item, error=self.error), Seen(None)
        for located, of_frame in list(zip(self.frames, seen, strict=True))[self.n_known :]:
            yield Job(self.position, self.item, located), of_frame


@dataclass(frozen=True, eq=False)
class Job:
    """A frame on its way, or an input's error."""

    position: int
    item: Input
    located: LocatedFrame | None = None
    error: str = ""

    @property
    def input(self) -> str:
        """The input's name."""
        return self.item.name


class Room:
    """Bounds what is decoded but not yet taken: by number and by bytes; one unit of any size always fits."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._n_frames = self._n_bytes = 0

    def take(self, unit: Unit, stop: threading.Event) -> None:
        """Wait until a unit fits, or until `stop` is set."""
        with self._changed:
            while (
                not stop.is_set()
                and self._n_frames
                and (
                    self._n_frames + len(unit.frames) > MAX_WAITING_FRAMES
                    or self._n_bytes + unit.n_bytes > _MAX_WAITING_BYTES
                )
            ):
                self._changed.wait(0.1)
            self._n_frames += len(unit.frames)
            self._n_bytes += unit.n_bytes

    def give_back(self, unit: Unit) -> None:
        """Make room again."""
        with self._changed:
            self._n_frames -= len(unit.frames)
            self._n_bytes -= unit.n_bytes
            self._changed.notify()


def units_of(
    inputs: Sequence[Input], start: ResumePoint, *, every: int, decoder_threads: int, times: StageTimes
) -> Iterator[Unit]:
    """The frames of all inputs, and an error where an input cannot be read, or not to its end.

    Args:
        inputs: In their order.
        start: Where an earlier run stopped.
        every: Each n-th frame of a video.
        decoder_threads: Of a video.
        times: Where the time of decoding is added.
    """
    step = every * _UNIT_FRAMES
    for position, item in enumerate(inputs):
        next_frame = start.next_frame if item.name == start.current else 0
        first_frame = next_frame // step * step  # a unit is looked at from its beginning
        frames = locate_frames(item, every=every, first_frame=first_frame, threads=decoder_threads)
        unit: list[LocatedFrame] = []
        error = ""
        try:
            while True:
                with times.measure("decode"):
                    located = next(frames, None)
                if located is None:
                    break
                unit.append(located)
                if len(unit) == _unit_frames(located):
                    yield from _wanted(Unit(position, item, tuple(unit)), next_frame)
                    unit = []
        except Exception as problem:
            error = one_line(problem)
        yield from _wanted(Unit(position, item, tuple(unit)), next_frame)
        if error:
            yield Unit(position, item, error=error)


def _unit_frames(located: LocatedFrame) -> int:
    """How many frames like this one are looked at together: less of large ones, a power of 2."""
    if located.video is None:
        return 1
    n = _UNIT_FRAMES
    while n > 1 and n * located.n_bytes > _MAX_UNIT_BYTES:
        n //= 2
    return n


def _wanted(unit: Unit, next_frame: int) -> Iterator[Unit]:
    """A unit, unless all of it stands in the table already."""
    n_known = sum(frame.index < next_frame for frame in unit.frames)
    if n_known < len(unit.frames):
        yield replace(unit, n_known=n_known)
