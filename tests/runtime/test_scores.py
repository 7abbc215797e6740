import numpy as np
import pytest

from mien.core.records import Face
from mien.runtime.scores import face_row

FACE = Face((1, 2, 30, 40), 0.9, np.zeros((5, 2), np.float32))
SCORES = np.array([0.2, 0.7, 0.1], np.float32)


@pytest.mark.parametrize(
    ("limit", "warnings", "unsure"),
    [
        (None, (), False),
        (0.6, (), False),
        (0.71, (), True),
        (0.6, ("dark",), True),
        (None, ("profile", "blurred"), True),
    ],
)
def test_a_face_is_unsure_below_the_limit_or_with_a_warning(limit, warnings, unsure):
    row = face_row(("a", 0, None), 0, FACE, SCORES, ("x", "y", "z"), warnings=warnings, unsure_below=limit)
    assert row.unsure is unsure
    assert row.warnings == warnings
    assert row.emotion == "y"
