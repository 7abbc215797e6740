"""Soft labels in the terms of the hard ones."""

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.records import Sample
from mien.data.soft_labels import calibrated, label_posterior

FACE = np.zeros((8, 8), np.uint8)


def crowd(n: int = 600) -> list[Sample]:
    """Voters who call every second face of class 2 class 0, as FER+'s call sad faces neutral."""
    rng = np.random.default_rng(0)
    samples = []
    for i in range(n):
        label = i % 3
        seen = 0 if label == 2 and rng.random() < 0.5 else label
        samples.append(Sample(str(i), FACE, label, "train", soft_label=0.1 + 0.7 * np.eye(3)[seen]))
    return samples


def test_calibrated_soft_labels_agree_with_the_hard_labels_on_average():
    samples = crowd()
    given = np.mean([s.soft_label for s in samples], axis=0)
    mapped = np.mean([s.soft_label for s in calibrated(samples, 3)], axis=0)
    assert given[0] > 0.4  # the voters' bias
    np.testing.assert_allclose(mapped, 1 / 3, atol=0.01)


def test_a_clear_vote_stays_clear_and_an_ambiguous_one_is_shared():
    pairs = zip(crowd(), calibrated(crowd(), 3), strict=True)
    by_vote = {int(s.soft_label.argmax()): t.soft_label for s, t in pairs}
    assert by_vote[1][1] > 0.9
    assert by_vote[0][0] == pytest.approx(2 / 3, abs=0.06)
    assert by_vote[0][2] == pytest.approx(1 / 3, abs=0.06)


def test_samples_without_votes_and_absent_classes():
    samples = [*crowd(), Sample("none", FACE, 1, "train")]
    mapped = calibrated(samples, 5)
    assert mapped[-1].soft_label is None
    assert mapped[0].soft_label.shape == (5,)
    assert not mapped[0].soft_label[3:].any()
    rows = label_posterior(np.eye(3)[[0, 1, 0, 1]], np.array([0, 1, 0, 1]), 4)
    np.testing.assert_allclose(rows.sum(1), 1)


def test_votes_are_needed():
    with pytest.raises(MienError, match="0 of 2 training samples have one"):
        calibrated([Sample(str(i), FACE, i, "train") for i in range(2)], 2)
