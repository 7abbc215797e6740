"""How every verb talks: tables on a terminal, plain lines when piped, bars on stderr, errors as one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from mien.core.errors import MienError

EXIT_WRONG_USAGE = 2
EXIT_SOME_INPUTS_FAILED = 3


def say(text: str) -> None:
    """One line on stdout, without colours or wrapping."""
    print(text)


def complain(text: str) -> None:
    """One line on stderr."""
    print(f"mien: {' '.join(text.split())}", file=sys.stderr)


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """A table on a terminal; when piped, one row a line with tabs between the cells."""
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            print("\t".join(row))
        return
    table = Table(*columns, title=title or None, title_justify="left")
    for row in cells:
        table.add_row(*row)
    Console().print(table)


@contextmanager
def progress_bar(description: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """A counting bar on stderr while the block runs; yields the function that counts one.

    Args:
        description: What is counted.
        total: How many there are, where that is known; the bar then tells the time that is left, too.
    """
    console = Console(stderr=True)
    left = () if total is None else (TimeRemainingColumn(),)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        *left,
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(description, total=total)
        yield lambda: progress.advance(task)


@contextmanager
def progress_stages() -> Iterator[Callable[[str, int | None], Callable[[], None]]]:
    """A bar on stderr for work of several stages, one after the other.

    Yields:
        (what is done, how many of it or None) -> the function that counts one of it; it replaces the stage
        before. A stage whose number is not known moves all the same.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[counted]}"))
    with Progress(
        *columns, TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as progress:

        def stage(description: str, total: int | None) -> Callable[[], None]:
            for before in progress.task_ids:
                progress.remove_task(before)
            task = progress.add_task(description, total=total, counted="")
            done = 0

            def tick() -> None:
                nonlocal done
                done += 1
                if task in progress.task_ids:
                    progress.update(task, advance=1, counted=f"{done}/{total}" if total else f"{done}")

            return tick

        yield stage


def parse_map(text: str | None) -> dict[str, str]:
    """``a=b,c=d`` as a mapping.

    Raises:
        MienError: A part has no ``=``, or nothing on one side of it, or names what was named before.
    """
    found: dict[str, str] = {}
    for part in (text or "").split(","):
        if not part.strip():
            continue
        old, equals, new = (piece.strip() for piece in part.partition("="))
        if not (old and equals and new) or old in found:
            raise MienError(f"--labels {text}: expected old=new,old=new with each old name once")
        found[old] = new
    return found
