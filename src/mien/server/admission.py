"""How many requests the server has in hand, and how many bytes of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mien.server.errors import busy
from mien.server.limits import Limits, in_words


@dataclass
class Place:
    """A request's place among those in hand.

    Attributes:
        admission: The door it came in by.
        n_bytes: Of its body so far.
    """

    admission: Admission
    n_bytes: int = 0

    def grow(self, n_bytes: int) -> None:
        """Count bytes that have arrived.

        Raises:
            ApiError: All bodies together are too large.
        """
        self.admission.n_bytes += n_bytes
        self.n_bytes += n_bytes
        if self.admission.n_bytes > self.admission.limits.waiting_bytes:
            limit = in_words(self.admission.limits.waiting_bytes)
            raise busy(f"the requests in hand hold more than {limit}; try again in a moment")


class Admission:
    """Counts requests from before their body is read until they are answered. For the event loop alone."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.n_requests = self.n_bytes = 0

    @contextmanager
    def enter(self) -> Iterator[Place]:
        """A place for one request.

        Raises:
            ApiError: There is none left.
        """
        if self.n_requests >= self.limits.queue:
            raise busy(f"{self.limits.queue} requests are in hand already; try again in a moment")
        self.n_requests += 1
        place = Place(self)
        try:
            yield place
        finally:
            self.n_requests -= 1
            self.n_bytes -= place.n_bytes
