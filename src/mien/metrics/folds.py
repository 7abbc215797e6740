"""The figures of a cross-validation's folds, beside the pooled counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from mien.core.errors import MienError
from mien.core.specs import Frozen

Share = Annotated[float, Field(ge=0, le=1)]


class FoldFigures(Frozen):
    """One fold.

    Attributes:
        name: In words, e.g. ``fold 3 of 10``.
        n_train: Samples it learnt from.
        n_val: Samples held out to select on.
        n: Samples it was tested on.
        accuracy: On those.
        uar: On those, over the classes that are there.
        best_epoch: The epoch that was kept.
        epochs: Epochs trained.
        minutes: Time they took.
    """

    name: str
    n_train: int
    n_val: int
    n: int
    accuracy: Share
    uar: Share
    best_epoch: int
    epochs: int
    minutes: float


class Spread(Frozen):
    """Mean and standard deviation over folds.

    Attributes:
        mean: Of the folds.
        sd: With n - 1 in the denominator; None of a single fold. Folds share training samples, so this is no
            standard error.
    """

    mean: float
    sd: float | None


class FoldTable(Frozen):
    """All folds that were run.

    Attributes:
        n_folds: How many the protocol has.
        rows: Those that were run.
        accuracy: Over the rows.
        uar: Over the rows.
    """

    n_folds: int
    rows: tuple[FoldFigures, ...]
    accuracy: Spread
    uar: Spread


def fold_table(rows: Sequence[FoldFigures], n_folds: int) -> FoldTable:
    """The table of some folds.

    Args:
        rows: At least one.
        n_folds: How many the protocol has.

    Raises:
        MienError: There is no fold.
    """
    if not rows:
        raise MienError("no fold was run, so there is nothing to report")
    return FoldTable(
        n_folds=n_folds,
        rows=tuple(rows),
        accuracy=spread([row.accuracy for row in rows]),
        uar=spread([row.uar for row in rows]),
    )


def spread(values: Sequence[float]) -> Spread:
    """Mean and standard deviation of at least one value."""
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Spread(mean=float(np.mean(values)), sd=sd)
