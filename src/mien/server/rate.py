"""How often a client may ask: a token bucket for each."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable

_MOST_CLIENTS = 10_000


class RateLimiter:
    """Buckets that hold `burst` requests and fill at `per_s`. For one thread."""

    def __init__(
        self, per_s: float, burst: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with full buckets.

        Args:
            per_s: Requests a second; 0: no limit.
            burst: Requests at once; None takes twice `per_s`, at least 1.
            clock: Seconds.
        """
        self.per_s = per_s
        self.burst = max(1.0, 2 * per_s) if burst is None else burst
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, client: str) -> float:
        """Take one request of a client; 0 where it may be made, else the seconds after which it may."""
        if not self.per_s:
            return 0.0
        now = self._clock()
        left, since = self._buckets.get(client, (self.burst, now))
        left = min(self.burst, left + (now - since) * self.per_s)
        if left < 1:
            self._buckets[client] = (left, now)
            return (1 - left) / self.per_s
        self._buckets[client] = (left - 1, now)
        if len(self._buckets) > _MOST_CLIENTS:
            self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        """Drop full buckets: a client without one has a full one; else those that were idle longest."""
        full = {
            key
            for key, (left, since) in self._buckets.items()
            if left + (now - since) * self.per_s >= self.burst
        }
        excess = len(self._buckets) - len(full) - _MOST_CLIENTS // 2
        oldest = sorted(self._buckets.keys() - full, key=lambda key: self._buckets[key][1])
        for key in (*full, *oldest[: max(0, excess)]):
            del self._buckets[key]


def client_key(address: str) -> str:
    """Who counts as one client: an IPv4 address, or the /64 network that one IPv6 client has for itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
