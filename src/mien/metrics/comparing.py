"""Models beside one another on the same test samples: figures, and which differences are beyond chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mien.metrics.calibration import expected_calibration_error
from mien.metrics.classification import (
    MISSED,
    accuracy,
    confusion,
    f1_scores,
    matthews,
    missed_faces,
    recalls,
    uar,
)
from mien.metrics.comparison import PairFigures, RunFigures
from mien.metrics.difference import Difference, mcnemar
from mien.metrics.folds import FoldTable
from mien.metrics.headline import headline_intervals
from mien.metrics.holm import holm
from mien.metrics.paired_draws import paired_draws
from mien.metrics.predictions import Predictions
from mien.metrics.report import Report
from mien.metrics.resampled import ResampledT, corrected_resampled_t
from mien.metrics.selective import aurc
from mien.metrics.sign_flip import sign_flip_p


@dataclass(frozen=True, eq=False)
class Units:
    """What the compared samples depend on one another by.

    Attributes:
        of: Name of each sample's unit, [N]; None where each stands alone.
        called: In the plural.
        n: How many there are.
    """

    of: tuple[str, ...] | None
    called: str
    n: int


@dataclass(frozen=True, eq=False)
class Folds:
    """A cross-validation.

    Attributes:
        table: Its folds.
        division: sha256 of who is in which fold; folds are the same only where it is.
    """

    table: FoldTable
    division: str


def units_of(tables: Sequence[Predictions]) -> Units:
    """People where all are known, pictures where some were scored repeatedly, else samples."""
    first = tables[0]
    for table in tables:
        if table.subjects and all(table.subjects) and len(set(table.subjects)) > 1:
            return Units(table.subjects, "subjects", len(set(table.subjects)))
    if 1 < len(set(first.ids)) < len(first.ids):
        return Units(first.ids, "pictures", len(set(first.ids)))
    return Units(None, "samples", len(first.ids))


def run_figures(name: str, report: Report, table: Predictions, units: Units) -> RunFigures:
    """A run's figures on the compared samples.

    Args:
        name: What it is called.
        report: Where the figures come from.
        table: Its predictions of the compared samples.
        units: See `units_of`.
    """
    k, y, said = len(table.labels), table.truth, table.predicted
    matrix, missed = confusion(y, said, k), missed_faces(y, said, k)
    intervals = headline_intervals(y, said, k, units.of)
    found = said != MISSED
    scores, right = table.probabilities[found], said[found] == y[found]
    return RunFigures(
        name=name,
        model=report.model,
        recipe=report.recipe,
        data=report.data,
        split=report.protocol.split,
        selected_on=report.selected_on,
        seeds=report.seeds,
        created=report.created,
        n_missed=int(missed.sum()),
        accuracy=accuracy(matrix, missed),
        accuracy_interval=intervals.accuracy,
        uar=uar(matrix, missed),
        uar_interval=intervals.uar,
        macro_f1=float(np.nanmean(f1_scores(matrix, missed))),
        mcc=matthews(matrix, missed),
        ece=expected_calibration_error(scores, y[found]) if found.any() else None,
        aurc=aurc(scores.max(axis=1), right) if found.any() else None,
        recalls=tuple(None if np.isnan(r) else float(r) for r in recalls(matrix, missed)),
        folds=report.folds.accuracy if report.folds is not None and len(report.folds.rows) > 1 else None,
    )


def compare_pairs(
    names: Sequence[str],
    tables: Sequence[Predictions],
    folds: Sequence[Folds | None],
    units: Units,
    first_only: bool = False,
) -> tuple[PairFigures, ...]:
    """The differences between runs, and whether they are beyond chance.

    Args:
        names: Of the runs.
        tables: Their predictions, on the same samples in the same order.
        folds: Of those that are cross-validations; two of the same division are compared over the folds that
            both have.
        units: See `units_of`.
        first_only: Only the first run against each of the others, which is fewer comparisons to correct for.
    """
    truth, k = tables[0].truth, len(tables[0].labels)
    answers = [table.predicted for table in tables]
    draws = paired_draws(truth, answers, k, units.of)
    found = []
    for a, b in combinations(range(len(tables)), 2):
        if first_only and a:
            continue
        test = mcnemar(truth, answers[a], answers[b])
        by_units = None if units.of is None else _units_p(truth, answers[a], answers[b], units.of)
        by_folds = _fold_test(folds[a], folds[b])
        p_value = by_folds.p_value if by_folds else test.p_value if by_units is None else by_units
        both = (tables[a], tables[b])
        found.append(
            PairFigures(
                a=names[a],
                b=names[b],
                accuracy=_difference(accuracy, draws.accuracy[a] - draws.accuracy[b], both, units),
                uar=_difference(uar, draws.uar[a] - draws.uar[b], both, units),
                only_a=test.n_a_only,
                only_b=test.n_b_only,
                n_other_answer=int(np.sum(answers[a] != answers[b])),
                mcnemar_p=test.p_value,
                units_p=by_units,
                folds=by_folds,
                decided_by="folds" if by_folds else "mcnemar" if by_units is None else "units",
                p_value=min(p_value, 1.0),
                p_adjusted=1.0,
            )
        )
    adjusted = holm([pair.p_value for pair in found])
    return tuple(
        pair.model_copy(update={"p_adjusted": float(p)}) for pair, p in zip(found, adjusted, strict=True)
    )


def _difference(
    figure: Callable[[NDArray[np.int64], NDArray[np.int64] | None], float],
    drawn: NDArray[np.float64],
    tables: tuple[Predictions, Predictions],
    units: Units,
) -> Difference:
    """Of accuracy or UAR: the samples as they are, with the middle 95 % of the draws."""
    truth, k = tables[0].truth, len(tables[0].labels)
    answers = [table.predicted for table in tables]
    shares = [figure(confusion(truth, said, k), missed_faces(truth, said, k)) for said in answers]
    low, high = (float(end) for end in np.quantile(drawn, (0.025, 0.975)))
    if high - low > 1e-12 or np.array_equal(answers[0] == truth, answers[1] == truth):
        return Difference(shares[0] - shares[1], low, high)
    # all draws alike, as with a single sample: the bootstrap knows nothing of how sure that is
    intervals = [headline_intervals(truth, said, k, units.of) for said in answers]
    ends = [found.accuracy if figure is accuracy else found.uar for found in intervals]
    return Difference.of_intervals(shares[0], ends[0], shares[1], ends[1])


def _units_p(
    truth: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64], of: Sequence[str]
) -> float:
    _, unit = np.unique(np.asarray(of, str), return_inverse=True)
    lead = (a == truth).astype(np.int64) - (b == truth)
    differences = np.zeros(int(unit.max()) + 1, np.int64)
    np.add.at(differences, unit, lead)
    return sign_flip_p(differences)


def _fold_test(a: Folds | None, b: Folds | None) -> ResampledT | None:
    if a is None or b is None or not a.division or a.division != b.division:
        return None
    others = {row.name: row for row in b.table.rows}
    pairs = [(row, others[row.name]) for row in a.table.rows if row.name in others]
    if len(pairs) < 2:
        return None
    differences = [mine.accuracy - other.accuracy for mine, other in pairs]
    if np.ptp(differences) < 1e-12 < abs(differences[0]):
        return None  # equal in every fold: there is no spread to judge the mean by
    return corrected_resampled_t(
        differences,
        [min(mine.n_train, other.n_train) for mine, other in pairs],
        [mine.n for mine, _ in pairs],
    )
