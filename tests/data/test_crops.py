import dataclasses
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.labels import BASIC7
from mien.core.records import Face, Sample
from mien.core.specs import AlignSpec, InputSpec
from mien.data.crops import cropper_for, found_faces, ready_crops
from mien.data.datasets import DATASETS, FaceDataset

POINTS = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.75), (0.65, 0.75))
SPEC = InputSpec(size_px=20, channels="gray", mean=(0.5,), std=(0.25,), align=AlignSpec(points=POINTS))


def face(left: int, side: int) -> Face:
    """A face whose points lie exactly as the spec wants them in the square (left, 10, side, side)."""
    points = np.array(POINTS, np.float32) * side + np.array([left, 10], np.float32)
    return Face((left, 10, side, side), 0.9, points)


class Finds:
    """A detector that finds what it is told."""

    def __init__(self, *faces: Face) -> None:
        self.faces = list(faces)

    def detect(self, image: np.ndarray) -> list[Face]:
        return self.faces


@pytest.fixture
def picture() -> np.ndarray:
    """Black, with a square of 40 px, 100 on its left and 200 on its right, and one of 20 px that is 50."""
    image = np.zeros((60, 120, 3), np.uint8)
    image[10:50, 60:80], image[10:50, 80:100] = 100, 200
    image[10:30, 10:30] = 50
    return image


def test_the_largest_face_is_cut_as_at_run_time(picture):
    crop, found = found_faces(SPEC, Finds(face(10, 20), face(60, 40)))(Sample("a", picture, 0, "train"))
    assert found
    assert crop.shape == (20, 20)
    assert np.abs(crop[2:-2, 2:8].astype(int) - 100).max() <= 2
    assert np.abs(crop[2:-2, 12:-2].astype(int) - 200).max() <= 2


def test_a_face_that_the_set_gives_needs_no_detector(picture):
    crop, found = found_faces(SPEC, Finds())(Sample("a", picture, 0, "train", face=face(10, 20)))
    assert found
    assert np.abs(crop[2:-2, 2:-2].astype(int) - 50).max() <= 2


def test_a_missed_face_is_marked_and_the_middle_stands_in(picture):
    crop, found = found_faces(SPEC, Finds())(Sample("a", picture, 0, "train"))
    assert not found
    assert crop.shape == (20, 20)
    expected, _ = ready_crops(SPEC)(Sample("a", np.ascontiguousarray(picture[:, 30:90]), 0, "train"))
    np.testing.assert_array_equal(crop, expected)


def test_where_the_set_gives_a_box_the_face_in_it_is_meant(picture):
    small, large = face(10, 20), face(60, 40)
    crop, found = found_faces(SPEC, Finds(small, large))(Sample("a", picture, 0, "train", box=(8, 8, 24, 24)))
    assert found
    assert np.abs(crop[2:-2, 2:-2].astype(int) - 50).max() <= 2


@pytest.mark.parametrize("faces", [(), (face(60, 40),)])
def test_no_face_in_the_box_is_a_miss_and_the_box_stands_in(picture, faces):
    sample = Sample("a", picture, 0, "train", box=(6, 10, 28, 20))
    crop, found = found_faces(SPEC, Finds(*faces))(sample)
    assert not found
    np.testing.assert_array_equal(crop, np.full((20, 20), 50))


def test_a_box_beside_the_picture_is_no_box(picture):
    sample = Sample("a", picture, 0, "train", box=(500, 10, 28, 20))
    crop, found = found_faces(SPEC, Finds())(sample)
    assert not found
    expected, _ = ready_crops(SPEC)(Sample("a", np.ascontiguousarray(picture[:, 30:90]), 0, "train"))
    np.testing.assert_array_equal(crop, expected)


def test_whole_pictures_need_a_framing():
    with pytest.raises(MienError, match=r"has no align.*add input\.align"):
        found_faces(SPEC.model_copy(update={"align": None}), Finds())


def test_sets_of_crops_are_never_detected(picture):
    dataset = FaceDataset(DATASETS["fer2013"], Path("nowhere"), [], BASIC7)
    crop, found = cropper_for(dataset, SPEC)(Sample("a", picture[:, :60], 0, "train"))
    assert found
    assert crop.shape == (20, 20)
    whole = dataclasses.replace(dataset, info=dataclasses.replace(dataset.info, crops=False))
    with pytest.raises(MienError, match="has no align"):
        cropper_for(whole, SPEC.model_copy(update={"align": None}))
