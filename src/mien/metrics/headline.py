"""Accuracy, UAR and recalls of some samples with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.metrics.classification import accuracy, confusion, missed_faces
from mien.metrics.clusters import ClusterIntervals, cluster_intervals
from mien.metrics.intervals import wilson_interval
from mien.metrics.paired_draws import paired_draws

Interval = tuple[float, float]


def headline_intervals(
    truth: NDArray[np.int64],
    predictions: NDArray[np.int64],
    n_classes: int,
    clusters: Sequence[str] | None = None,
) -> ClusterIntervals:
    """Wilson for shares and the bootstrap for UAR; the bootstrap over clusters for all where there are some.

    Where every draw gives the same figure, as with a single sample or where all answers are right, a
    bootstrap claims to know it exactly. Wilson's interval stands in its place, clusters counted as samples.

    Args:
        truth: True classes, [N].
        predictions: Predicted classes, [N], or `MISSED`.
        n_classes: K.
        clusters: What samples depend on one another by, [N]; None, or a single one: nothing.

    Raises:
        MienError: There are no samples, or lengths differ.
    """
    matrix = confusion(truth, predictions, n_classes)
    missed = missed_faces(truth, predictions, n_classes)
    hits, support = np.diagonal(matrix), matrix.sum(axis=1) + missed
    overall = accuracy(matrix, missed)
    if clusters is None or len(set(clusters)) < 2:
        recalls = tuple(
            wilson_interval(int(h), int(n)) if n else None for h, n in zip(hits, support, strict=True)
        )
        drawn = np.quantile(paired_draws(truth, [predictions], n_classes).uar[0], (0.025, 0.975))
        found = ClusterIntervals(
            accuracy=wilson_interval(int(hits.sum()), len(truth)),
            uar=(float(drawn[0]), float(drawn[1])),
            recalls=recalls,
        )
        return _widened(found, found.accuracy, recalls)
    units = [len({c for c, y in zip(clusters, truth, strict=True) if y == k}) for k in range(n_classes)]
    return _widened(
        cluster_intervals(truth, predictions, clusters, n_classes),
        wilson_interval(overall * len(set(clusters)), len(set(clusters))),
        tuple(
            wilson_interval(h / n * m, m) if n else None for h, n, m in zip(hits, support, units, strict=True)
        ),
    )


def _widened(
    found: ClusterIntervals, overall: Interval, recalls: tuple[Interval | None, ...]
) -> ClusterIntervals:
    """Wilson's intervals in place of those without width; that of UAR is the mean of its classes' ends."""
    low, high = np.mean([r for r in recalls if r is not None], axis=0)
    return ClusterIntervals(
        accuracy=_wider(found.accuracy, overall),
        uar=_wider(found.uar, (float(low), float(high))),
        recalls=tuple(
            None if mine is None or other is None else _wider(mine, other)
            for mine, other in zip(found.recalls, recalls, strict=True)
        ),
    )


def _wider(interval: Interval, other: Interval) -> Interval:
    return interval if interval[1] - interval[0] > 1e-12 else other
