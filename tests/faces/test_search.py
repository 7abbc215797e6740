"""A search near known faces finds the same faces on fewer pixels, or gives way to a whole one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.core.records import Face
from mien.faces.picture import RgbPicture
from mien.faces.search import find_faces


class Squares:
    """Finds white squares on copies, and keeps the copies' sizes."""

    name = "squares"
    version = "1"

    def __init__(self) -> None:
        self.copies: list[tuple[int, int]] = []

    def copy_size(self, width: int, height: int) -> tuple[int, int]:
        return width // 2, height // 2

    def detect(self, image: np.ndarray) -> list[Face]:
        raise AssertionError("the search makes the copies")

    def detect_copy(self, copy, part, size) -> list[Face]:
        self.copies.append(copy.shape[1::-1])
        mask = (copy[:, :, 0] > 128).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        scale = np.array([part[2] / copy.shape[1], part[3] / copy.shape[0]])
        faces = []
        for x, y, w, h, _area in stats[1:]:
            left, top = np.array([x, y]) * scale + part[:2]
            box = (float(left), float(top), float(w * scale[0]), float(h * scale[1]))
            faces.append(Face(box, 0.9, np.zeros((5, 2), np.float32)))
        return faces


def picture_of(*boxes: tuple[int, int, int, int], size=(640, 360)) -> RgbPicture:
    image = np.zeros((size[1], size[0], 3), np.uint8)
    for x, y, w, h in boxes:
        image[y : y + h, x : x + w] = 255
    return RgbPicture(image)


def test_without_known_faces_the_whole_picture_is_searched():
    squares = Squares()
    (face,) = find_faces(picture_of((100, 80, 60, 60)), squares)
    assert face.box == (100, 80, 60, 60)
    assert squares.copies == [(320, 180)]


def test_a_known_face_is_found_where_it_moved_on_a_small_copy():
    squares = Squares()
    (face,) = find_faces(picture_of((110, 86, 60, 60)), squares, [(100.0, 80.0, 60.0, 60.0)])
    np.testing.assert_allclose(face.box, (110, 86, 60, 60), atol=2)
    assert len(squares.copies) == 1
    assert squares.copies[0][0] * squares.copies[0][1] < 0.2 * 320 * 180


@pytest.mark.parametrize("corner", [(0, 0), (580, 0), (0, 300), (580, 300)])
def test_faces_at_the_border_are_found_there(corner):
    squares = Squares()
    (face,) = find_faces(picture_of((*corner, 60, 60)), squares, [(*map(float, corner), 60.0, 60.0)])
    np.testing.assert_allclose(face.box, (*corner, 60, 60), atol=2)
    assert len(squares.copies) == 1


def test_a_lost_face_is_looked_for_everywhere():
    squares = Squares()
    (face,) = find_faces(picture_of((500, 200, 60, 60)), squares, [(100.0, 80.0, 60.0, 60.0)])
    assert face.box == (500, 200, 60, 60)
    assert squares.copies[-1] == (320, 180)


def test_two_known_faces_whose_surroundings_overlap_are_each_found_once():
    boxes = (100, 80, 60, 60), (170, 80, 60, 60)
    known = [tuple(map(float, box)) for box in boxes]
    found = find_faces(picture_of(*boxes), Squares(), known)
    assert sorted(round(face.box[0], -1) for face in found) == [100, 170]


def test_a_face_that_is_cut_by_the_surroundings_of_another_is_not_taken():
    squares = Squares()
    found = find_faces(picture_of((100, 80, 60, 60), (175, 80, 90, 60)), squares, [(100.0, 80.0, 60.0, 60.0)])
    assert [round(face.box[2], -1) for face in found] == [60]
    assert len(squares.copies) == 1


def test_a_crowd_is_searched_as_a_whole():
    squares = Squares()
    boxes = [(20 + 100 * i, 20 + 110 * j, 80, 80) for i in range(6) for j in range(3)]
    found = find_faces(picture_of(*boxes), squares, [tuple(map(float, box)) for box in boxes])
    assert len(found) == 18
    assert squares.copies == [(320, 180)]


def test_a_detector_that_makes_its_own_copies_sees_the_whole_picture():
    class Plain:
        name = "plain"
        version = "1"

        def detect(self, image):
            assert image.shape == (360, 640, 3)
            return []

    assert find_faces(picture_of(), Plain(), [(1.0, 1.0, 50.0, 50.0)]) == []
