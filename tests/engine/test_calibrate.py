import numpy as np
import pytest
from scipy.special import softmax

from mien.core.specs import InputSpec, ModelSpec
from mien.engine.calibrate import LEAST_FACES, WANTED_ACCURACY, calibrated

SPEC = ModelSpec(
    name="m",
    method="baseline",
    labels=("anger", "fear", "surprise"),
    input=InputSpec(size_px=16, channels="gray", mean=(0.5,), std=(0.5,)),
)


def drawn(n):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, n)
    return rng.normal(0, 1.5, (n, 3)) + 2 * np.eye(3)[labels], labels


def test_the_limit_keeps_its_promise_on_what_it_was_fitted_on():
    scores, labels = drawn(800)
    spec = calibrated(SPEC, scores, labels, "some faces")
    shares = softmax(scores / spec.calibration.temperature, axis=1)
    sure = shares.max(1) >= spec.unsure_below
    right = (shares.argmax(1) == labels)[sure].mean()
    assert right >= WANTED_ACCURACY
    assert spec.unsure_rule.accuracy == pytest.approx(right)
    assert spec.unsure_rule.coverage == pytest.approx(sure.mean())
    assert 0.2 < sure.mean() < 0.95
    assert ModelSpec.from_json(spec.to_json()) == spec


def test_few_faces_give_no_limit():
    assert calibrated(SPEC, *drawn(LEAST_FACES - 1), "few").unsure_below is None
    assert calibrated(SPEC, *drawn(LEAST_FACES), "enough").unsure_below is not None
