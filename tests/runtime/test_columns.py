from dataclasses import replace

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.labels import BASIC7, BASIC8
from mien.core.records import Face, FaceResult
from mien.runtime.columns import published, table_layout

FACE = Face((1.25, 2.0, 30.5, 40.75), 0.91, np.zeros((5, 2), np.float32))
RESULT = FaceResult(
    "a b.mp4", 3, 0.12, "ok", "", 1, FACE, BASIC7.names, np.array([0, 0, 0, 0.7, 0.3, 0, 0], np.float32)
)


def test_the_columns_are_those_of_the_design():
    assert table_layout(BASIC7.names).header == (
        *"input frame timestamp_s face_id status error box_x box_y box_width box_height".split(),
        *"face_score emotion confidence unsure warning".split(),
        *"anger disgust fear happiness neutral sadness surprise".split(),
    )


def test_a_row_of_a_face():
    assert table_layout(BASIC7.names).row(RESULT) == [
        *("a b.mp4", 3, 0.12, 1, "ok", None, 1.25, 2.0, 30.5, 40.75, 0.91, "happiness", 0.7, None, None),
        *(0, 0, 0, 0.7, 0.3, 0, 0),
    ]


def test_a_row_without_a_face():
    row = table_layout(BASIC7.names).row(FaceResult("a.jpg", None, None, "error", "the file is empty"))
    assert row[:6] == ["a.jpg", None, None, None, "error", "the file is empty"]
    assert row[6:] == [None] * 16


def test_pyfeat_names_and_order():
    layout = table_layout(BASIC8.names, "pyfeat")
    assert layout.header[:5] == ("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", "FaceScore")
    assert layout.header[5:12] == ("Neutral", "Happy", "Sad", "Surprise", "Fear", "Disgust", "Anger")
    assert set(layout.header) >= {"Contempt", "input", "frame", "status", "error", "face_id"}
    row = dict(zip(layout.header, table_layout(BASIC7.names, "pyfeat").row(RESULT), strict=False))
    assert (row["FaceRectX"], row["Happy"], row["Neutral"], row["Anger"]) == (1.25, 0.7, 0.3, 0)


def test_columns_are_chosen_by_the_names_of_their_format():
    layout = table_layout(BASIC7.names, columns=["emotion", "input"])
    assert layout.row(RESULT) == ["happiness", "a b.mp4"]
    assert table_layout(BASIC7.names, "pyfeat", ["Happy"]).row(RESULT) == [0.7]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["emotoin"], "unknown column 'emotoin'; did you mean 'emotion'"),
        (["input", "input"], "once"),
        ([], "once"),
    ],
)
def test_wrong_columns_are_told(columns, message):
    with pytest.raises(MienError, match=message):
        table_layout(BASIC7.names, columns=columns)


def test_compounds_come_last():
    layout = table_layout(BASIC7.names, compounds=("dread", "joy"))
    assert layout.header[-5:] == ("surprise", "compound", "compound_intensity", "dread", "joy")
    scores = np.array([-1.25, 0.3333333333], np.float32)
    row = layout.row(replace(RESULT, compounds=("dread", "joy"), intensities=scores))
    assert row[-5:] == [0, "joy", 0.333333, -1.25, 0.333333]
    assert layout.row(FaceResult("a.jpg", 0, None, "no_face"))[-4:] == [None] * 4
    with pytest.raises(MienError, match="no compound can be called compound"):
        table_layout(BASIC7.names, compounds=("compound",))


def test_an_unknown_format_is_told():
    with pytest.raises(MienError, match="unknown table format 'openface'"):
        table_layout(BASIC7.names, "openface")


def test_published_precision():
    face = published(Face((1.23456, 2, 3, 4), 0.987654, FACE.points))
    assert face.box == (1.23, 2, 3, 4)
    assert face.score == 0.9877
    assert face.points is FACE.points
