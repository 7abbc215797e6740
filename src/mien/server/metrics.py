"""What the server counts, in the words of Prometheus."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("mien.server")

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 1, 2, 5, 10, 30)
_CROPS = (1, 2, 4, 8, 16, 32, 64)
_GONE = "499"


class Metrics:
    """One server's counters.

    Attributes:
        registry: All of them.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter("mien_requests", "Requests answered", ("route", "status"), registry=registry)
        self.seconds = Histogram(
            "mien_request_seconds", "Time to answer", ("route",), buckets=_SECONDS, registry=registry
        )
        self.batches = Histogram(
            "mien_batch_crops", "Faces that the model judged together", buckets=_CROPS, registry=registry
        )
        self.faces = Counter("mien_faces", "Faces found in pictures and frames", registry=registry)
        self.frames = Counter("mien_stream_frames", "Frames of streams", ("outcome",), registry=registry)
        self.streams = Gauge("mien_streams", "Streams that are open", registry=registry)
        ProcessCollector(registry=registry)

    def watch_queue(self, depth: Callable[[], int]) -> None:
        """Show the requests in hand."""
        Gauge("mien_queue_depth", "Requests in hand", registry=self.registry).set_function(depth)

    def watch_jobs(self, count: Callable[[], Mapping[str, int]]) -> None:
        """Show the jobs by status."""
        self.registry.register(_Jobs(count))


class _Jobs:
    """Jobs by status, counted when they are asked for."""

    def __init__(self, count: Callable[[], Mapping[str, int]]) -> None:
        self._count = count

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauge."""
        gauge = GaugeMetricFamily("mien_jobs", "Video jobs", labels=("status",))
        for status, number in self._count().items():
            gauge.add_metric([status], number)
        yield gauge


class Counting:
    """Counts and times every request, by its route and never by its address; a line of log if asked for."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, started = _GONE, time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            seconds, route = time.perf_counter() - started, route_of(scope)
            self.metrics.requests.labels(route, status).inc()
            self.metrics.seconds.labels(route).observe(seconds)
            logger.info("%s %s %s %.0f ms", scope["method"], route, status, 1000 * seconds)


def route_of(scope: Scope) -> str:
    """The pattern of a request's address, without any name or number in it."""
    path = getattr(scope.get("route"), "path", None)
    if path:
        return str(path)
    return "/static" if scope["path"].startswith("/static/") else "other"
