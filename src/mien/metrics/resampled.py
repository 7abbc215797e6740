"""The corrected resampled t-test: is one recipe better than another over the folds of a cross-validation?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.core.errors import MienError
from mien.core.specs import Frozen


class ResampledT(Frozen):
    """The test's result.

    Attributes:
        n_folds: J; the test has J - 1 degrees of freedom.
        mean: Mean difference over folds.
        low: Lower end of its 95 % interval.
        high: Upper end.
        t: The statistic; None where all folds differ by the same amount.
        p_value: Two-sided.
    """

    n_folds: int
    mean: float
    low: float
    high: float
    t: float | None
    p_value: float


def corrected_resampled_t(
    differences: Sequence[float], n_train: Sequence[int], n_test: Sequence[int]
) -> ResampledT:
    """Nadeau and Bengio's test (Machine Learning 52, 2003) of paired differences over folds.

    Folds share most of their training samples, so an ordinary t-test finds differences where there are none.
    Here the variance of the mean is s^2 (1 / J + n_test / n_train) instead of s^2 / J.

    Args:
        differences: Of recipe A's figure minus recipe B's, one per fold, [J].
        n_train: Samples each fold's models learnt from, [J].
        n_test: Samples each fold was tested on, [J].

    Raises:
        MienError: There are fewer than two folds, or a fold without samples.
    """
    from scipy.stats import t as student

    n = len(differences)
    if n < 2 or not n == len(n_train) == len(n_test):
        raise MienError(f"the corrected resampled t-test needs at least two folds and their sizes, got {n}")
    if min(*n_train, *n_test) < 1:
        raise MienError("the corrected resampled t-test needs samples in every fold")
    mean, variance = float(np.mean(differences)), float(np.var(differences, ddof=1))
    error = float(np.sqrt(variance * (1 / n + np.mean(np.divide(n_test, n_train)))))
    if error <= 1e-12:  # what is left of equal differences after rounding
        return ResampledT(
            n_folds=n, mean=mean, low=mean, high=mean, t=None, p_value=float(abs(mean) <= 1e-12)
        )
    half = float(student.ppf(0.975, n - 1)) * error
    return ResampledT(
        n_folds=n,
        mean=mean,
        low=mean - half,
        high=mean + half,
        t=mean / error,
        p_value=float(2 * student.sf(abs(mean / error), n - 1)),
    )
