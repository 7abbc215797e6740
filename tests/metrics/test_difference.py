import numpy as np
import pytest

from mien.core.errors import MienError
from mien.metrics.difference import mcnemar, paired_bootstrap


def right_and_wrong(pattern):
    """Predictions for labels of 0: a 1 in the pattern is a right answer."""
    return np.where(np.array(pattern) == 1, 0, 1)


def test_mcnemar_hand_table():
    # 6 discordant pairs, 5 of them for A: two-sided exact p = 2 (C(6,5) + C(6,6)) / 2^6 = 14 / 64
    a = right_and_wrong([1, 1, 1, 1, 1, 0, 1, 0])
    b = right_and_wrong([0, 0, 0, 0, 0, 1, 1, 0])
    test = mcnemar(np.zeros(8, int), a, b)

    assert (test.n_a_only, test.n_b_only) == (5, 1)
    assert test.p_value == pytest.approx(14 / 64, abs=1e-12)


def test_mcnemar_of_equal_answers_says_nothing():
    assert mcnemar([0, 1], [0, 0], [0, 0]).p_value == 1.0


def test_mcnemar_needs_paired_answers():
    with pytest.raises(MienError, match="must be alike"):
        mcnemar([0, 1], [0, 1], [0])


def share_right(y, p):
    return float((y == p).mean())


def test_paired_bootstrap_sees_a_small_but_steady_difference():
    rng = np.random.default_rng(0)
    y = np.zeros(500, int)
    b = (rng.random(500) < 0.3).astype(int)
    a = b.copy()
    a[np.flatnonzero(b)[:15]] = 0  # A is right wherever B is, and 15 times more

    found = paired_bootstrap(share_right, y, a, b, n=500)

    assert found.value == pytest.approx(0.03)
    assert 0 < found.low < 0.03 < found.high < 0.06  # unpaired, the interval would be +-0.056 wide


def test_paired_bootstrap_of_a_model_with_itself_is_nothing():
    y, p = np.array([0, 1, 1]), np.array([0, 1, 0])
    found = paired_bootstrap(share_right, y, p, p, n=20)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
