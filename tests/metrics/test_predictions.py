from __future__ import annotations

import csv

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.metrics.classification import MISSED
from mien.metrics.predictions import Predictions, pool

LABELS = ("anger", "happiness", "sadness")


def _some() -> Predictions:
    scores = np.array([[0.7, 0.2, 0.1], [np.nan] * 3, [1 / 3 + 1e-4, 1 / 3, 1 / 3 - 1e-4]])
    return Predictions(LABELS, ("a", "b, with comma", "ç"), np.array([0, 2, 1]), scores)


def test_written_and_read_again() -> None:
    before = _some()
    after = Predictions.from_csv(before.to_csv())
    assert (after.labels, after.ids) == (before.labels, before.ids)
    assert after.truth.tolist() == [0, 2, 1]
    np.testing.assert_allclose(after.probabilities, before.probabilities, rtol=1e-6)


def test_a_missed_face_has_no_prediction() -> None:
    assert _some().predicted.tolist() == [0, MISSED, 0]


@pytest.mark.parametrize(
    "text",
    ["", "a,b\n1,2\n", "id,truth,anger,happiness\nx,disgust,1,0\n", "id,truth,anger,happiness\nx,anger,1\n",
     "id,truth,anger,happiness\n", "id,truth,anger,happiness\nx,anger,one,0\n"],
)  # fmt: skip
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(MienError, match=r"p\.csv"):
        Predictions.from_csv(text, "p.csv")


def _people() -> Predictions:
    before = _some()
    groups = {"gender": ("female", "", "male"), "age_band": ("20-39", "4-19", "")}
    return Predictions(
        before.labels, before.ids, before.truth, before.probabilities, ("p1", "", "p,2"), groups
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,truth,a,b\nx,a,2.5,-1.5\n", r"x\.csv holds values from -1\.5 to 2\.5: expected probabilities"),
        ("id,truth,a,b\nx,a,inf,0\n", "expected probabilities"),
        ("id,truth,a,b\nx,joy,1,0\n", "x is 'joy', which is none of its labels: a, b"),
    ],
)
def test_strange_values_are_told(text: str, said: str) -> None:
    with pytest.raises(MienError, match=said):
        Predictions.from_csv(text, "x.csv")


def test_a_field_longer_than_the_reader_takes_is_told() -> None:
    before = csv.field_size_limit(1000)
    try:
        with pytest.raises(MienError, match=r"x\.csv is damaged: field larger"):
            Predictions.from_csv("id,truth,a,b\n" + "x" * 2000 + ",a,1,0\n", "x.csv")
    finally:
        csv.field_size_limit(before)


def test_a_table_saved_by_a_spreadsheet_is_read() -> None:
    assert Predictions.from_csv("\ufeffid,truth,a,b\r\nx,a,0.7,0.3\r\n\r\n").ids == ("x",)


def test_people_and_groups_are_kept() -> None:
    text = _people().to_csv()
    assert text.splitlines()[0] == "id,truth,subject,group:gender,group:age_band,anger,happiness,sadness"
    after = Predictions.from_csv(text)
    assert after.labels == LABELS
    assert after.subjects == ("p1", "", "p,2")
    assert after.groups == _people().groups
    assert after.to_csv() == text


def test_files_from_before_there_were_people_still_read() -> None:
    old = Predictions.from_csv("id,truth,anger,happiness\nx,anger,0.75,0.25\ny,happiness,,\n")
    assert (old.subjects, old.groups, old.labels) == ((), {}, ("anger", "happiness"))
    assert old.predicted.tolist() == [0, MISSED]
    assert old.to_csv().splitlines()[0] == "id,truth,anger,happiness"


def test_a_class_called_subject_is_no_person() -> None:
    before = Predictions(("other", "subject"), ("a",), np.array([1]), np.array([[0.4, 0.6]]))
    after = Predictions.from_csv(before.to_csv())
    assert (after.labels, after.subjects) == (("other", "subject"), ())
    swapped = Predictions(("subject", "other"), ("a",), np.array([1]), np.array([[0.4, 0.6]]))
    assert Predictions.from_csv(swapped.to_csv()).labels == ("subject", "other")


def test_pooled_tables_keep_what_all_of_them_know() -> None:
    both = pool([_people(), _people()])
    assert both.ids == _people().ids * 2
    assert both.groups["gender"] == ("female", "", "male") * 2
    assert both.subjects == ("p1", "", "p,2") * 2
    mixed = pool([_people(), _some()])
    assert (mixed.subjects, mixed.groups, len(mixed.truth)) == ((), {}, 6)
    with pytest.raises(MienError, match="same labels"):
        pool([])


def test_rows_in_another_order() -> None:
    turned = _people().rows([2, 0])
    assert turned.ids == ("ç", "a")
    assert turned.truth.tolist() == [1, 0]
    assert turned.groups["gender"] == ("male", "female")
    assert turned.probabilities[1].tolist() == [0.7, 0.2, 0.1]
