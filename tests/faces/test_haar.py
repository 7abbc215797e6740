import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.faces import haar
from mien.faces.box import iou
from mien.faces.detector import create_detector

# YuNet's box and eyes of the astronaut
BOX = (179.0, 63.0, 90.0, 112.0)
EYES = [(203.0, 101.0), (245.0, 102.0)]


def test_finds_the_one_face(portrait):
    (face,) = create_detector("haar").detect(portrait)
    assert iou(face.box, BOX) > 0.75
    assert face.points.shape == (5, 2)
    assert face.points.dtype == np.float32
    assert np.abs(face.points[:2] - EYES).max() < 5
    assert 0 < face.score < 1


def test_coordinates_are_those_of_the_picture_not_of_the_reduced_copy(portrait):
    large = cv2.resize(portrait, (1400, 1400), interpolation=cv2.INTER_CUBIC)
    (face,) = create_detector("haar").detect(large)
    assert iou(tuple(v * 512 / 1400 for v in face.box), BOX) > 0.75
    assert np.abs(face.points[:2] * 512 / 1400 - EYES).max() < 5


def test_points_follow_a_tilted_head(portrait):
    def tilt_deg(image):
        (face,) = create_detector("haar").detect(image)
        across, down = face.points[1] - face.points[0]
        return -np.degrees(np.arctan2(down, across))

    turn = cv2.getRotationMatrix2D((228.0, 120.0), 10, 1.0)
    tilted = cv2.warpAffine(portrait, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    assert tilt_deg(tilted) - tilt_deg(portrait) == pytest.approx(10, abs=3)


def test_smaller_faces_than_asked_for_are_not_reported(portrait):
    assert create_detector("haar", min_face_px=180).detect(portrait) == []


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
