"""Work on a long stream of items with a few threads: results in order, little of it in memory at once."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from mien.faces.opencv_threads import single_threaded_opencv

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHUNK = 16  # items a thread takes at once: handing them over one by one costs 50 us each
_CHUNKS_AHEAD = 4  # chunks a thread has before it, so that it never waits


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def mapped_chunks(
    work: Callable[[list[Item]], list[Result]], items: Iterable[Item], n_threads: int | None = None
) -> Iterator[Result]:
    """The results of `work` for every item, in the order of the items.

    Decoding, hashing and looking for faces let other threads run meanwhile, so threads are as fast as
    processes here and start at once.

    Args:
        work: From some neighbouring items to as many results.
        items: Any number of them.
        n_threads: None takes one a processor.

    Yields:
        One result for each item; an error of `work` is raised in its place.
    """
    n_threads = n_threads or processors()
    source = iter(items)
    chunks = iter(lambda: list(itertools.islice(source, _CHUNK)), [])
    waiting: deque[Future[list[Result]]] = deque()
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="mien-prepare")
    try:
        with single_threaded_opencv():
            for chunk in chunks:
                waiting.append(pool.submit(work, chunk))
                if len(waiting) >= n_threads * _CHUNKS_AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
