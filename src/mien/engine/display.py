"""A training run as a person sees it: a live bar on a terminal, one line an epoch when piped."""

from __future__ import annotations

import sys
from collections.abc import Iterator
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

from mien.engine.fit import Listener
from mien.engine.loop import TrainState


def epoch_line(row: dict[str, float], best: bool) -> str:
    """One epoch in words."""
    mark = "  *" if best else ""
    return (
        f"epoch {row['epoch']:>3.0f}  loss {row['train_loss']:.4f}  train {row['train_accuracy']:.2%}  "
        f"val loss {row['val_loss']:.4f}  val {row['val_accuracy']:.2%}  UAR {row['val_uar']:.2%}  "
        f"{row['seconds']:.0f} s{mark}"
    )


@contextmanager
def live_display(console: Console | None = None) -> Iterator[Listener]:
    """A Listener that shows the run; lines of finished epochs stay, the current one has a bar.

    The star marks the epochs that were the best so far.
    """
    console = console or Console(file=sys.stderr)
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("starting", total=None, loss=float("nan"))

        def start(state: TrainState, n: int, epochs: int) -> None:
            progress.update(task, total=n, description=f"epoch {state.epoch + 1}/{epochs}")
            if state.epoch:
                console.print(f"resuming after epoch {state.epoch}", highlight=False)

        def step(n: int, loss: float) -> None:
            progress.update(task, advance=n, loss=loss)

        def epoch(state: TrainState) -> None:
            line = epoch_line(state.history[-1], state.best_epoch == state.epoch)
            console.print(line, highlight=False, soft_wrap=True)
            progress.reset(task, description=f"epoch {state.epoch + 1}", loss=float("nan"))

        yield Listener(start, step, epoch)
