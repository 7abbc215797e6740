import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

from mien.core.errors import MienError
from mien.metrics.calibration import (
    TEMPERATURE_RANGE,
    ReliabilityBin,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability_bins,
)


def two_class(confidences, right):
    """Probabilities whose prediction is class 0 with the given confidence, and labels."""
    c = np.array(confidences)
    return np.stack([c, 1 - c], axis=1), np.where(right, 0, 1)


def test_hand_table():
    probabilities, labels = two_class([0.6, 0.7, 0.8, 1.0], [True, False, True, True])
    bins = reliability_bins(probabilities, labels, n_bins=2)

    assert [b.n for b in bins] == [2, 2]
    assert [b.confidence for b in bins] == pytest.approx([0.65, 0.9])
    assert [b.accuracy for b in bins] == [0.5, 1.0]
    assert expected_calibration_error(probabilities, labels, n_bins=2) == pytest.approx(
        0.5 * 0.15 + 0.5 * 0.1
    )


def test_bins_hold_equal_numbers():
    rng = np.random.default_rng(0)
    probabilities = softmax(rng.normal(size=(1500, 7)), axis=1)

    assert [b.n for b in reliability_bins(probabilities, rng.integers(0, 7, 1500))] == [100] * 15


def test_equal_confidences_share_a_bin_whatever_their_order():
    probabilities, labels = two_class([0.9] * 10, [True] * 6 + [False] * 4)
    (only,) = reliability_bins(probabilities, labels, n_bins=5)

    assert (only.n, only.accuracy) == (10, 0.6)
    assert only.confidence == pytest.approx(0.9)
    shuffled = np.random.default_rng(1).permutation(10)
    assert reliability_bins(probabilities[shuffled], labels[shuffled], n_bins=5) == [only]
    assert isinstance(only, ReliabilityBin)


def test_ece_is_the_gap_of_an_overconfident_model():
    n = 20_000
    rng = np.random.default_rng(2)
    probabilities, labels = two_class(np.full(n, 0.9), rng.random(n) < 0.7)

    assert expected_calibration_error(probabilities, labels) == pytest.approx(0.2, abs=0.01)


def test_nll_equals_scikit_learn():
    rng = np.random.default_rng(4)
    logits, labels = rng.normal(size=(50, 4)) * 3, rng.integers(0, 4, 50)

    expected = log_loss(labels, softmax(logits / 1.7, axis=1), labels=range(4))
    assert negative_log_likelihood(logits, labels, 1.7) == pytest.approx(expected, abs=1e-10)


def test_temperature_that_made_the_data_is_found():
    rng = np.random.default_rng(5)
    logits = rng.normal(size=(40_000, 5)) * 4
    cumulated = softmax(logits / 2.5, axis=1).cumsum(axis=1)
    labels = (rng.random((40_000, 1)) > cumulated).sum(axis=1).clip(0, 4)

    fitted = fit_temperature(logits, labels)

    assert fitted == pytest.approx(2.5, rel=0.03)
    # the optimum of the very sum, on a fine grid around it
    grid = fitted * np.linspace(0.99, 1.01, 21)
    losses = [-log_softmax(logits / t, axis=1)[np.arange(40_000), labels].mean() for t in grid]
    assert int(np.argmin(losses)) == 10


@pytest.mark.parametrize("logits", [np.eye(3) * 5, -np.eye(3) * 5], ids=["always right", "always wrong"])
def test_temperature_without_an_optimum_stays_in_range(logits):
    low, high = TEMPERATURE_RANGE
    assert low <= fit_temperature(logits, [0, 1, 2]) <= high


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        (np.ones((2, 3)), [0], "expected scores"),
        (np.ones((0, 3)), [], "no samples"),
        (np.ones((1, 3)), [3], "labels must lie in 0..2"),
    ],
)
def test_wrong_input_is_named(scores, labels, message):
    with pytest.raises(MienError, match=message):
        expected_calibration_error(scores, labels)


def test_no_bins_is_an_error():
    with pytest.raises(MienError, match="at least one bin"):
        reliability_bins(np.ones((1, 2)), [0], n_bins=0)
