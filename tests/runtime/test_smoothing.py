import math

import numpy as np
import pytest

from mien.runtime.smoothing import Smoother


def shares(*values):
    return np.array(values, np.float32)


def test_a_first_sight_is_unchanged_and_a_step_decays_with_the_time_constant():
    smoother = Smoother(0.5)
    assert smoother.smooth(0, 0.0, shares(1, 0)).tolist() == [1, 0]
    after = smoother.smooth(0, 0.5, shares(0, 1))
    assert after == pytest.approx([math.exp(-1), 1 - math.exp(-1)], abs=1e-6)


def test_one_long_step_equals_two_short_ones():
    one, two = Smoother(0.3), Smoother(0.3)
    for smoother in (one, two):
        smoother.smooth(0, 0.0, shares(1, 0))
    two.smooth(0, 0.1, shares(0, 1))
    assert one.smooth(0, 0.4, shares(0, 1)) == pytest.approx(two.smooth(0, 0.4, shares(0, 1)), abs=2e-6)


def test_faces_do_not_mix():
    smoother = Smoother(10)
    smoother.smooth(0, 0.0, shares(1, 0))
    assert smoother.smooth(1, 0.1, shares(0, 1)).tolist() == [0, 1]


def test_without_a_time_constant_or_a_time_nothing_changes():
    for smoother, time_s in ((Smoother(0), 1.0), (Smoother(1), None)):
        smoother.smooth(0, time_s, shares(1, 0))
        assert smoother.smooth(0, time_s, shares(0, 1)).tolist() == [0, 1]


def test_what_was_published_is_all_the_memory():
    one, two = Smoother(0.3), Smoother(0.3)
    last = one.smooth(0, 0.0, shares(0.123456789, 0.876543211))
    two.remember(0, 0.0, np.array([round(float(p), 6) for p in last]))
    a, b = (s.smooth(0, 0.1, shares(0.5, 0.5)) for s in (one, two))
    assert a.tobytes() == b.tobytes()
