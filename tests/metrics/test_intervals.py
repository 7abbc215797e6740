import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import binomtest, norm

from mien.core.errors import MienError
from mien.metrics.calibration import expected_calibration_error
from mien.metrics.intervals import Z_95, bootstrap_interval, wilson_interval


@pytest.mark.parametrize(("k", "n"), [(0, 10), (10, 10), (3, 7), (2553, 3589), (1, 1)])
def test_wilson_equals_scipy(k, n):
    expected = binomtest(k, n).proportion_ci(confidence_level=0.95, method="wilson")
    assert wilson_interval(k, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_z_is_the_normal_quantile():
    assert norm.ppf(0.975) == pytest.approx(Z_95, abs=1e-12)


def test_wilson_without_trials_knows_nothing():
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5)])
def test_wilson_refuses_impossible_counts(k, n):
    with pytest.raises(MienError, match="0 <= k <= n"):
        wilson_interval(k, n)


def test_bootstrap_of_a_mean_is_the_normal_interval():
    x = np.random.default_rng(0).normal(5.0, 2.0, 2000)
    low, high = bootstrap_interval(lambda a: float(a.mean()), x, n=4000)

    half = Z_95 * x.std() / np.sqrt(len(x))
    assert (low, high) == pytest.approx((x.mean() - half, x.mean() + half), abs=0.05 * half)


def test_bootstrap_draws_rows_together():
    x = np.arange(50.0)
    low, high = bootstrap_interval(
        lambda a, b: float(np.abs(a - b[:, 0]).max()), x, np.stack([x, -x], axis=1), n=50
    )
    assert (low, high) == (0.0, 0.0)


def test_same_seed_same_interval():
    x = np.random.default_rng(1).random(40)

    def mean(a):
        return float(a.mean())

    assert bootstrap_interval(mean, x, n=100) == bootstrap_interval(mean, x, n=100)
    assert bootstrap_interval(mean, x, n=100) != bootstrap_interval(mean, x, n=100, seed=1)


def test_recentred_interval_holds_the_ece_of_a_calibrated_model():
    rng = np.random.default_rng(6)
    probabilities = softmax(rng.normal(size=(1500, 7)), axis=1)
    labels = (rng.random((1500, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(0, 6)
    ece = expected_calibration_error(probabilities, labels)

    plain = bootstrap_interval(expected_calibration_error, probabilities, labels, n=300)
    low, high = bootstrap_interval(expected_calibration_error, probabilities, labels, n=300, recentre=True)

    assert low < ece < high
    assert sum(plain) / 2 > ece + 0.004  # what recentring is for
    assert high - low == pytest.approx(plain[1] - plain[0])


@pytest.mark.parametrize("arrays", [(np.empty(0),), (np.ones(3), np.ones(4))])
def test_arrays_must_be_alike_and_not_empty(arrays):
    with pytest.raises(MienError, match="one length above 0"):
        bootstrap_interval(lambda *a: 0.0, *arrays)
