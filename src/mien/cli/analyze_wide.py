"""``mien analyze --engine ray``: the terminal's side of an analysis on many processes or machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.cli.console import complain

if TYPE_CHECKING:
    from mien.runtime.analyze import AnalyzeOptions
    from mien.runtime.sink import Summary


def analyze_wide(
    options: AnalyzeOptions, workers: int | None, shard_size: int, address: str, quiet: bool
) -> Summary:
    """Run it with a bar of shards, and tell which shards failed.

    Args:
        options: As for one machine.
        workers: Shards at a time; None: all that fit.
        shard_size: Pictures in a shard.
        address: Of a cluster; empty: RAY_ADDRESS, else this machine.
        quiet: No bar.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from mien.runtime.wide import WideOptions, run_wide

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("starting Ray", total=None)

        def show(done: int, of: int, so_far: Summary) -> None:
            text = f"shards, {so_far.n_frames} frames, {so_far.n_faces} faces"
            bar.update(task, description=text, completed=done, total=of)

        summary, failed = run_wide(options, WideOptions(address, workers, shard_size), show)
    for first, why in failed.items():
        complain(f"the shard that begins with {first} failed: {why}; --resume tries it again")
    return summary
