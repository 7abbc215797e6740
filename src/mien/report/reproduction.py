"""A table or figure of a paper made anew: what is published beside what was measured, as plain data."""

from __future__ import annotations

from datetime import date

from pydantic import Field, ValidationError, model_validator

from mien.core.errors import MienError
from mien.core.specs import Frozen


class Measured(Frozen):
    """One figure, in the unit of its table.

    Attributes:
        value: Mean over the seeds.
        low: Lower end of the 95 % interval over test samples (over seeds: the mean of theirs); None for what
            has none, such as a number of parameters.
        high: Upper end.
        each: One value a seed.
    """

    value: float
    low: float | None = None
    high: float | None = None
    each: tuple[float, ...] = ()


class Cell(Frozen):
    """Published beside measured; None where there is no such figure."""

    published: float | None = None
    measured: Measured | None = None

    @property
    def difference(self) -> float | None:
        """Measured minus published."""
        if self.published is None or self.measured is None:
            return None
        return self.measured.value - self.published

    @property
    def within(self) -> bool | None:
        """Whether the published figure lies in the interval of the measured one."""
        m = self.measured
        if self.published is None or m is None or m.low is None or m.high is None:
            return None
        return m.low <= self.published <= m.high


class Effect(Frozen):
    """How much better the row that the others are compared with is than one of them.

    Attributes:
        published: By the paper's own figures.
        value: Measured, mean over the seeds that both have.
        low: Lower end of its 95 % interval (paired bootstrap over test samples).
        high: Upper end.
    """

    published: float | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None


class Line(Frozen):
    """One row.

    Attributes:
        name: As in the published file or in the recipe.
        ours: Whether it is a row of the paper's own system, which mien trains; else somebody else's.
        cells: One per column.
        effect: Of the compared row over this one, in the table's first column.
        note: What is odd about it.
    """

    name: str
    ours: bool = True
    cells: tuple[Cell, ...]
    effect: Effect | None = None
    note: str = ""


class Table(Frozen):
    """Published beside measured.

    Attributes:
        title: What it shows.
        unit: Of the cells; a column that has its own names it in parentheses.
        decimals: How many are written.
        columns: Names.
        lines: Rows.
        against: The row that the effects compare with; empty for none.
        unmeasured: What stands where a published figure has no measured one beside it.
    """

    title: str
    unit: str = ""
    decimals: int = 2
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    against: str = ""
    unmeasured: str = "not run"

    @model_validator(mode="after")
    def _is_a_table(self) -> Table:
        for line in self.lines:
            if len(line.cells) != len(self.columns):
                raise ValueError(f"{line.name} has {len(line.cells)} cells for {len(self.columns)} columns")
        return self

    def cell(self, row: str, column: str) -> Cell:
        """One cell.

        Raises:
            MienError: There is none of that name.
        """
        for line in self.lines:
            if line.name == row and column in self.columns:
                return line.cells[self.columns.index(column)]
        raise MienError(f"{self.title} has no cell {row!r}, {column!r}")


class Listing(Frozen):
    """A table of words."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Matrix(Frozen):
    """A confusion matrix; rows are the truth.

    Attributes:
        title: Of what.
        labels: K names.
        published: Per cent of each true class, [K, K]; None where the paper prints none.
        counts: Measured, [K, K], the mean over the seeds; None where nothing was run.
        accuracy: Measured; None where nothing was run.
    """

    title: str
    labels: tuple[str, ...]
    published: tuple[tuple[float | None, ...], ...] | None = None
    counts: tuple[tuple[float, ...], ...] | None = None
    accuracy: Measured | None = None

    @property
    def shares(self) -> tuple[tuple[float | None, ...], ...] | None:
        """Measured per cent of each true class's found faces; None for a class without any."""
        if self.counts is None:
            return None
        return tuple(
            tuple(100 * n / total if total else None for n in row)
            for row in self.counts
            for total in [sum(row)]
        )


class RunFacts(Frozen):
    """A run behind the figures.

    Attributes:
        recipe: The recipe that was trained.
        row: Its ablation, or ``full``.
        stands_for: The paper's recipe, where a smaller one stands for it.
        data: What it was scored on.
        n: Samples scored, with each seed.
        seeds: Of the trainings.
        epochs: Trained at most.
        minutes: Of all seeds together.
        selected_on: What picked the checkpoints.
        leaks: What the protocol leaks.
        recipe_hash: One a seed.
    """

    recipe: str
    row: str
    stands_for: str = ""
    data: str
    n: int
    seeds: tuple[int, ...]
    epochs: int
    minutes: float
    selected_on: str
    leaks: tuple[str, ...] = ()
    recipe_hash: tuple[str, ...] = ()


class Reproduction(Frozen):
    """One item made anew.

    Attributes:
        paper: Registry name of the method.
        short: How the paper is called.
        source: Authors, title, venue, year.
        item: Its id.
        title: What it shows.
        where: ``Table 2``.
        scaled_down: How the runs differ from the paper's: less, smaller, other data.
        missing: What could not be made, and why.
        remarks: What a reader should know.
        tables: Numbers.
        listings: Words.
        matrices: Confusion matrices.
        figures: Names of the files beside.
        runs: Behind the numbers.
        versions: Package name to version.
        created: UTC date.
    """

    paper: str
    short: str
    source: str = ""
    item: str
    title: str
    where: str
    scaled_down: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    listings: tuple[Listing, ...] = ()
    matrices: tuple[Matrix, ...] = ()
    figures: tuple[str, ...] = ()
    runs: tuple[RunFacts, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)
    created: date

    def to_json(self) -> str:
        """Indented JSON."""
        return self.model_dump_json(indent=1)

    @classmethod
    def from_json(cls, text: str, source: str = "reproduction") -> Reproduction:
        """Parse and validate.

        Raises:
            MienError: The text is none.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise MienError(
                f"{source} was not written by mien reproduce: {error.errors()[0]['msg']}"
            ) from error


def unit_factor(unit: str, column: str) -> float:
    """What brings a share (0..1) or a number of parameters to the unit of a table's column.

    Args:
        unit: Of the table.
        column: Its name; one with its own unit names it in parentheses.
    """
    if column.endswith("(millions)"):
        return 1e-6
    return 100.0 if unit == "%" else 1.0
