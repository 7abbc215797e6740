"""A stream's rows are those of the same frames in a video, one frame at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.core.errors import InputError
from mien.runtime.stream import FaceStream


def test_faces_keep_their_numbers_while_they_move(predictor, detector, picture):
    stream = FaceStream(predictor, detector, name="camera", rate_fps=25)
    for index in range(12):
        rows = stream.update(picture([(10 + 3 * index, 20), (100 - 3 * index, 70)]), index, index / 25)
        assert [row.face_id for row in rows] == [0, 1]
        assert rows[0].face.box[0] == 10 + 3 * index
        assert {(row.input, row.frame, row.timestamp_s) for row in rows} == {("camera", index, index / 25)}


def test_a_frame_without_a_face_is_a_row(predictor, detector, picture):
    (row,) = FaceStream(predictor, detector, name="camera").update(picture([]), 3, 0.5)
    assert (row.status, row.frame, row.face_id) == ("no_face", 3, None)


def test_smoothing_answers_with_the_stated_delay(predictor, detector, picture):
    stream = FaceStream(predictor, detector, name="camera", smooth_s=0.5)
    plain = FaceStream(predictor, detector, name="camera")
    stream.update(picture([(40, 40)], shade=160), 0, 0.0)
    before = plain.update(picture([(40, 40)], shade=160), 0, 0.0)[0].probabilities
    after = plain.update(picture([(40, 40)], shade=250), 1, 0.5)[0].probabilities
    smoothed = stream.update(picture([(40, 40)], shade=250), 1, 0.5)[0].probabilities
    assert np.abs(before - after).max() > 0.05
    share = 1 - np.exp(-1)  # one time constant later
    assert np.allclose(smoothed, before + share * (after - before), atol=2e-6)


def test_a_model_that_needs_depth_says_so(predictor, detector, picture):
    spec = predictor.spec
    rgbd = spec.input.model_copy(
        update={"channels": "rgbd", "mean": (0.5,) * 4, "std": (0.5,) * 4, "depth_range_mm": (200.0, 900.0)}
    )
    needs_depth = type("NeedsDepth", (), {"spec": spec.model_copy(update={"input": rgbd})})()
    with pytest.raises(InputError, match="depth"):
        FaceStream(needs_depth, detector, name="camera").update(picture([(40, 40)]), 0, 0.0)


def test_compounds_stand_behind_the_probabilities(predictor, detector, picture):
    class Reader:
        names = ("a", "b")

        def predict(self, model, batch):
            return model.logits(batch), np.tile(np.float32([2, 5]), (len(batch), 1))

    stream = FaceStream(predictor, detector, name="camera", compounds=Reader())
    (row,) = stream.update(picture([(40, 40)]), 0, 0.0)
    assert row.compound == "b"
    assert replace(row).compound_intensity == 5.0
    assert row.probabilities.shape == (7,)
