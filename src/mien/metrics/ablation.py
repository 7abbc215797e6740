"""The table of an ablation: rows of one recipe under equal budget, over several seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from mien.core.errors import MienError
from mien.core.specs import Frozen
from mien.metrics.clusters import draws_of
from mien.metrics.comparing import units_of
from mien.metrics.difference import paired_bootstrap
from mien.metrics.predictions import Predictions

FULL = "full"
"""The row of the recipe as it stands."""


class AblationRun(Frozen):
    """One row trained with one seed.

    Attributes:
        seed: Of the training.
        parameters: Weights that learn.
        accuracy: On the test split, 0..1.
        uar: On the test split, 0..1.
        best_epoch: The epoch that was selected.
        epochs: How many were run.
        minutes: Time of the training.
    """

    seed: int
    parameters: int
    accuracy: float
    uar: float
    best_epoch: int
    epochs: int
    minutes: float


class Gap(Frozen):
    """Accuracy of the full form minus that of a row, averaged over the seeds, on the same samples.

    Attributes:
        value: The difference.
        low: Lower end of its 95 % interval (paired bootstrap over `drawn`); the spread between seeds is not
            in it.
        high: Upper end.
        drawn: What the bootstrap draws: ``subjects`` where all are known, ``pictures`` where some were scored
            repeatedly, else ``samples``.
    """

    value: float
    low: float
    high: float
    drawn: str = "samples"


class AblationRow(Frozen):
    """One row.

    Attributes:
        name: ``full`` or the ablation's name.
        changes: Dotted recipe key to value.
        runs: One per seed.
        gap: To the full form; None for the full form itself, or where it was not run with these seeds.
    """

    name: str
    changes: dict[str, Any] = Field(default_factory=dict)
    runs: tuple[AblationRun, ...]
    gap: Gap | None = None

    @property
    def parameters(self) -> int:
        """Weights that learn; the same with every seed."""
        return self.runs[0].parameters

    @property
    def accuracy(self) -> float:
        """Mean over the seeds."""
        return float(np.mean([run.accuracy for run in self.runs]))

    @property
    def uar(self) -> float:
        """Mean over the seeds."""
        return float(np.mean([run.uar for run in self.runs]))

    @property
    def minutes(self) -> float:
        """Of all seeds together."""
        return sum(run.minutes for run in self.runs)


class AblationTable(Frozen):
    """Everything that `mien ablate` found.

    Attributes:
        recipe: Name of the recipe.
        recipe_hash: Its digest.
        method: Registry name of its method.
        data: Registry name of the data set.
        split: The split that was scored.
        n: Its samples.
        n_classes: K; a guess is right once in K.
        chance: Accuracy of always naming the commonest class of the split.
        selected_on: What picked the checkpoints, in words.
        leaks: What the protocol leaks.
        rows: The table.
        versions: Package name to version.
        created: UTC date.
    """

    recipe: str
    recipe_hash: str
    method: str
    data: str
    split: str
    n: int
    n_classes: int
    chance: float
    selected_on: str
    leaks: tuple[str, ...] = ()
    rows: tuple[AblationRow, ...]
    versions: dict[str, str] = Field(default_factory=dict)
    created: date

    @classmethod
    def from_json(cls, text: str, source: str = "ablation") -> AblationTable:
        """Parse and validate.

        Raises:
            MienError: The text is no such table.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise MienError(f"{source} is no table of mien ablate: {error.errors()[0]['msg']}") from error


def gap(full: Mapping[int, Predictions], row: Mapping[int, Predictions]) -> Gap | None:
    """How much better the full form is than a row, over the seeds that both have.

    Args:
        full: Predictions of the full form by seed.
        row: Predictions of the row by seed, on the same samples.

    Returns:
        None without a common seed.

    Raises:
        MienError: They were not scored on the same samples.
    """
    seeds = sorted(full.keys() & row.keys())
    if not seeds:
        return None
    first = full[seeds[0]]
    for other in (*(full[s] for s in seeds), *(row[s] for s in seeds)):
        if other.ids != first.ids or not np.array_equal(other.truth, first.truth):
            raise MienError("rows of an ablation must be scored on the same samples in the same order")
    units = units_of([first])
    found = paired_bootstrap(
        _mean_accuracy,
        first.truth,
        _stacked(full, seeds),
        _stacked(row, seeds),
        draw=None if units.of is None else draws_of(units.of),
    )
    return Gap(value=found.value, low=found.low, high=found.high, drawn=units.called)


def _stacked(predictions: Mapping[int, Predictions], seeds: Sequence[int]) -> NDArray[np.int64]:
    """Predicted classes [N, S]."""
    return np.stack([predictions[s].predicted for s in seeds], axis=1)


def _mean_accuracy(truth: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    return float((predicted == truth[:, None]).mean())
