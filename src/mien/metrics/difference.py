"""Is one model better than another on the same samples?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import MienError
from mien.metrics.intervals import Draw, bootstrap_values


@dataclass(frozen=True)
class McNemar:
    """McNemar's exact test.

    Attributes:
        n_a_only: Samples that only model A has right.
        n_b_only: Samples that only model B has right.
        p_value: Two-sided; how likely a split at least this uneven is between two equally good models.
    """

    n_a_only: int
    n_b_only: int
    p_value: float


@dataclass(frozen=True)
class Difference:
    """A statistic of model A minus that of model B.

    Attributes:
        value: The difference on the samples as they are.
        low: Lower end of its 95 % interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of_intervals(
        cls, a: float, ends_a: tuple[float, float], b: float, ends_b: tuple[float, float]
    ) -> Difference:
        """Two shares' difference from their own 95 % intervals (Newcombe, Statistics in Medicine 17, 1998).

        Takes the shares for independent: too wide for two models on the same samples. It serves where a
        bootstrap has no width, as with a single sample.
        """
        below = np.hypot(a - ends_a[0], ends_b[1] - b)
        above = np.hypot(ends_a[1] - a, b - ends_b[0])
        return cls(a - b, max(-1.0, float(a - b - below)), min(1.0, float(a - b + above)))


def mcnemar(labels: ArrayLike, predictions_a: ArrayLike, predictions_b: ArrayLike) -> McNemar:
    """Compare the accuracy of two models on the same samples (McNemar, Psychometrika 12, 1947; exact form).

    Args:
        labels: True classes, [N].
        predictions_a: Of model A, [N].
        predictions_b: Of model B, [N].

    Raises:
        MienError: Lengths differ.
    """
    from scipy.stats import binomtest

    truth, a, b = (np.asarray(x) for x in (labels, predictions_a, predictions_b))
    if not truth.shape == a.shape == b.shape:
        raise MienError(f"labels and both predictions must be alike, got {truth.shape}, {a.shape}, {b.shape}")
    a_right, b_right = a == truth, b == truth
    a_only, b_only = int(np.sum(a_right & ~b_right)), int(np.sum(b_right & ~a_right))
    if a_only + b_only == 0:
        return McNemar(0, 0, 1.0)
    return McNemar(a_only, b_only, float(binomtest(a_only, a_only + b_only, 0.5).pvalue))


def paired_bootstrap(
    stat: Callable[[NDArray[Any], NDArray[Any]], float],
    labels: NDArray[Any],
    outputs_a: NDArray[Any],
    outputs_b: NDArray[Any],
    n: int = 1000,
    seed: int = 0,
    draw: Draw | None = None,
) -> Difference:
    """Interval of stat(labels, outputs_a) - stat(labels, outputs_b), both models on the same resamples.

    Args:
        stat: Takes labels and outputs, returns a number.
        labels: True classes, [N].
        outputs_a: What `stat` wants of model A: predictions [N] or probabilities [N, K].
        outputs_b: The same of model B.
        n: Number of resamples.
        seed: Same seed, same interval.
        draw: Rows of one resample, e.g. those of whole people (`mien.metrics.clusters.draws_of`); None draws
            samples.

    Raises:
        MienError: There are no samples, or the arrays differ in length.
    """

    def difference(y: NDArray[Any], a: NDArray[Any], b: NDArray[Any]) -> float:
        return stat(y, a) - stat(y, b)

    values = bootstrap_values(difference, labels, outputs_a, outputs_b, n=n, seed=seed, draw=draw)
    low, high = np.quantile(values, (0.025, 0.975))
    return Difference(difference(labels, outputs_a, outputs_b), float(low), float(high))
