import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.labels import (
    BASIC6,
    BASIC7,
    BASIC8,
    COMPOUND11,
    LabelSpace,
    basic_space,
    project,
    project_scores,
)

FER2013 = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")


def test_basic_spaces_are_alphabetical_and_nested():
    for space, n in ((BASIC6, 6), (BASIC7, 7), (BASIC8, 8), (COMPOUND11, 11)):
        assert list(space.names) == sorted(space.names)
        assert len(space) == n
    assert set(BASIC6.names) < set(BASIC7.names) < set(BASIC8.names)
    assert basic_space(7) is BASIC7
    with pytest.raises(MienError, match="6, 7 and 8 classes, not of 5"):
        basic_space(5)


def test_a_native_order_is_mapped_by_name():
    assert project(FER2013, BASIC7).tolist() == [0, 1, 2, 3, 5, 6, 4]


def test_labels_the_target_lacks_are_minus_one():
    assert project(FER2013, BASIC6).tolist() == [0, 1, 2, 3, 4, 5, -1]


def test_scores_follow_their_labels():
    scores = np.array([[1.0, 2, 3, 4, 5, 6, 7]])
    assert project_scores(scores, FER2013, BASIC7).tolist() == [[1, 2, 3, 4, 7, 5, 6]]


def test_scores_of_a_missing_label_are_dropped_and_of_an_unknown_one_zero():
    scores = np.array([[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]])
    assert project_scores(scores, FER2013, BASIC6).tolist() == [[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]]
    assert project_scores(scores, FER2013, BASIC8)[0, BASIC8.index("contempt")] == 0


@pytest.mark.parametrize("names", [(), ("fear", "fear")])
def test_names_must_be_there_and_distinct(names):
    with pytest.raises(MienError, match="distinct names"):
        LabelSpace(names)


def test_an_unknown_label_is_named():
    with pytest.raises(MienError, match=r"unknown label 'joy'.*happiness"):
        BASIC7.index("joy")
