"""A few detectors that many threads share: each serves one thread at a time."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mien.core.records import Face, ImageArray
from mien.faces.detector import Detector


class DetectorPool:
    """As many detectors as pictures may be worked on at once; borrowing one is a turn on a processor.

    It is a detector itself, for a stream, which keeps one for its whole life.

    Attributes:
        name: Registry name of the detectors.
        version: Theirs.
    """

    def __init__(self, make: Callable[[], Detector], n_detectors: int) -> None:
        self._free: queue.SimpleQueue[Detector] = queue.SimpleQueue()
        self.n_detectors = n_detectors
        for _ in range(n_detectors):
            detector = make()
            self._free.put(detector)
        self.name = detector.name
        self.version: str = getattr(detector, "version", "")

    @property
    def n_busy(self) -> int:
        """Detectors that are at work."""
        return self.n_detectors - self._free.qsize()

    @contextmanager
    def borrow(self) -> Iterator[Detector]:
        """Wait for a detector, have it for a while."""
        detector = self._free.get()
        try:
            yield detector
        finally:
            self._free.put(detector)

    def detect(self, image: ImageArray) -> list[Face]:
        """Find the faces of a picture; see `Detector.detect`."""
        with self.borrow() as detector:
            return detector.detect(image)
