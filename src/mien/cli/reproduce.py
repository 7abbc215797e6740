"""``mien reproduce``: any table or figure of the five papers, published beside measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.report.reproduction import Reproduction
    from mien.reproduce.item import Item, Paper
    from mien.reproduce.scale import Scale

OUT = Path("reproduced")


def reproduce(
    paper: Annotated[
        str | None, typer.Argument(help="arm, fdrl, emma, rgbd_fusion or mff_cnn; all when left out.")
    ] = None,
    item: Annotated[
        str | None,
        typer.Argument(help="Such as table2 or figure3_10 (T2, F3.10); the paper's list when left out."),
    ] = None,
    data_root: Annotated[
        list[str] | None,
        typer.Option(help="Folder of the data set; NAME=DIR, repeated, where an item needs several."),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Where items and their runs go; runs are shared by all items.")
    ] = OUT,
    budget: Annotated[
        str, typer.Option(help="full: as published. small: smaller recipes that two cores train.")
    ] = "full",
    data: Annotated[str, typer.Option(help="A data set that stands in for the paper's, e.g. fer2013.")] = "",
    epochs: Annotated[int | None, typer.Option(min=1, help="Of each training.")] = None,
    rows: Annotated[str, typer.Option(help="Rows to train, with commas; all when left out.")] = "",
    seeds: Annotated[str, typer.Option(help="Training seeds, with commas.")] = "0",
    folds_only: Annotated[str, typer.Option(help="Run only these folds, with commas, counted from 0.")] = "",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Change one key of every recipe. Repeatable.")
    ] = None,
    pictures: Annotated[
        bool,
        typer.Option(help="Draw figures that show faces of the data set; its terms may keep them private."),
    ] = True,
) -> None:
    """Make a table or figure of a paper anew: the published numbers beside your own, with intervals.

    Without an item it lists them: what each needs and whether it ran here. With one it trains what is
    missing, goes on where it was stopped, and writes markdown, csv, LaTeX, json and figures. Items that
    need no data run at once. Whatever is scaled down (--budget, --data, --epochs, --folds-only, --set) is
    said on every file.

    Example: mien reproduce arm table2 --data-root ~/fer2013 --budget small --seeds 0,1,2
    """
    from mien.cli.console import show_table
    from mien.reproduce.listing import COLUMNS, entries
    from mien.reproduce.papers import PAPERS, find_item, find_paper

    if item is None or paper is None:
        chosen = PAPERS.values() if paper is None else [find_paper(paper)]
        show_table(COLUMNS, [entry.cells() for one in chosen for entry in entries(one, out)])
        return
    of = find_paper(paper)
    scale = _scale(budget, data, epochs, rows, seeds, folds_only, set_ or [])
    _make(of, find_item(of, item), scale, data_root or [], out, pictures)


def _make(paper: Paper, item: Item, scale: Scale, words: list[str], out: Path, pictures: bool) -> None:
    from mien.cli.console import progress_bar, say
    from mien.engine.display import live_display, live_folds
    from mien.reproduce.making import needs_data, reproduce
    from mien.reproduce.roots import parse_roots
    from mien.reproduce.runs import Ears, Runner

    runner = Runner(paper, scale, parse_roots(words, _sets(paper, item, scale)), out)
    if not needs_data(item):
        made, files = reproduce(paper, item, runner, pictures)
    else:
        n_folds = len(scale.folds) or None
        with progress_bar("reading pictures") as tick, live_display() as one, live_folds(n_folds) as folds:
            runner.ears = Ears(
                lambda recipe, row, seed: say(f"{recipe}: {row}, seed {seed}"), one, folds, tick
            )
            made, files = reproduce(paper, item, runner, pictures)
    _show(made)
    for path in files:
        say(f"written: {path}")


def _sets(paper: Paper, item: Item, scale: Scale) -> list[str]:
    """The sets that an item needs at a scale."""
    from mien.reproduce.scale import scaled

    found = [scaled(paper, name, scale) for name in item.recipes]
    return list(dict.fromkeys(one.set_name for one in found if one is not None))


def _scale(
    budget: str, data: str, epochs: int | None, rows: str, seeds: str, folds: str, changes: list[str]
) -> Scale:
    from mien.core.errors import MienError
    from mien.reproduce.scale import Scale

    if budget not in ("full", "small"):
        raise MienError(f"--budget is full or small, not {budget!r}")
    wanted = tuple(row.strip() for row in rows.split(",") if row.strip())
    given = _numbers(seeds, "--seeds")
    if not given:
        raise MienError("--seeds: give at least one, for example 0,1,2")
    return Scale(
        "small" if budget == "small" else "full",
        data,
        epochs,
        wanted,
        given,
        _numbers(folds, "--folds-only"),
        tuple(changes),
    )


def _numbers(text: str, option: str) -> tuple[int, ...]:
    """Whole numbers with commas, each once."""
    from mien.core.errors import MienError

    try:
        return tuple(dict.fromkeys(int(part) for part in text.split(",") if part.strip()))
    except ValueError as error:
        raise MienError(f"{option} {text}: expected whole numbers with commas, for example 0,1,2") from error


def _show(made: Reproduction) -> None:
    """The tables, and what a reader must know before believing them."""
    from mien.cli.console import say, show_table
    from mien.report.reproduction_text import table_rows

    say(f"{made.short}, {made.where}: {made.title}")
    for table in made.tables:
        show_table(*table_rows(table), title=table.title)
    for listing in made.listings:
        show_table(listing.columns, listing.rows, title=listing.title)
    for matrix in made.matrices:
        said = "not run" if matrix.accuracy is None else f"accuracy {matrix.accuracy.value:.2f} %"
        say(f"{matrix.title}: {said}")
    for line in made.scaled_down:
        say(f"scaled down: {line}")
    for line in made.missing:
        say(f"missing: {line}")
