"""The paired bootstrap of several models at once: all are scored on the same resamples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import MienError

_CHUNK = 100


@dataclass(frozen=True, eq=False)
class PairedDraws:
    """Figures of R models on n resamples.

    Attributes:
        accuracy: [R, n].
        uar: [R, n], over the classes that a resample holds.
    """

    accuracy: NDArray[np.float64]
    uar: NDArray[np.float64]


def paired_draws(
    labels: ArrayLike,
    predictions: Sequence[ArrayLike],
    n_classes: int,
    clusters: Sequence[str] | None = None,
    n: int = 2000,
    seed: int = 0,
) -> PairedDraws:
    """Draw samples, or whole clusters of them, with replacement, and score every model on each draw.

    Samples on which all models are alike right or wrong are interchangeable, so the numbers of each kind are
    drawn instead of the samples: the same distribution, in a fraction of the time.

    Args:
        labels: True classes, [N].
        predictions: Predicted classes of each model, R of [N]; `MISSED` is wrong.
        n_classes: K.
        clusters: What each sample depends on others by, such as its subject, [N]; None: nothing.
        n: Number of draws.
        seed: Same seed, same draws.

    Raises:
        MienError: There are no samples, or lengths differ.
    """
    truth = np.asarray(labels, np.int64)
    right = np.stack([np.asarray(p, np.int64) == truth for p in predictions], axis=1)  # [N, R]
    if not len(truth) or (clusters is not None and len(clusters) != len(truth)):
        raise MienError("the paired bootstrap needs samples, and one cluster for each")
    kinds, counts = _kinds(truth, right, n_classes, clusters)
    rng, n_units = np.random.default_rng(seed), int(counts.sum())
    accuracies, uars = [], []
    for start in range(0, n, _CHUNK):
        weights = rng.multinomial(n_units, counts / n_units, size=min(_CHUNK, n - start))
        # [draws, R + 1, K]: samples of each class, then the right ones of each model
        totals = np.tensordot(weights.astype(np.float64), kinds, axes=1)
        support, hits = totals[:, :1], totals[:, 1:]
        present = support > 0
        recalls = np.divide(hits, support, out=np.zeros_like(hits), where=present)
        accuracies.append(hits.sum(2) / support.sum(2))
        uars.append(recalls.sum(2) / present.sum(2))
    return PairedDraws(np.concatenate(accuracies).T, np.concatenate(uars).T)


def _kinds(
    truth: NDArray[np.int64], right: NDArray[np.bool_], n_classes: int, clusters: Sequence[str] | None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Different units, [U, R + 1, K] (per class samples, then right answers per model), and their numbers."""
    if clusters is None:
        seen, counts = np.unique(np.column_stack([truth, right]), axis=0, return_counts=True)
        kinds = np.zeros((len(seen), right.shape[1] + 1, n_classes))
        kinds[np.arange(len(seen)), 0, seen[:, 0]] = 1
        for k in range(n_classes):
            of_class = seen[:, 0] == k
            kinds[of_class, 1:, k] = seen[of_class, 1:]
        return kinds, counts.astype(np.int64)
    _, unit = np.unique(np.asarray(clusters, str), return_inverse=True)
    kinds = np.zeros((int(unit.max()) + 1, right.shape[1] + 1, n_classes))
    np.add.at(kinds[:, 0], (unit, truth), 1)
    for r in range(right.shape[1]):
        np.add.at(kinds[:, r + 1], (unit, truth), right[:, r])
    return kinds, np.ones(len(kinds), np.int64)
