"""What a table or figure of a paper is made of: plain data, which the files of the papers fill in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mien.metrics.ablation import FULL

if TYPE_CHECKING:
    from mien.reproduce.shown import Demonstration

PARAMETERS = "parameters"
"""The metric that needs no training: the weights of the network that a row describes."""


@dataclass(frozen=True)
class Run:
    """A training, and what it is scored on.

    Attributes:
        recipe: One that comes with mien.
        row: ``full``, or one of its ablations.
        on: A recipe whose test data are scored instead of the run's own: compounds are then mixed from basic
            emotions.
        start_row: Where the recipe starts from the run of another: the row of that one.
    """

    recipe: str
    row: str = FULL
    on: str = ""
    start_row: str = FULL


@dataclass(frozen=True)
class Measure:
    """One figure of a run.

    Attributes:
        run: Which.
        metric: ``accuracy``, ``uar``, ``parameters``, or the name of a class for its recall.
    """

    run: Run
    metric: str = "accuracy"


@dataclass(frozen=True)
class Sweep:
    """Rows that are points of a curve.

    Attributes:
        x: Row -> its place.
        label: What is swept, with its unit.
    """

    x: Mapping[str, float]
    label: str


@dataclass(frozen=True)
class Trained:
    """A table whose own rows are trained.

    Attributes:
        cells: Row -> column -> what is measured; names as in the published table where it has them.
        against: The row that the others are compared with.
        sweep: Draw the rows as a curve instead of bars.
        sizes: Add the parameters of each row's network.
    """

    cells: Mapping[str, Mapping[str, Measure]]
    against: str = ""
    sweep: Sweep | None = None
    sizes: bool = False

    def runs(self) -> Iterable[Run]:
        """What has to be trained."""
        return (m.run for row in self.cells.values() for m in row.values() if m.metric != PARAMETERS)


@dataclass(frozen=True)
class Matrices:
    """Confusion matrices.

    Attributes:
        each: Title -> the run.
    """

    each: Mapping[str, Run]

    def runs(self) -> Iterable[Run]:
        """What has to be trained."""
        return self.each.values()


@dataclass(frozen=True)
class Curves:
    """Loss and scores while learning.

    Attributes:
        each: Title -> the run; a run in folds gives one figure a fold.
    """

    each: Mapping[str, Run]

    def runs(self) -> Iterable[Run]:
        """What has to be trained."""
        return self.each.values()


@dataclass(frozen=True)
class Counted:
    """Pictures of each class.

    Attributes:
        each: Row -> recipe whose training split, or whole set where it divides that into folds, is counted.
    """

    each: Mapping[str, str]

    def runs(self) -> Iterable[Run]:
        """Nothing is trained."""
        return ()


@dataclass(frozen=True)
class Pictured:
    """Pictures of a set, before and after mien's own preparation.

    Attributes:
        what: ``depth``: the depth that a scan gives; ``alignment``: a face as it comes and as it is cut out.
        recipe: Whose data and crop.
    """

    what: Literal["depth", "alignment"]
    recipe: str

    def runs(self) -> Iterable[Run]:
        """Nothing is trained."""
        return ()


@dataclass(frozen=True)
class Explained:
    """What trained models see or how they lay faces out.

    Attributes:
        what: Which explanation.
        each: Title, or column of the published table -> the run.
        epochs: At which epochs, where that is not the kept model.
    """

    what: Literal["gradcam", "tsne", "variances", "image_groups", "intra_weights"]
    each: Mapping[str, Run]
    epochs: tuple[int, ...] = ()

    def runs(self) -> Iterable[Run]:
        """What has to be trained."""
        return self.each.values()


@dataclass(frozen=True)
class Shown:
    """Something that needs no data: computed by the code that the networks themselves use.

    Attributes:
        make: Computes it.
    """

    make: Callable[[], Demonstration]

    def runs(self) -> Iterable[Run]:
        """Nothing is trained."""
        return ()


@dataclass(frozen=True)
class Printed:
    """A table of other people's results or data, as the paper prints it."""

    def runs(self) -> Iterable[Run]:
        """Nothing is trained."""
        return ()


Way = Trained | Matrices | Curves | Counted | Pictured | Explained | Shown | Printed


@dataclass(frozen=True)
class Item:
    """One table or figure; what it shows stands in the published file.

    Attributes:
        id: Of its entry there: ``table2``, ``figure3_10``.
        ways: How it is made.
    """

    id: str
    ways: tuple[Way, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        """The trainings that it needs, each once."""
        return tuple(dict.fromkeys(run for way in self.ways for run in way.runs()))

    @property
    def recipes(self) -> tuple[str, ...]:
        """The recipes whose data it needs, each once."""
        found: dict[str, None] = {}
        for way in self.ways:
            for run in way.runs():
                found |= dict.fromkeys(name for name in (run.recipe, run.on) if name)
            if isinstance(way, Counted):
                found |= dict.fromkeys(way.each.values())
            if isinstance(way, Pictured):
                found[way.recipe] = None
        return tuple(found)


@dataclass(frozen=True)
class Paper:
    """The items of one paper.

    Attributes:
        name: Its method's registry name; `aliases` are other names for it.
        items: In the order of the paper, tables first.
        small: Recipe -> the recipe that stands for it on two cores; what only such recipes start from stands
            for itself.
        hours: Recipe -> rough hours of one run, all folds, on one data-centre GPU.
        aliases: Other names on the command line.
    """

    name: str
    items: tuple[Item, ...]
    small: Mapping[str, str]
    hours: Mapping[str, float]
    aliases: tuple[str, ...] = ()

    def hours_of(self, item: Item) -> float:
        """Rough hours of all of an item's trainings."""
        trained = {(run.recipe, run.row, run.start_row) for run in item.runs}
        return sum(self.hours.get(recipe, 0.0) for recipe, _, _ in trained)


def rows_of(
    recipe: str, rows: Iterable[str], metrics: Iterable[str] = ("accuracy",), on: str = ""
) -> dict[str, dict[str, Measure]]:
    """Rows of one recipe, each with the same metrics, as `Trained` takes them."""
    columns = tuple(metrics)
    return {row: {name: Measure(Run(recipe, row, on), name) for name in columns} for row in rows}
