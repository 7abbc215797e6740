"""A training run as a person sees it: a live bar on a terminal, one line an epoch when piped."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
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

from mien.engine.crossval import FoldListener
from mien.engine.fit import Listener
from mien.engine.loop import TrainState
from mien.metrics.folds import FoldFigures


def epoch_line(row: dict[str, float], best: bool) -> str:
    """One epoch in words."""
    mark = "  *" if best else ""
    return (
        f"epoch {row['epoch']:>3.0f}  loss {row['train_loss']:.4f}  train {row['train_accuracy']:.2%}  "
        f"val loss {row['val_loss']:.4f}  val {row['val_accuracy']:.2%}  UAR {row['val_uar']:.2%}  "
        f"{row['seconds']:.0f} s{mark}"
    )


def _bar(console: Console) -> Progress:
    """A bar of samples with their loss; nothing where there is no terminal."""
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, disable=not console.is_terminal)


@contextmanager
def live_display(console: Console | None = None) -> Iterator[Listener]:
    """A Listener that shows the run; lines of finished epochs stay, the current one has a bar.

    The star marks the epochs that were the best so far.
    """
    first = os.environ.get("RANK", "0") == "0"  # of several processes, one shows it
    console = console or Console(file=sys.stderr, quiet=not first)
    with _bar(console) as progress:
        yield _run_listener(progress, console)


def _run_listener(progress: Progress, console: Console, about: Callable[[], str] = str) -> Listener:
    """Shows one run after the other on a bar of their own.

    Args:
        progress: Gets the bar.
        console: Gets the lines.
        about: What stands before every line, for example the fold.
    """
    task = progress.add_task("starting", total=None, note="")

    def start(state: TrainState, n: int, epochs: int) -> None:
        progress.reset(task, total=n, description=f"epoch {state.epoch + 1}/{epochs}", note="")
        if state.epoch:
            console.print(f"{about()}resuming after epoch {state.epoch}", highlight=False)

    def step(n: int, loss: float) -> None:
        progress.update(task, advance=n, note=f"loss {loss:.3f}")

    def epoch(state: TrainState) -> None:
        line = epoch_line(state.history[-1], state.best_epoch == state.epoch)
        console.print(about() + line, highlight=False, soft_wrap=True)
        progress.reset(task, description=f"epoch {state.epoch + 1}", note="")

    return Listener(start, step, epoch)


@contextmanager
def live_folds(n_folds: int | None, console: Console | None = None) -> Iterator[FoldListener]:
    """A FoldListener that shows a cross-validation: a bar of folds above the bar of the epoch.

    Args:
        n_folds: How many will be run; None where that is not known yet.
        console: Where to; stderr when left out.
    """
    console = console or Console(file=sys.stderr)
    number = 0

    def fold(n: int, name: str) -> None:
        nonlocal number
        number = n
        console.print(f"fold {n:02d}: {name}", highlight=False)

    def line(n: int, said: str) -> None:
        console.print(f"fold {n:02d}  {said}", highlight=False, soft_wrap=True)

    def done(n: int, figures: FoldFigures) -> None:
        progress.advance(folds)
        told = f"accuracy {figures.accuracy:.2%}  UAR {figures.uar:.2%}  on {figures.n} test samples"
        line(n, f"{told}  {figures.minutes:.1f} min")

    with _bar(console) as progress:
        folds = progress.add_task("folds", total=n_folds, note="")
        run = _run_listener(progress, console, lambda: f"fold {number:02d}  ")
        yield FoldListener(fold, run, line, done)
