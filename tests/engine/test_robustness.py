from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.engine.robustness import DISTURBANCES, Disturbance, blur, brighten, occlude, rotate, shrink

CROP = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)


@pytest.mark.parametrize("how", DISTURBANCES, ids=lambda how: how.kind)
@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "rgb"])
def test_first_value_leaves_the_crop_and_others_change_it(
    how: Disturbance, channels: tuple[int, ...]
) -> None:
    crop = np.random.default_rng(1).integers(0, 256, (48, 48, *channels), dtype=np.uint8)
    before = crop.copy()
    assert np.array_equal(how.apply(crop, how.values[0]), crop)
    for value in how.values[1:]:
        damaged = how.apply(crop, value)
        assert damaged.shape == crop.shape
        assert damaged.dtype == np.uint8
        assert not np.array_equal(damaged, crop)
    assert np.array_equal(crop, before)


def test_shrinking_keeps_the_mean_and_loses_detail() -> None:
    small = shrink(CROP, 12)
    assert abs(small.mean() - CROP.mean()) < 1.5
    assert small.std() < CROP.std() / 2


def test_blur_lowers_the_spread() -> None:
    assert blur(CROP, 2).std() < blur(CROP, 1).std() < CROP.std()


def test_rotation_is_anticlockwise() -> None:
    crop = np.zeros((48, 48), np.uint8)
    crop[22:26, 40:46] = 255  # a mark at the right
    rows, _ = np.nonzero(rotate(crop, 90) > 128)
    assert rows.max() < 10  # now at the top


def test_brightness_clips() -> None:
    assert brighten(np.full((4, 4), 200, np.uint8), 2).max() == 255
    assert brighten(np.full((4, 4), 200, np.uint8), 0.5).max() == 100


def test_occlusion_covers_the_lower_share() -> None:
    covered = occlude(CROP, 0.25)
    assert np.array_equal(covered[:36], CROP[:36])
    assert (covered[36:] == 128).all()


def test_depth_turns_with_the_picture_and_is_otherwise_left_alone():
    rng = np.random.default_rng(3)
    colour = rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)
    depth = np.zeros((24, 24), np.int16)
    depth[4:12, 6:20] = 9_000
    crop = np.dstack([colour.astype(np.int16), depth])
    for how in DISTURBANCES:
        for value in how.values:
            done = how(crop, value)
            assert done.dtype == np.int16
            assert (done[:, :, :3] == how.apply(colour, value)).all()
            if not how.turns:
                assert (done[:, :, 3] == depth).all()
    quarter = next(how for how in DISTURBANCES if how.turns)(crop, 90)
    assert (quarter[:, :, 3] == np.rot90(depth)).all()  # positive is anticlockwise


def test_damage_is_that_of_a_face_of_48_px_whatever_the_crop() -> None:
    small = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8), (0, 0), 1)
    large = cv2.resize(small, (96, 96), interpolation=cv2.INTER_CUBIC)
    for how, value in ((blur, 2), (shrink, 24)):
        reduced = cv2.resize(how(large, value), (48, 48), interpolation=cv2.INTER_AREA)
        moved = np.abs(how(small, value).astype(int) - small).mean()
        assert np.abs(reduced.astype(int) - how(small, value)).mean() < 0.2 * moved
    assert np.array_equal(shrink(large, 48), large)
