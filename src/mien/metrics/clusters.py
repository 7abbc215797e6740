"""Intervals where samples come in clusters: the pictures of a person, or one picture scored several times.

Drawing single samples would take them for independent and give intervals that are too narrow, so whole
clusters are drawn (Field and Welsh, JRSS B 69, 2007).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import MienError
from mien.metrics.classification import MISSED

_CHUNK = 50


@dataclass(frozen=True)
class ClusterIntervals:
    """95 % intervals by the bootstrap over clusters.

    Attributes:
        accuracy: Of the share of right answers.
        uar: Of the mean recall over the classes present in a draw.
        recalls: Per class; None for a class without samples.
    """

    accuracy: tuple[float, float]
    uar: tuple[float, float]
    recalls: tuple[tuple[float, float] | None, ...]


def cluster_intervals(
    labels: ArrayLike,
    predictions: ArrayLike,
    clusters: Sequence[str],
    n_classes: int,
    n: int = 1000,
    seed: int = 0,
) -> ClusterIntervals:
    """Intervals of accuracy, UAR and recalls when whole clusters are drawn, with replacement.

    Args:
        labels: True classes, [N].
        predictions: Predicted classes, [N], or `MISSED`.
        clusters: Cluster of each sample, [N]; at least two different ones.
        n_classes: K.
        n: Number of draws.
        seed: Same seed, same intervals.

    Raises:
        MienError: Lengths differ, or there are fewer than two clusters.
    """
    tables = cluster_tables(labels, predictions, clusters, n_classes)
    if len(tables) < 2:
        raise MienError("the bootstrap over clusters needs at least two of them")
    rng, drawn = np.random.default_rng(seed), []
    for start in range(0, n, _CHUNK):
        size = min(_CHUNK, n - start)
        weights = rng.multinomial(len(tables), np.full(len(tables), 1 / len(tables)), size=size)
        drawn.append(np.tensordot(weights, tables, axes=1))
    counts = np.concatenate(drawn)  # [n, K, K + 1]
    support = counts.sum(2)
    hits = np.diagonal(counts[:, :, :n_classes], axis1=1, axis2=2)
    with np.errstate(invalid="ignore"):
        recalls = hits / support  # NaN where a draw lacks the class
    present = support > 0
    uars = np.where(present, recalls, 0).sum(1) / present.sum(1)
    per_class = [_middle(recalls[present[:, k], k]) if tables[:, k].any() else None for k in range(n_classes)]
    return ClusterIntervals(_middle(hits.sum(1) / support.sum(1)), _middle(uars), tuple(per_class))


def cluster_tables(
    labels: ArrayLike, predictions: ArrayLike, clusters: Sequence[str], n_classes: int
) -> NDArray[np.int64]:
    """Truth against prediction within each cluster, [G, K, K + 1]; the last column counts missed faces.

    Raises:
        MienError: Lengths differ.
    """
    truth, said = np.asarray(labels, np.int64), np.asarray(predictions, np.int64)
    if not len(truth) == len(said) == len(clusters):
        raise MienError(f"expected as many clusters as samples, got {len(clusters)} for {len(truth)}")
    _, cluster = np.unique(np.asarray(clusters, str), return_inverse=True)
    tables = np.zeros((int(cluster.max()) + 1, n_classes, n_classes + 1), np.int64)
    np.add.at(tables, (cluster, truth, np.where(said == MISSED, n_classes, said)), 1)
    return tables


def draws_of(clusters: Sequence[str]) -> Callable[[np.random.Generator], NDArray[np.int64]]:
    """A function that draws whole clusters, with replacement, and gives the rows of their samples."""
    _, cluster = np.unique(np.asarray(clusters, str), return_inverse=True)
    order = np.argsort(cluster, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(cluster))[:-1])

    def draw(rng: np.random.Generator) -> NDArray[np.int64]:
        return np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])

    return draw


def _middle(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
