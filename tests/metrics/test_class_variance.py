import numpy as np
import pytest

from mien.metrics.class_variance import class_variance


def test_against_a_slow_loop():
    rng = np.random.default_rng(0)
    points, truth = rng.normal(size=(30, 2)) * 7, np.repeat([0, 1, 3], [4, 20, 6])
    found = class_variance(points, truth, 4)
    centres = []
    for k in range(4):
        own = [p for p, label in zip(points, truth, strict=True) if label == k]
        if not own:
            assert found.intra[k] is None
            continue
        centre = [sum(p[d] for p in own) / len(own) for d in range(2)]
        centres.append(centre)
        squares = [sum((p[d] - centre[d]) ** 2 for d in range(2)) for p in own]
        assert found.intra[k] == pytest.approx(sum(squares) / len(own), rel=1e-12)
    middle = [sum(c[d] for c in centres) / 3 for d in range(2)]
    between = [sum((c[d] - middle[d]) ** 2 for d in range(2)) for c in centres]
    assert found.inter == pytest.approx(sum(between) / 3, rel=1e-12)
    assert found.n == (4, 20, 0, 6)


def test_one_sample_and_one_class():
    found = class_variance(np.array([[3.0, 4.0]]), np.array([1]), 2)
    assert found.intra == (None, 0.0)
    assert found.inter is None
