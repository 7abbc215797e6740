"""A name-to-thing table that refuses duplicates and lists what it knows when a name is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from mien.core.errors import MienError

T = TypeVar("T")


class Registry(Generic[T]):
    """Names and the things behind them, in the order of registration."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator: put a thing under a name.

        Raises:
            MienError: The name is taken.
        """

        def put(entry: T) -> T:
            if name in self._entries:
                raise MienError(f"a {self.kind} named {name!r} is registered already")
            self._entries[name] = entry
            return entry

        return put

    def __getitem__(self, name: str) -> T:
        if name not in self._entries:
            raise MienError(f"unknown {self.kind} {name!r}{suggest(name, list(self._entries))}")
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def items(self) -> list[tuple[str, T]]:
        """All (name, entry) pairs."""
        return list(self._entries.items())


def suggest(name: str, known: list[str]) -> str:
    """The tail of an error line: the nearest known name, and the list of all."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{hint} (known: {', '.join(known)})"
