"""A camera or stream that goes away is tried again for a while, with growing pauses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from mien.core.errors import InputError
from mien.runtime.live.source import LiveSource, Shot, SourceLostError

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 5.0


class Reconnecting:
    """A source that comes back."""

    def __init__(
        self,
        source: LiveSource,
        open_again: Callable[[], LiveSource],
        patience_s: float,
        *,
        wait: Callable[[float], bool],
        say: Callable[[str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wrap an open source.

        Args:
            source: The source.
            open_again: Opens it anew; raises InputError when it is not there.
            patience_s: How long it is tried for.
            wait: Sleeps for seconds; returns True when the run is to end.
            say: Told in one line what is going on, and "" when all is well again.
            clock: Seconds.
        """
        self._source, self._open_again, self._patience_s = source, open_again, patience_s
        self._wait, self._say, self._clock = wait, say, clock
        self.name, self.can_wait = source.name, source.can_wait
        self.has_depth, self.rate_fps = source.has_depth, source.rate_fps

    def __iter__(self) -> Iterator[Shot]:
        """Frames, also after a break; raises SourceLostError when patience is over."""
        while True:
            try:
                for shot in self._source:
                    self._say("")
                    yield shot
                return
            except SourceLostError as error:
                if self.can_wait or not self._come_back(error):
                    raise

    def close(self) -> None:
        """Close what is open."""
        self._source.close()

    def _come_back(self, lost: SourceLostError) -> bool:
        """Open the source again; False when patience is over or the run is to end."""
        self._source.close()
        until, pause = self._clock() + self._patience_s, _FIRST_PAUSE_S
        while (left := until - self._clock()) > 0:
            self._say(f"trying again for {left:.0f} s: {lost}")
            if self._wait(min(pause, left)):
                return False
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            try:
                self._source = self._open_again()
            except InputError:
                continue
            return True
        return False
