from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from mien.runtime.live.run import Judge
from mien.runtime.live.session import LiveSession
from mien.runtime.live.source import Shot, SourceLostError
from mien.runtime.stream import FaceStream


class FakeSource:
    """Pictures from a list, at a pace; then an end, or a break."""

    def __init__(
        self,
        pictures: list[np.ndarray | None],
        *,
        can_wait: bool = False,
        breaks: bool = False,
        pause_s: float = 0.0,
        first_s: float = 0.0,
        on_shot: Callable[[int], object] = lambda i: None,
    ) -> None:
        self.name, self.can_wait, self.has_depth, self.rate_fps = "fake", can_wait, False, 25.0
        self.pictures, self.breaks, self.pause_s, self.first_s = pictures, breaks, pause_s, first_s
        self.on_shot = on_shot
        self.n_closed = 0

    def __iter__(self) -> Iterator[Shot]:
        for i, image in enumerate(self.pictures):
            time.sleep(self.pause_s)
            self.on_shot(i)
            yield Shot(image, self.first_s + i / 25, error="" if image is not None else "torn")
        if self.breaks:
            raise SourceLostError("fake is gone")

    def close(self) -> None:
        self.n_closed += 1


class Clock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def drain() -> Callable[..., tuple[list, str]]:
    """All that an iterable gives before it raises the error, and what that says."""

    def take(items, error: type[Exception], each: Callable[[], object] = lambda: None) -> tuple[list, str]:
        got: list = []
        try:
            for item in items:
                each()
                got.append(item)
        except error as raised:
            return got, str(raised)
        raise AssertionError(f"no {error.__name__} was raised")

    return take


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake_source() -> type[FakeSource]:
    return FakeSource


@pytest.fixture
def judge(predictor, detector) -> Judge:
    return Judge(predictor, detector)


@pytest.fixture
def session(predictor, detector) -> Callable[..., LiveSession]:
    """A session over a source, with the doubles."""

    def make(source, *, smooth_s: float = 0.0, **how) -> LiveSession:
        stream = FaceStream(
            predictor, detector, name=source.name, rate_fps=source.rate_fps, smooth_s=smooth_s
        )
        return LiveSession(source, stream, **how)

    return make
