"""``mien data merge``: several data sets as one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.data.merge import Merged

N_REASONS = 8


def merge(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="[ORIGIN:]NAME=FOLDER...",
            help="Data sets and their folders. The origin (the name if not given) stands before each id.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="The table to write, a .csv.")],
    labels: Annotated[
        str, typer.Option(help="basic6, basic7, basic8, compound11, or labels with commas between.")
    ] = "basic7",
    test_fraction: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Deal all samples anew into train and test, each person to one of them.",
            show_default="the splits of the sets",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of that deal.")] = 0,
    skip_unreadable: Annotated[
        bool, typer.Option("--skip-unreadable", help="Leave out pictures that cannot be read.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the table if it is there.")] = False,
) -> None:
    """Join data sets into one label space, as a table for the data set csv.

    Pictures stay where they are. Labels that the merged set lacks are dropped and counted; single action
    units of Bosphorus become emotions as in the RGB-D thesis. Train on it with data.name: csv and
    --data-root MERGED.csv.

    Example: mien data merge bu3dfe=~/BU-3DFE cald3r=~/CalD3r bosphorus=~/Bosphorus --labels basic7
    --test-fraction 0.2 --out merged.csv
    """
    from mien.cli.console import progress_bar
    from mien.data.datasets import load_dataset
    from mien.data.merge import Source, target_space
    from mien.data.merge import merge as merge_data

    space = target_space(labels)
    named = [_parsed(text) for text in sources]
    sets = [Source(origin, load_dataset(name, folder)) for origin, name, folder in named]
    with progress_bar("reading pictures") as tick:
        merged = merge_data(
            sets,
            space,
            out,
            force=force,
            skip_unreadable=skip_unreadable,
            test_fraction=test_fraction,
            seed=seed,
            on_sample=tick,
        )
    _show(merged)


def _parsed(text: str) -> tuple[str, str, Path]:
    """Origin, name and folder of ``[ORIGIN:]NAME=FOLDER``."""
    from mien.core.errors import MienError

    left, sign, folder = text.partition("=")
    origin, _, name = left.rpartition(":")
    if not sign or not name or not folder:
        raise MienError(f"{text!r}: expected NAME=FOLDER, such as bu3dfe=BU-3DFE, or ORIGIN:NAME=FOLDER")
    return origin or name, name, Path(folder).expanduser()


def _show(merged: Merged) -> None:
    from mien.cli.console import say, show_table

    names = merged.labels.names
    rows: list[list[object]] = [
        [origin, *(share.kept[name] for name in names), share.kept.total(), share.dropped.total()]
        for origin, share in merged.shares.items()
    ]
    if len(rows) > 1:
        rows.append(["all", *(sum(int(str(row[k])) for row in rows) for k in range(1, len(rows[0])))])
    show_table(["origin", *names, "kept", "dropped"], rows)
    for origin, share in merged.shares.items():
        why = [f"{n:,} {reason}" for reason, n in share.dropped.most_common() if n]
        if why:
            more = f" and {len(why) - N_REASONS} other reasons" if len(why) > N_REASONS else ""
            say(f"{origin}: dropped {', '.join(why[:N_REASONS])}{more}")
        if share.from_units:
            say(f"{origin}: {share.from_units:,} labels come from action units")
    say("splits: " + ", ".join(f"{n:,} in {split}" for split, n in merged.splits.items()))
    for note in merged.notes:
        say(f"note: {note}")
    say(f"written: {merged.out}")
