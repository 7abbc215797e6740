from __future__ import annotations

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.metrics.classification import MISSED
from mien.metrics.predictions import Predictions

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
