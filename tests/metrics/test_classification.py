import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score, recall_score

from mien.core.errors import MienError
from mien.metrics.classification import (
    MISSED,
    accuracy,
    confusion,
    f1_scores,
    missed_faces,
    recalls,
    uar,
)


@pytest.fixture
def answers():
    rng = np.random.default_rng(3)
    y = rng.integers(0, 7, 400)
    p = np.where(rng.random(400) < 0.6, y, rng.integers(0, 7, 400))
    return y, p


def test_all_figures_equal_scikit_learn(answers):
    y, p = answers
    matrix = confusion(y, p, 7)

    assert matrix.dtype == np.int64
    np.testing.assert_array_equal(matrix, confusion_matrix(y, p, labels=range(7)))
    assert accuracy(matrix) == pytest.approx(accuracy_score(y, p), abs=1e-12)
    assert uar(matrix) == pytest.approx(balanced_accuracy_score(y, p), abs=1e-12)
    np.testing.assert_allclose(recalls(matrix), recall_score(y, p, average=None), atol=1e-12)
    np.testing.assert_allclose(f1_scores(matrix), f1_score(y, p, average=None), atol=1e-12)


def test_rows_are_the_truth():
    assert confusion([0, 0, 1], [1, 1, 1], 2).tolist() == [[0, 2], [0, 1]]


def test_absent_class_is_left_out_of_the_uar():
    matrix = confusion([0, 0, 1, 1], [0, 2, 1, 1], 3)

    assert uar(matrix) == 0.75
    np.testing.assert_array_equal(recalls(matrix), [0.5, 1.0, np.nan])
    # class 2 is predicted but never true: its F1 is 0, not unknown
    np.testing.assert_allclose(f1_scores(matrix), [2 / 3, 1.0, 0.0])


def test_missed_face_is_a_wrong_answer():
    y, p = [0, 0, 0, 1, 1], [0, 0, MISSED, 1, MISSED]
    matrix, missed = confusion(y, p, 2), missed_faces(y, p, 2)

    assert matrix.tolist() == [[2, 0], [0, 1]]
    assert missed.tolist() == [1, 1]
    assert accuracy(matrix, missed) == 0.6
    assert uar(matrix, missed) == pytest.approx((2 / 3 + 1 / 2) / 2)
    np.testing.assert_allclose(f1_scores(matrix, missed), [4 / 5, 2 / 3])


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 1], [0], "expected labels"),
        ([0, 2], [0, 1], "labels must lie in 0..1"),
        ([0, 1], [0, 2], "predictions must lie in 0..1"),
        ([0, 1], [0, -2], "predictions must lie in 0..1"),
    ],
)
def test_wrong_input_is_named(y, p, message):
    with pytest.raises(MienError, match=message):
        confusion(y, p, 2)


def test_nothing_to_score_is_an_error():
    with pytest.raises(MienError, match="no samples"):
        accuracy(confusion([], [], 3))
