"""The list of all items: what each shows, what it needs, and whether it ran here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mien import api
from mien.core.errors import MienError
from mien.report.published import load_published
from mien.report.reproduction import Reproduction
from mien.reproduce.item import Item, Paper
from mien.reproduce.making import needs_data
from mien.reproduce.scale import set_name

COLUMNS = ("paper", "item", "what it shows", "needs", "trainings", "GPU hours", "ran here")
"""Of a row; the hours are rough, of all trainings together on one data-centre GPU."""


@dataclass(frozen=True)
class Entry:
    """One item of the list.

    Attributes:
        paper: Registry name of the method.
        item: Its id.
        title: What it shows.
        sets: The data sets it needs.
        trainings: How many.
        hours: Rough, on one data-centre GPU.
        state: Whether it ran here.
    """

    paper: str
    item: str
    title: str
    sets: tuple[str, ...]
    trainings: int
    hours: float
    state: str

    def cells(self) -> tuple[str, ...]:
        """In the order of `COLUMNS`."""
        hours = "" if not self.hours else f"{self.hours:.1f}" if self.hours >= 0.1 else "below 0.1"
        needs = ", ".join(self.sets) or "no data"
        return self.paper, self.item, self.title, needs, str(self.trainings or ""), hours, self.state


def entries(paper: Paper, out: Path, results: Path | None = None) -> list[Entry]:
    """The items of a paper.

    Args:
        paper: Which.
        out: The output folder, where items and runs may be.
        results: The folder of committed reports; None looks beside src/ in a checkout.
    """
    printed = load_published(paper.name).items
    committed = results_folder() if results is None else results
    return [
        Entry(
            paper.name,
            item.id,
            printed[item.id].title,
            sets_of(item),
            len(item.runs),
            paper.hours_of(item),
            state_of(paper, item, out, committed),
        )
        for item in paper.items
    ]


def sets_of(item: Item) -> tuple[str, ...]:
    """The data sets that an item needs, by the names that `--data-root` takes."""
    return tuple(dict.fromkeys(set_name(name, api.load_recipe(name)) for name in item.recipes))


def results_folder() -> Path:
    """The committed reports of a checkout; nowhere in an installed wheel."""
    return Path(__file__).parents[3] / "results"


def state_of(paper: Paper, item: Item, out: Path, results: Path) -> str:
    """Whether an item ran here, in words: in the output folder, else among the committed reports."""
    for folder, where in ((out, ""), (results / "reproduce", ", committed")):
        path = folder / paper.name / item.id / f"{item.id}.json"
        if path.is_file():
            told = _told(path, item)
            if told:
                return told + where
    for recipe in item.recipes:
        found = sorted((results / recipe).glob("*.report.json"))
        if found:
            return f"a committed report of {recipe}"
    finished = sum(_is_finished(out, run.recipe, run.row) for run in item.runs)
    if finished:
        return f"{finished} of {len(item.runs)} trainings"
    return "not run" if needs_data(item) else "runs at once"


def _told(path: Path, item: Item) -> str:
    """When it was made and how far; empty where nothing was trained that it needs."""
    try:
        made = Reproduction.from_json(path.read_text(encoding="utf-8"), str(path))
    except (MienError, OSError):
        return "damaged: run it again"
    if item.runs and not made.runs:
        return ""
    said = f"ran {made.created}"
    if made.scaled_down:
        said += ", scaled down"
    return f"{said}, in part" if made.missing else said


def _is_finished(out: Path, recipe: str, row: str) -> bool:
    """Whether any seed of a run at the paper's scale is trained and scored."""
    return any((out / "runs" / recipe).glob(f"{row}-seed*/report.json"))
