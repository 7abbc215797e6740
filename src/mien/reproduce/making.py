"""An item made: each of its ways by its kind, then everything as one record. Knows no paper by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from mien.core.errors import MienError
from mien.core.registry import suggest
from mien.metrics.provenance import installed_versions
from mien.report.published import PublishedItem, load_published
from mien.report.reproduction import Reproduction
from mien.report.reproduction_text import write_reproduction
from mien.reproduce.data_items import count, picture
from mien.reproduce.explained_items import explained
from mien.reproduce.item import (
    Counted,
    Curves,
    Explained,
    Item,
    Matrices,
    Paper,
    Pictured,
    Printed,
    Shown,
    Trained,
)
from mien.reproduce.laying import Part, lay
from mien.reproduce.runs import Runner
from mien.reproduce.trained_items import curves, matrices, trained

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Maker = Callable[[Any, PublishedItem, Item, Runner], Part]

DPI = 120  # of the png, for the screen; the pdf is for print


def show(way: Shown, printed: PublishedItem, item: Item, runner: Runner) -> Part:
    """What needs no data."""
    made = way.make()
    return Part(list(made.tables), list(made.listings), figures=dict(made.figures))


def reprint(way: Printed, printed: PublishedItem, item: Item, runner: Runner) -> Part:
    """What others published, as printed."""
    return Part([lay(printed, {})])


MAKERS: dict[type, Maker] = {
    Trained: trained,
    Matrices: matrices,
    Curves: curves,
    Counted: count,
    Pictured: picture,
    Shown: show,
    Printed: reprint,
    Explained: explained,
}


def needs_data(item: Item) -> bool:
    """Whether it needs any data; if not, it is made at once."""
    return any(not isinstance(way, Shown | Printed) for way in item.ways)


def reproduce(
    paper: Paper, item: Item, runner: Runner, pictures: bool = True
) -> tuple[Reproduction, list[Path]]:
    """Make an item: train what is missing, measure, draw, and write it to ``<out>/<paper>/<item>/``.

    Args:
        paper: Whose item.
        item: Which.
        runner: Trains; knows the scale and the output folder.
        pictures: Whether to write figures that show faces of the data set.

    Returns:
        The record, and the files that were written.

    Raises:
        MienError: Nothing of it can be made here, a row that it does not have, or a training fails.
    """
    _check_rows(item, runner.scale.rows)
    runner.keep_epochs = sorted({e for w in item.ways if isinstance(w, Explained) for e in w.epochs})
    published = load_published(paper.name)
    printed = published.items[item.id]
    parts = [MAKERS[type(way)](way, printed, item, runner) for way in item.ways]
    missing = list(dict.fromkeys(line for part in parts for line in part.missing))
    figures = {name: figure for part in parts for name, figure in part.figures.items()}
    faces = {name: figure for part in parts for name, figure in part.faces.items()}
    if pictures:
        figures |= faces
    elif faces:
        missing.append("figures that show faces of the data set were not asked for")
    made = Reproduction(
        paper=paper.name,
        short=published.short,
        source=published.paper,
        item=item.id,
        title=printed.title,
        where=printed.where,
        scaled_down=tuple(dict.fromkeys(line for part in parts for line in part.told)),
        missing=tuple(missing),
        remarks=(printed.note,) if printed.note else (),
        tables=tuple(t for part in parts for t in part.tables),
        listings=tuple(x for part in parts for x in part.listings),
        matrices=tuple(m for part in parts for m in part.matrices),
        figures=tuple(f"{name}.png" for name in figures),
        runs=tuple(dict.fromkeys(run for part in parts for run in part.runs)),
        versions=installed_versions(),
        created=datetime.now(UTC).date(),
    )
    if not made.runs and not any((made.tables, made.listings, made.matrices, made.figures)):
        raise MienError(f"{paper.name} {item.id} cannot be made here: {'; '.join(missing)}")
    folder = runner.out / paper.name / item.id
    files = write_reproduction(made, folder)
    return made, [*files, *save_figures(figures, folder, made.scaled_down)]


def save_figures(figures: dict[str, Figure], folder: Path, scaled_down: Iterable[str]) -> list[Path]:
    """Write figures for the screen (png) and for print (pdf); what was scaled down stands below each.

    Raises:
        MienError: The folder cannot be written.
    """
    told = "; ".join(scaled_down)
    written = []
    for name, figure in figures.items():
        if told:
            width = max(40, int(figure.get_figwidth() * 15))
            figure.supxlabel(
                "\n".join(wrap(f"SCALED DOWN: {told}", width)), fontsize="x-small", color="#c93b12"
            )
        for ending, options in (("png", {"dpi": DPI}), ("pdf", {"metadata": {"CreationDate": None}})):
            path = folder / f"{name}.{ending}"
            try:
                figure.savefig(path, **options)
            except OSError as error:
                raise MienError(f"cannot write {path}: {error.strerror or error}") from error
            written.append(path)
    return written


def _check_rows(item: Item, rows: Iterable[str]) -> None:
    known = [row for way in item.ways if isinstance(way, Trained) for row in way.cells]
    for row in rows:
        if row not in known:
            hint = suggest(row, known) if known else "; it has no rows to choose from"
            raise MienError(f"{item.id} has no row {row!r}{hint}")
