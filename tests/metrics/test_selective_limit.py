import numpy as np
import pytest

from mien.metrics.selective import confidence_limit, unsure_figures


def slow(confidence, right, wanted):
    """Every limit tried, from the lowest."""
    for limit in sorted(confidence):
        kept = confidence >= limit
        if right[kept].mean() >= wanted - 1e-12:
            return kept.mean(), right[kept].mean()
    return 0.0, 0.0


@pytest.mark.parametrize("wanted", [0.5, 0.8, 0.9, 1.0])
def test_the_limit_is_that_of_a_slow_search(wanted):
    rng = np.random.default_rng(0)
    for _ in range(30):
        confidence = rng.integers(1, 12, 40) / 12  # with equal ones
        right = rng.random(40) < confidence
        limit, coverage, accuracy = confidence_limit(confidence, right, wanted)
        assert (coverage, accuracy) == pytest.approx(slow(confidence, right, wanted))
        assert (confidence >= limit).mean() == pytest.approx(coverage)


def test_by_hand():
    limit, coverage, accuracy = confidence_limit([0.9, 0.8, 0.7, 0.6], [True, True, False, False], 0.9)
    assert (limit, coverage, accuracy) == (pytest.approx(0.75), 0.5, 1.0)
    assert confidence_limit([0.9, 0.8], [True, True], 0.9) == (0.8, 1.0, 1.0)
    assert confidence_limit([0.9, 0.8], [False, False], 0.9) == (1.0, 0.0, 0.0)


def test_figures_of_a_limit():
    shares = np.array([[0.9, 0.1], [0.8, 0.2], [0.45, 0.55], [0.6, 0.4]])
    found = unsure_figures(shares, np.array([0, 1, 0, 0]), 0.7)
    assert (found.coverage, found.accuracy, found.accuracy_unsure) == (0.5, 0.5, 0.5)
    assert found.accuracy_interval[0] < 0.5 < found.accuracy_interval[1]
    nobody = unsure_figures(shares, np.array([0, 1, 0, 0]), 1.0)
    assert (nobody.coverage, nobody.accuracy) == (0.0, None)
