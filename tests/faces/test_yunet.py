import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.faces.box import iou
from mien.faces.detector import create_detector
from mien.faces.model_store import YUNET, model_path
from mien.faces.yunet import _RELIABLE_FACE_PX
from mien.faces.yunet_network import YuNetNetwork, padded_planes, with_free_sides

pytestmark = [pytest.mark.data, pytest.mark.usefixtures("model_dir")]


def read(path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def test_finds_exactly_one_face_in_every_london_photograph(photographs):
    detector = create_detector("yunet")
    assert len(photographs) == 204
    wrong = [path.name for path in photographs if len(detector.detect(read(path))) != 1]
    assert wrong == []


def test_the_points_are_in_order_inside_the_box(photographs):
    (face,) = create_detector("yunet").detect(read(photographs[0]))
    x, y, width, height = face.box
    right_eye, left_eye, nose, right_mouth, left_mouth = face.points
    assert x < right_eye[0] < nose[0] < left_eye[0] < x + width
    assert right_mouth[0] < left_mouth[0]
    assert y < right_eye[1] < nose[1] < right_mouth[1] < y + height
    assert face.points.dtype == np.float32
    assert 0.6 <= face.score <= 1


def test_a_picture_four_times_as_large_gives_the_same_face(photographs):
    image = read(photographs[0])
    large = cv2.resize(image, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    detector = create_detector("yunet")
    (face,), (large_face,) = detector.detect(image), detector.detect(large)
    assert iou(face.box, tuple(v / 4 for v in large_face.box)) > 0.85
    # YuNet's own points move by this much with the size at which it sees a face
    np.testing.assert_allclose(large_face.points / 4, face.points, atol=0.08 * face.box[2])


def test_the_network_sees_blue_first_as_it_was_trained():
    red = np.zeros((40, 40, 3), np.uint8)
    red[..., 0] = 255
    planes = padded_planes(red)
    assert planes.shape == (1, 3, 64, 64)
    assert planes[0, :, 0, 0].tolist() == [0, 0, 255]
    assert not planes[0, :, 40:].any()


@pytest.mark.parametrize("width", [320, 250, 97])
def test_finds_what_opencvs_own_engine_finds(photographs, width):
    path = model_path(YUNET)
    theirs = cv2.FaceDetectorYN.create(str(path), "", (320, 320), 0.6, 0.3, 5000)
    ours = YuNetNetwork(path.read_bytes(), 0.6, 0.3)
    for photograph in photographs[::10]:
        picture = cv2.resize(
            cv2.imread(str(photograph)), (width, round(width * 0.9)), interpolation=cv2.INTER_AREA
        )
        theirs.setInputSize((picture.shape[1], picture.shape[0]))
        expected = theirs.detect(picture)[1]
        np.testing.assert_allclose(
            ours.detect(picture[..., ::-1]), np.zeros((0, 15)) if expected is None else expected, atol=2e-3
        )


def test_another_file_is_refused():
    with pytest.raises(MienError, match="not the YuNet file"):
        with_free_sides(b"something else")


def test_faces_of_the_smallest_wanted_size_are_found(photographs):
    """9 in 10 faces about as wide as the limit, in a picture that is searched at half its size."""
    detector = create_detector("yunet", min_face_px=1)
    small = create_detector("yunet", min_face_px=32)
    found = 0
    sample = photographs[::8]
    for path in sample:
        image = read(path)
        (face,) = detector.detect(image)
        scale = 34 / face.box[2]
        face_px = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        canvas = np.full((360, 640, 3), 128, np.uint8)
        canvas[100 : 100 + face_px.shape[0], 301 : 301 + face_px.shape[1]] = face_px
        found += len(small.detect(canvas)) == 1
    assert _RELIABLE_FACE_PX == 16
    assert found >= 0.9 * len(sample)


def test_smaller_faces_than_asked_for_are_not_reported(photographs):
    image = read(photographs[0])
    (face,) = create_detector("yunet").detect(image)
    assert create_detector("yunet", min_face_px=int(face.box[2] * 1.2)).detect(image) == []


def test_several_faces_best_first(photographs):
    pair = np.concatenate([read(photographs[0]), read(photographs[100])], axis=1)
    faces = create_detector("yunet").detect(pair)
    assert len(faces) == 2
    assert faces[0].score >= faces[1].score


def test_the_box_of_a_face_at_the_edge_is_clipped(photographs):
    image = read(photographs[0])
    (face,) = create_detector("yunet").detect(image)
    cut = np.ascontiguousarray(image[:, int(face.box[0] + 0.25 * face.box[2]) :])
    (at_edge,) = create_detector("yunet").detect(cut)
    x, y, width, height = at_edge.box
    assert min(x, y) >= 0
    assert x + width <= cut.shape[1]
    assert y + height <= cut.shape[0]
    assert x < 0.1 * width


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 400, 3), (400, 1, 3), (48, 48), (10, 33_000, 3)])
def test_odd_shapes_have_no_face(shape):
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert create_detector("yunet").detect(noise) == []
