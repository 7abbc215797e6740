"""Figures of each group of people (gender, age band, ethnicity), where the data set says who is who."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mien.core.errors import MienError
from mien.core.specs import Frozen
from mien.metrics.classification import accuracy, confusion, missed_faces, uar
from mien.metrics.difference import Difference
from mien.metrics.headline import headline_intervals
from mien.metrics.paired_draws import paired_draws

Share = Annotated[float, Field(ge=0, le=1)]


class GroupFigures(Frozen):
    """The samples of one group.

    Attributes:
        group: Its name: ``female``, ``20-39``...
        n: Samples.
        n_subjects: People; None where the set does not know them.
        accuracy: Right answers / n; a missed face is a wrong answer.
        accuracy_interval: 95 %.
        uar: Mean recall over the classes present in the group.
        uar_interval: 95 %.
        gap: Accuracy of the group minus that of all other samples of known group, with its 95 % interval;
            None where there are no others. Intervals of several groups are not corrected for their number.
    """

    group: str
    n: int
    n_subjects: int | None
    accuracy: Share
    accuracy_interval: tuple[Share, Share]
    uar: Share
    uar_interval: tuple[Share, Share]
    gap: Difference | None


class Demographic(Frozen):
    """One way to tell people apart.

    Attributes:
        attribute: ``gender``, ``age_band`` or ``ethnicity``.
        n_unknown: Samples of which the set does not say.
        groups: By name.
    """

    attribute: str
    n_unknown: int
    groups: tuple[GroupFigures, ...]


def demographics(
    truth: NDArray[np.int64],
    predictions: NDArray[np.int64],
    groups: Mapping[str, Sequence[str]],
    n_classes: int,
    subjects: Sequence[str] | None = None,
) -> tuple[Demographic, ...]:
    """Figures per group of each attribute.

    Args:
        truth: True classes, [N].
        predictions: Predicted classes, [N], or `MISSED`.
        groups: Attribute -> group of each sample, [N]; empty where it is not known.
        n_classes: K.
        subjects: Person of each sample, [N]; then intervals draw whole people.

    Returns:
        Only attributes that are known of some sample.

    Raises:
        MienError: Lengths differ.
    """
    found = []
    for attribute, names in groups.items():
        if len(names) != len(truth):
            raise MienError(f"expected a {attribute} for each of {len(truth)} samples, got {len(names)}")
        of = np.asarray(names, str)
        known = of != ""
        figures = tuple(
            _figures(str(name), of == name, known & (of != name), truth, predictions, n_classes, subjects)
            for name in sorted(np.unique(of[known]), key=_in_order)
        )
        if figures:
            found.append(Demographic(attribute=attribute, n_unknown=int((~known).sum()), groups=figures))
    return tuple(found)


def _in_order(group: str) -> tuple[int, str]:
    """Age bands by their first year, everything else by name."""
    years = group.split("-")[0].rstrip("+")
    return (int(years) if years.isdecimal() else -1, group)


def _figures(
    name: str,
    inside: NDArray[np.bool_],
    others: NDArray[np.bool_],
    truth: NDArray[np.int64],
    predictions: NDArray[np.int64],
    n_classes: int,
    subjects: Sequence[str] | None,
) -> GroupFigures:
    y, said = truth[inside], predictions[inside]
    people = None if subjects is None else [s for s, i in zip(subjects, inside, strict=True) if i]
    matrix, missed = confusion(y, said, n_classes), missed_faces(y, said, n_classes)
    intervals = headline_intervals(y, said, n_classes, people)
    return GroupFigures(
        group=name,
        n=len(y),
        n_subjects=None if people is None else len(set(people)),
        accuracy=accuracy(matrix, missed),
        accuracy_interval=intervals.accuracy,
        uar=uar(matrix, missed),
        uar_interval=intervals.uar,
        gap=_gap(inside, others, truth, predictions, n_classes, subjects) if others.any() else None,
    )


def _gap(
    inside: NDArray[np.bool_],
    others: NDArray[np.bool_],
    truth: NDArray[np.int64],
    predictions: NDArray[np.int64],
    n_classes: int,
    subjects: Sequence[str] | None,
) -> Difference:
    """Accuracy inside minus that of the others; the two are drawn apart, since they are different people."""
    drawn, shares, ends = [], [], []
    for seed, part in enumerate((inside, others)):
        y, said = truth[part], predictions[part]
        people = None if subjects is None else [s for s, i in zip(subjects, part, strict=True) if i]
        if people is not None and len(set(people)) < 2:
            people = None
        drawn.append(paired_draws(y, [said], n_classes, people, seed=seed).accuracy[0])
        shares.append(float((y == said).mean()))
        ends.append(headline_intervals(y, said, n_classes, people).accuracy)
    value = shares[0] - shares[1]
    if min(float(np.ptp(d)) for d in drawn) > 1e-12:
        low, high = np.quantile(drawn[0] - drawn[1], (0.025, 0.975))
        return Difference(value, float(low), float(high))
    return Difference.of_intervals(shares[0], ends[0], shares[1], ends[1])
