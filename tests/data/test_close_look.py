from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from mien.data.close_look import SAME_EVERYWHERE, close_up, likeness

Photograph = Callable[..., np.ndarray]


def look(image: np.ndarray) -> np.ndarray:
    found = close_up(image)
    assert found is not None
    return found


def test_close_ups_are_square_and_bounded(photograph: Photograph) -> None:
    assert look(photograph(0, 200)[:150]).shape == (128, 128)
    assert look(photograph(0, 200)[:90]).shape == (90, 90)
    assert close_up(photograph(0, 63)) is None


def test_a_shifted_turned_and_relit_copy_is_the_same(photograph: Photograph) -> None:
    image = photograph(0, 160)
    turn = cv2.getRotationMatrix2D((80, 80), 2, 1.03)
    turn[:, 2] += 1.5
    turned = cv2.warpAffine(image, turn, (160, 160), borderMode=cv2.BORDER_REFLECT)
    copy = np.clip(turned * 0.7 + 30, 0, 255).astype(np.uint8)
    assert likeness(look(image), look(copy)) > 0.99


@pytest.mark.parametrize("side", [80, 160, 320])
def test_copies_of_any_size(side: int, photograph: Photograph) -> None:
    image = photograph(1, 160)
    copy = cv2.resize(image, (side, side), interpolation=cv2.INTER_LINEAR)
    copy = cv2.imdecode(cv2.imencode(".jpg", copy, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_GRAYSCALE)
    assert likeness(look(image), look(copy)) > SAME_EVERYWHERE


def test_a_stamp_in_a_corner_is_forgiven_and_another_mouth_is_not(photograph: Photograph) -> None:
    image, other = photograph(0, 160), photograph(1, 160)
    stamped, changed = image.copy(), image.copy()
    stamped[148:, 140:] = 255
    changed[100:150, 40:120] = other[100:150, 40:120]
    assert likeness(look(image), look(stamped)) > SAME_EVERYWHERE
    assert likeness(look(image), look(changed)) < 0.9


def test_other_pictures_and_pictures_of_nothing(photograph: Photograph) -> None:
    image = look(photograph(0, 160))
    for seed in range(2, 6):
        assert likeness(image, look(photograph(seed, 160))) < 0.9
    assert likeness(image, np.full((128, 128), 90, np.uint8)) == 0.0
    assert likeness(np.full((128, 128), 90, np.uint8), np.full((128, 128), 90, np.uint8)) == 0.0
