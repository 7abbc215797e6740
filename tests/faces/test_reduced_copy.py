import numpy as np
import pytest

from mien.faces.reduced_copy import reduced_copy

SETTINGS = {"min_face_px": 32, "reliable_face_px": 16, "max_side_px": 640}


@pytest.mark.parametrize(
    ("height", "width", "copy_height", "copy_width"),
    [
        (360, 640, 180, 320),  # the smallest wanted face becomes the smallest reliable one
        (720, 1280, 360, 640),
        (3000, 4000, 480, 640),  # the longest side wins
        (300, 400, 240, 320),  # small pictures are hardly reduced
        (48, 48, 48, 48),
        (1, 1, 1, 1),
        (1, 5000, 1, 640),
    ],
)
def test_size_of_the_copy(height, width, copy_height, copy_width):
    image = np.zeros((height, width, 3), np.uint8)
    copy, span = reduced_copy(image, **SETTINGS)
    assert copy.shape == (copy_height, copy_width, 3)
    assert span == pytest.approx([width / copy_width, height / copy_height])


def test_a_picture_is_never_enlarged():
    image = np.zeros((360, 640), np.uint8)
    copy, span = reduced_copy(image, min_face_px=8, reliable_face_px=16, max_side_px=4000)
    assert copy is image
    assert span.tolist() == [1.0, 1.0]
