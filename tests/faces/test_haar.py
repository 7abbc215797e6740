import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.faces import haar
from mien.faces.box import iou
from mien.faces.detector import create_detector

# of the astronaut at 256 px, read off the picture by eye
BOX = (84.0, 25.0, 54.0, 72.0)
EYES = [(104.0, 54.0), (123.0, 53.0)]


def test_finds_the_one_face(portrait):
    (face,) = create_detector("haar").detect(portrait)
    assert iou(face.box, BOX) > 0.6
    assert face.points.shape == (5, 2)
    assert face.points.dtype == np.float32
    assert np.abs(face.points[:2] - EYES).max() < 4
    assert 0 < face.score < 1


def test_coordinates_are_those_of_the_picture_not_of_the_reduced_copy(portrait):
    large = cv2.resize(portrait, (1400, 1400), interpolation=cv2.INTER_CUBIC)
    (face,) = create_detector("haar").detect(large)
    assert iou(tuple(v * 256 / 1400 for v in face.box), BOX) > 0.6


def test_points_follow_a_tilted_head(portrait):
    turn = cv2.getRotationMatrix2D((114.0, 60.0), 10, 1.0)
    tilted = cv2.warpAffine(portrait, turn, (256, 256), borderMode=cv2.BORDER_REPLICATE)
    (face,) = create_detector("haar").detect(tilted)
    across, down = face.points[1] - face.points[0]
    assert -np.degrees(np.arctan2(down, across)) == pytest.approx(
        10 + 3, abs=5
    )  # hers is tilted by 3 degrees


def test_smaller_faces_than_asked_for_are_not_reported(portrait):
    assert create_detector("haar", min_face_px=90).detect(portrait) == []


def test_a_threshold_above_the_score_drops_the_face(portrait):
    (face,) = create_detector("haar").detect(portrait)
    assert create_detector("haar", score_threshold=face.score + 0.01).detect(portrait) == []
    assert len(create_detector("haar", score_threshold=face.score - 0.01).detect(portrait)) == 1


def test_grey_pictures_work(portrait):
    gray = cv2.cvtColor(portrait, cv2.COLOR_RGB2GRAY)
    assert len(create_detector("haar").detect(gray)) == 1


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 400, 3), (400, 1, 3), (48, 48), (10, 33_000, 3)])
def test_odd_shapes_have_no_face(shape):
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert create_detector("haar").detect(noise) == []


def test_an_opencv_without_cascades_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(haar.cv2, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(MienError, match="no Haar cascades"):
        create_detector("haar")
