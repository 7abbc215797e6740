import base64

import cv2
import numpy as np
import pytest

from mien.report.thumbnails import face_thumbnail, picture_thumbnail


def decoded(uri):
    head, data = uri.split(",")
    assert head == "data:image/jpeg;base64"
    return cv2.cvtColor(
        cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB
    )


@pytest.fixture
def image():
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[80:120, 130:170] = (220, 30, 20)
    return picture


def test_face_lies_in_the_middle_in_its_colours(image):
    thumbnail = decoded(face_thumbnail(image, (130, 80, 40, 40), 64))

    assert thumbnail.shape == (64, 64, 3)
    np.testing.assert_allclose(thumbnail[32, 32], (220, 30, 20), atol=12)
    assert thumbnail[2, 2].max() < 30


@pytest.mark.parametrize(
    "box", [(-50, -50, 60, 60), (290, 190, 100, 100), (0, 0, 300, 200), (-500, -500, 20, 20), (10, 10, 0, 0)]
)
def test_boxes_beyond_the_picture_are_no_trouble(image, box):
    assert decoded(face_thumbnail(image, box, 48)).shape == (48, 48, 3)


def test_grey_and_tiny_pictures():
    assert decoded(face_thumbnail(np.full((1, 1), 200, np.uint8), (0, 0, 1, 1), 16)).min() > 190
    assert decoded(face_thumbnail(np.zeros((5, 90, 3), np.uint8), (0, 0, 90, 5), 32)).shape == (32, 32, 3)


def test_a_whole_picture_on_a_grey_square():
    picture = np.zeros((20, 40, 3), np.uint8)
    picture[...] = (220, 30, 20)
    thumbnail = decoded(picture_thumbnail(picture, 64))
    assert thumbnail.shape == (64, 64, 3)
    np.testing.assert_allclose(thumbnail[32, 8], (220, 30, 20), atol=14)
    np.testing.assert_allclose(thumbnail[4, 32], (128, 128, 128), atol=8)
