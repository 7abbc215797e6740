"""What the five papers print: every table, confusion matrix and curve, one file each.

The numbers are facts and stand as printed, misprints included; `note` says where one is doubtful, and
docs/errata.md where they contradict each other.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from mien.core.errors import MienError
from mien.core.registry import suggest
from mien.core.specs import Frozen
from mien.core.validation import one_line

PAPERS = ("arm", "fdrl", "emma", "rgbd_fusion", "mff_cnn")
"""Methods that have a published file, in the order of the papers' list."""

Kind = Literal["values", "confusion", "counts", "none"]
Row = tuple[float | None, ...]


class PublishedItem(Frozen):
    """One table or figure.

    Attributes:
        title: What it shows.
        where: Where it stands in the paper.
        kind: ``values``; ``confusion`` (rows are ground truth, columns predictions); ``counts``; ``none`` for
            a picture whose numbers are not printed.
        unit: Of the cells; a column that has its own names it in parentheses.
        decimals: How many the paper prints.
        note: What a reader should know about a cell, or about what is missing.
        columns: Names of the columns.
        rows: Rows of the paper's own system, under the names of mien's recipes: one number or None per
            column.
        others: Rows of other people's methods.
    """

    title: str
    where: str
    kind: Kind
    unit: str = ""
    decimals: int = Field(default=2, ge=0)
    note: str = ""
    columns: tuple[str, ...] = ()
    rows: dict[str, Row] = Field(default_factory=dict)
    others: dict[str, Row] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_a_table(self) -> PublishedItem:
        for name, row in (self.rows | self.others).items():
            if len(row) != len(self.columns):
                raise ValueError(f"row {name} has {len(row)} numbers for {len(self.columns)} columns")
        if (self.kind == "none") != (not self.rows and not self.others):
            raise ValueError("kind none has no rows, every other kind has some")
        if self.kind == "confusion" and tuple(self.rows) != self.columns:
            raise ValueError("the rows of a confusion matrix are its columns, in the same order")
        if self.kind == "none" and not self.note:
            raise ValueError("an item without numbers needs a note that says why")
        return self

    def value(self, row: str, column: str) -> float:
        """One cell.

        Args:
            row: Name in `rows` or `others`.
            column: Name in `columns`.

        Raises:
            MienError: There is no such row or column, or the paper leaves the cell empty.
        """
        everything = self.rows | self.others
        if row not in everything:
            raise MienError(f"{self.where} has no row {row!r}{suggest(row, list(everything))}")
        if column not in self.columns:
            raise MienError(f"{self.where} has no column {column!r}{suggest(column, list(self.columns))}")
        found = everything[row][self.columns.index(column)]
        if found is None:
            raise MienError(f"{self.where}: the paper prints nothing for {row}, {column}")
        return found


class Claim(Frozen):
    """A number that stands in the running text, not in a table.

    Attributes:
        value: The number.
        unit: Its unit.
        where: Where it stands.
        about: What it is said to be.
        printed: How it is printed, where that is not how the number would be written.
    """

    value: float
    unit: str = ""
    where: str
    about: str
    printed: str = ""


class PublishedPaper(Frozen):
    """All that one paper prints.

    Attributes:
        paper: Authors, title, venue, year.
        short: How mien's pages call it.
        items: Tables and figures: ``table2``, ``figure3a``, ``table3_7``.
        claims: Numbers of the running text.
    """

    paper: str
    short: str
    items: dict[str, PublishedItem]
    claims: dict[str, Claim] = Field(default_factory=dict)


@cache
def load_published(method: str) -> PublishedPaper:
    """What the paper of a method prints.

    Args:
        method: One of `PAPERS`.

    Raises:
        MienError: No paper of this name is here, or its file is not valid.
    """
    if method not in PAPERS:
        raise MienError(f"no published numbers of {method!r}{suggest(method, list(PAPERS))}")
    text = (files(__name__) / f"{method}.yaml").read_text(encoding="utf-8")
    try:
        return PublishedPaper.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        raise MienError(f"{method}.yaml: {one_line(error, PublishedPaper)}") from error
