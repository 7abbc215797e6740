"""Following finds what looking at every frame finds, with fewer looks."""

from __future__ import annotations

import numpy as np
import pytest

from mien.core.records import Face
from mien.faces.follow import follow_faces
from mien.faces.picture import RgbPicture

POINTS = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32)


def face_at(x: float, width: float = 40.0) -> Face:
    return Face((x, 10.0, width, width), 0.9, (POINTS * width + [x, 10]).astype(np.float32))


class Script:
    """Finds in picture number i (written into its first pixel) the faces of a list."""

    name = "script"
    version = "1"

    def __init__(self, faces: list[list[Face]]) -> None:
        self.faces = faces
        self.looks: list[int] = []

    def detect(self, image: np.ndarray) -> list[Face]:
        self.looks.append(int(image[0, 0, 0]))
        return self.faces[self.looks[-1]]


def follow(faces: list[list[Face]], step_s: float = 0.04) -> tuple[list[list[Face]], list[int]]:
    pictures = [RgbPicture(np.full((60, 200, 3), i, np.uint8)) for i in range(len(faces))]
    script = Script(faces)
    found = follow_faces(pictures, [i * step_s for i in range(len(faces))], script)
    return found, sorted(script.looks)


def test_a_face_that_moves_slowly_is_looked_for_at_both_ends_and_in_the_middle():
    truth = [[face_at(20 + i)] for i in range(8)]
    found, looks = follow(truth)
    assert looks == [0, 4, 7]
    for (face,), (true,) in zip(found, truth, strict=True):
        np.testing.assert_allclose(face.box, true.box, atol=1e-9)
        np.testing.assert_allclose(face.points, true.points, atol=1e-5)
        assert face.score == pytest.approx(0.9)


@pytest.mark.parametrize(
    "faces",
    [
        [[face_at(20 + 8 * i)] for i in range(8)],  # quick
        [[face_at(20)]] * 2 + [[]] * 6,  # goes
        [[]] * 3 + [[face_at(20)]] * 5,  # comes
        [[face_at(20)]] * 3 + [[face_at(20), face_at(120)]] * 5,  # a second one comes
        [[face_at(20)]] * 2 + [[face_at(150)]] * 6,  # another one, elsewhere
    ],
)
def test_where_faces_come_go_or_move_quickly_each_frame_in_between_is_looked_at(faces):
    found, looks = follow(faces)
    assert set(range(5)) <= set(looks)
    assert [[pytest.approx(f.box) for f in frame] for frame in found] == [
        [f.box for f in frame] for frame in faces
    ]


def test_a_stretch_without_faces_is_looked_at_as_rarely():
    assert follow([[]] * 8) == ([[]] * 8, [0, 4, 7])


def test_frames_far_apart_are_each_looked_at():
    assert follow([[face_at(20)]] * 6, step_s=0.2)[1] == list(range(6))


def test_frames_of_unknown_time_are_each_looked_at():
    script = Script([[face_at(20)]] * 3)
    pictures = [RgbPicture(np.full((60, 200, 3), i, np.uint8)) for i in range(3)]
    assert len(follow_faces(pictures, [None, None, None], script)) == 3
    assert script.looks == [0, 1, 2]


def test_no_frames_no_faces():
    assert follow_faces([], [], Script([])) == []
