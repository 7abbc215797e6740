"""Published numbers laid out as a table that measured ones are put beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from mien.report.published import PublishedItem
from mien.report.reproduction import Cell, Effect, Line, Listing, Matrix, Measured, RunFacts, Table

Cells = Mapping[str, Mapping[str, Measured | None]]
"""Row -> column -> what was measured."""


@dataclass
class Part:
    """What one way of making an item gives.

    Attributes:
        tables: Numbers.
        listings: Words.
        matrices: Confusion matrices.
        figures: Name of the file without ending -> figure.
        faces: Figures that show faces of the data set, whose terms may not let them be passed on.
        runs: Behind the numbers.
        missing: What could not be made, and why.
        told: What was scaled down.
    """

    tables: list[Table] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    matrices: list[Matrix] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    faces: dict[str, Figure] = field(default_factory=dict)
    runs: list[RunFacts] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def lay(
    printed: PublishedItem,
    cells: Cells,
    title: str = "",
    against: str = "",
    effects: Mapping[str, Effect] | None = None,
    unmeasured: str = "",
) -> Table:
    """A table with every published row and column, and those that only were measured.

    Args:
        printed: What the paper prints; may be without numbers.
        cells: What was measured.
        title: Of the table; that of the published item when left out.
        against: The row that the others are compared with.
        effects: Of that row over each other one.
        unmeasured: What stands where a figure was to be measured and was not.
    """
    extra = [name for row in cells.values() for name in row if name not in printed.columns]
    columns = (*printed.columns, *dict.fromkeys(extra))
    lines = []
    for name in dict.fromkeys((*printed.rows, *cells)):
        own = dict(zip(printed.columns, printed.rows.get(name, ()), strict=False))
        lines.append(
            Line(
                name=name,
                cells=tuple(
                    Cell(published=own.get(column), measured=cells.get(name, {}).get(column))
                    for column in columns
                ),
                effect=(effects or {}).get(name),
            )
        )
    for name, row in printed.others.items():
        filled = (*row, *(None for _ in extra))[: len(columns)]
        lines.append(Line(name=name, ours=False, cells=tuple(Cell(published=value) for value in filled)))
    return Table(
        title=title or printed.title,
        unit=printed.unit,
        decimals=printed.decimals,
        columns=columns,
        lines=tuple(lines),
        against=against,
        unmeasured=unmeasured,
    )


def exact(rows: Mapping[str, Mapping[str, float | None]]) -> Cells:
    """Numbers that are counted or computed, and so have no interval."""
    return {
        name: {column: None if v is None else Measured(value=v) for column, v in row.items()}
        for name, row in rows.items()
    }


def numbered(columns: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    """One row of `exact`."""
    return dict(zip(columns, map(float, values), strict=True))
