"""Threads that do the work of requests; work that nobody waits for any more is dropped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from mien.server.errors import ApiError

T = TypeVar("T")


class Dropped(Exception):
    """The work was given up, as its client has gone or its time is over."""


class Crew:
    """A bounded number of threads: more than processors, as most wait for a detector or for the model.

    Args:
        n_threads: Pieces of work in progress at once.
        most_s: Seconds that a request's work may take.
    """

    def __init__(self, n_threads: int, most_s: float) -> None:
        self.threads = ThreadPoolExecutor(n_threads, thread_name_prefix="mien-work")
        self.most_s = most_s

    async def answer(self, request: Request, pieces: Sequence[Callable[[threading.Event], T]]) -> list[T]:
        """Do a request's work.

        Args:
            request: Its body has been read.
            pieces: Are given an event that is set once the work is not wanted any more.

        Returns:
            Of each piece, what it returned.

        Raises:
            ApiError: It took too long.
            ClientDisconnect: The client has gone.
        """
        loop, dropped = asyncio.get_running_loop(), threading.Event()
        work = asyncio.gather(*(loop.run_in_executor(self.threads, piece, dropped) for piece in pieces))
        watch = asyncio.ensure_future(_until_gone(request))
        try:
            await asyncio.wait({work, watch}, timeout=self.most_s, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            if watch.done():
                raise ClientDisconnect
            raise ApiError(
                504,
                "time_over",
                f"this took more than {self.most_s:g} s; send fewer pictures, or try again later",
            )
        finally:
            dropped.set()
            watch.cancel()
            if not work.done():
                work.add_done_callback(_look_away)
                work.cancel()

    async def one(self, request: Request, piece: Callable[[threading.Event], T]) -> T:
        """Do a request's work that is in one piece; see `answer`."""
        return (await self.answer(request, [piece]))[0]

    def close(self) -> None:
        """Wait for what is being done, and leave the rest."""
        self.threads.shutdown(wait=True, cancel_futures=True)


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _look_away(work: asyncio.Future[object]) -> None:
    """Fetch what nobody asks for any more, else it is complained about."""
    if not work.cancelled():
        work.exception()
