"""A data set with some of its classes, or with other names for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mien.core.labels import LabelSpace, project
from mien.data.datasets import FaceDataset
from mien.data.datasets._names import canonical, own_label_space


def keep_classes(dataset: FaceDataset, names: Sequence[str]) -> FaceDataset:
    """The data set with these classes alone; samples of others, and published counts, are left out.

    Args:
        dataset: Any.
        names: At least two of its labels, in any order: the order of the set's own label space stays.

    Raises:
        MienError: The set has no such label.
    """
    for name in names:
        dataset.labels.index(name)
    labels = LabelSpace(tuple(n for n in dataset.labels.names if n in names), dataset.labels.kind)
    places = project(dataset.labels.names, labels)
    samples = [
        replace(sample, label=int(places[sample.label]), soft_label=_kept(sample.soft_label, places))
        for sample in dataset.samples
        if sample.label >= 0 and places[sample.label] >= 0
    ]
    return replace(dataset, samples=samples, labels=labels, published={})


def rename_classes(dataset: FaceDataset, names: Mapping[str, str]) -> FaceDataset:
    """The data set with other names for some of its labels; published counts stay behind.

    Args:
        dataset: Any.
        names: Its label -> the new one; several labels may become one.

    Raises:
        MienError: The set has no such label, or fewer than two would be left.
    """
    for name in names:
        dataset.labels.index(name)
    new = [names.get(name, name) for name in dataset.labels.names]
    new = [canonical(name) or name for name in new]
    labels, places = own_label_space(new, f"{dataset.root}, renamed")
    to = np.array([places[name] for name in new])

    def moved(soft: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        return None if soft is None else np.bincount(to, weights=soft, minlength=len(labels))

    samples = [
        replace(s, label=int(to[s.label]) if s.label >= 0 else -1, soft_label=moved(s.soft_label))
        for s in dataset.samples
    ]
    return replace(dataset, samples=samples, labels=labels, published={})


def _kept(soft_label: NDArray[np.float64] | None, places: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """The soft label over the classes that are kept; None where it gives them nothing."""
    if soft_label is None:
        return None
    kept = soft_label[places >= 0]
    return kept / kept.sum() if kept.sum() > 0 else None
