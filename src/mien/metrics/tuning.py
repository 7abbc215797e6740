"""What a search over a recipe's settings found."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from mien.core.search_space import Dimension
from mien.core.specs import Frozen

TrialState = Literal["complete", "pruned", "failed"]


class Trial(Frozen):
    """One setting that was tried.

    Attributes:
        number: From 0, in the order of their beginning.
        state: ``pruned`` was stopped early since others were better by then; ``failed`` diverged.
        values: Dotted recipe key to value.
        score: What the search maximises: of the selected epoch, or of the last one before it was pruned;
            None for a failed one.
        epochs: How many were run.
        minutes: Time of the training.
        error: Why it failed.
    """

    number: int
    state: TrialState
    values: dict[str, Any]
    score: float | None
    epochs: int
    minutes: float
    error: str = ""


class TuningTable(Frozen):
    """Everything that `mien tune` found.

    Attributes:
        recipe: Name of the recipe.
        recipe_hash: Its digest.
        metric: What was maximised, in words.
        selected_on: The data that it was measured on, in words. Never the test split.
        space: What was searched.
        seed: Of the search.
        trials: By number.
        importances: Key to its share of the score's variation (fANOVA); empty with too few trials.
        versions: Package name to version.
        created: UTC date.
    """

    recipe: str
    recipe_hash: str
    metric: str
    selected_on: str
    space: tuple[Dimension, ...]
    seed: int
    trials: tuple[Trial, ...]
    importances: dict[str, float] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    created: date

    @property
    def best(self) -> Trial | None:
        """The complete trial with the highest score; None where none was completed."""
        complete = [t for t in self.trials if t.state == "complete" and t.score is not None]
        return max(complete, key=lambda t: (t.score, -t.number), default=None)
