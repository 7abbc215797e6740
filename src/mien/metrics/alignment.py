"""Several models' predictions brought to the same samples in the same order, so that they can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mien.core.errors import MienError
from mien.metrics.predictions import Predictions

SHOWN = 3
Key = tuple[str, int]
"""Id of a sample, and how often it was scored before: repeated folds score a sample several times."""


def align(tables: Sequence[Predictions], names: Sequence[str], common: bool = False) -> list[Predictions]:
    """The same samples, in the order of the first table, with its order of labels.

    Args:
        tables: At least one.
        names: What each is called in errors.
        common: Keep only the samples that all were scored on, instead of refusing other ones.

    Raises:
        MienError: Label spaces differ, a sample has two truths, or the samples differ.
    """
    first = tables[0]
    tables = [_in_labels(t, first.labels, name, names[0]) for t, name in zip(tables, names, strict=True)]
    places = [_places(t.ids) for t in tables]
    shared = [key for key in places[0] if all(key in other for other in places)]
    if not shared:
        raise MienError(f"{' and '.join(names)} share no sample: runs are compared on the same test samples")
    for table, own, name in zip(tables, places, names, strict=True):
        if not common and own.keys() != places[0].keys():
            both = len(own.keys() & places[0].keys())
            raise MienError(
                f"{names[0]} was scored on {len(places[0]):,} samples and {name} on {len(own):,}, of which "
                f"{both:,} are the same: score both on the same ones, or compare what all share by --common"
            )
        _check_truth(first, table, [(places[0][key], own[key]) for key in shared], names[0], name)
    return [t.rows([own[key] for key in shared]) for t, own in zip(tables, places, strict=True)]


def _places(ids: Sequence[str]) -> dict[Key, int]:
    seen: Counter[str] = Counter()
    places = {}
    for place, sample_id in enumerate(ids):
        places[sample_id, seen[sample_id]] = place
        seen[sample_id] += 1
    return places


def _in_labels(table: Predictions, labels: tuple[str, ...], name: str, first: str) -> Predictions:
    """The table with its columns in another order."""
    if table.labels == labels:
        return table
    if set(table.labels) != set(labels):
        only = [
            f"only {who} knows {', '.join(sorted(own - other))}"
            for who, own, other in (
                (first, set(labels), set(table.labels)),
                (name, set(table.labels), set(labels)),
            )
            if own - other
        ]
        raise MienError(f"runs are compared in one label space: {'; '.join(only)}")
    order = [table.labels.index(label) for label in labels]
    back = np.argsort(order)
    return replace(table, labels=labels, truth=back[table.truth], probabilities=table.probabilities[:, order])


def _check_truth(
    first: Predictions, table: Predictions, pairs: Sequence[tuple[int, int]], name: str, other: str
) -> None:
    wrong = [first.ids[a] for a, b in pairs if first.truth[a] != table.truth[b]]
    if wrong:
        raise MienError(
            f"{name} and {other} were scored against other labels of {len(wrong):,} samples "
            f"({', '.join(wrong[:SHOWN])}{'...' if len(wrong) > SHOWN else ''}): these are not the same data"
        )
