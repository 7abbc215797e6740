"""Ctrl-C and `kill` end a run at the next frame instead of in the middle of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_on_signals(stop: threading.Event) -> Iterator[None]:
    """While the block runs, the first SIGINT or SIGTERM sets `stop`; a second one acts as it does elsewhere.

    Does nothing outside the main thread, where Python takes no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}

    def set_stop(number: int, _: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for name in before:
        signal.signal(name, set_stop)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
