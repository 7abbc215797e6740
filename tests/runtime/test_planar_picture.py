"""A frame taken plane by plane looks as FFmpeg converts it."""

from __future__ import annotations

from itertools import product

import av
import cv2
import numpy as np
import pytest

from mien.runtime.planar_picture import is_planar, planar_picture


@pytest.fixture
def colours() -> np.ndarray:
    """Smooth colours, so that halved colour planes lose nothing: [90, 122, 3]."""
    y, x = np.mgrid[0:90, 0:122]
    return np.stack([x * 2, y * 2, 255 - x], axis=2).astype(np.uint8)


def frame_of(image: np.ndarray, pixel_format: str = "yuv420p") -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=pixel_format)


def unused() -> np.ndarray:
    raise AssertionError("parts are made plane by plane")


@pytest.mark.parametrize(
    ("part", "size"),
    [((0, 0, 122, 90), (122, 90)), ((0, 0, 122, 90), (61, 45)), ((31, 15, 50, 41), (30, 24))],
)
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p"])
def test_parts_are_those_of_the_picture(colours, part, size, pixel_format):
    picture = planar_picture(frame_of(colours, pixel_format), None, unused)
    x, y, width, height = part
    expected = cv2.resize(colours[y : y + height, x : x + width], size, interpolation=cv2.INTER_AREA)
    difference = np.abs(picture.rgb_of(part, size).astype(int) - expected.astype(int))
    assert difference.max() <= 6
    assert difference.mean() < 1.5


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p"])
def test_gray_is_the_luma_from_black_to_white(colours, pixel_format):
    picture = planar_picture(frame_of(colours, pixel_format), None, unused)
    expected = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY).astype(int)
    assert np.abs(picture.gray().astype(int) - expected).max() <= 2
    white = planar_picture(frame_of(np.full((16, 16, 3), 255, np.uint8), pixel_format), None, unused)
    assert np.unique(white.gray()).tolist() == [255]


@pytest.mark.parametrize("turn", [None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180])
def test_turned_frames_are_as_displayed(colours, turn):
    picture = planar_picture(frame_of(colours), turn, unused)
    expected = colours if turn is None else cv2.rotate(colours, turn)
    assert picture.size == expected.shape[1::-1]
    whole = picture.rgb_of((0, 0, *picture.size), picture.size)
    assert np.abs(whole.astype(int) - expected.astype(int)).mean() < 1.5


@pytest.mark.parametrize("size", list(product((63, 64), (47, 48))))
def test_odd_sizes_lose_no_line(size):
    height, width = size
    image = np.full((height, width, 3), (200, 60, 30), np.uint8)
    picture = planar_picture(frame_of(image), None, unused)
    assert picture.gray().shape == size
    assert np.abs(picture.rgb_of((0, 0, width, height), (width, height)).astype(int) - image).max() <= 6


def test_colours_of_high_definition_are_told_apart():
    red = frame_of(np.full((16, 16, 3), (220, 40, 40), np.uint8))
    as_601 = planar_picture(red, None, unused).rgb_of((0, 0, 16, 16), (16, 16))
    red.colorspace = 1
    as_709 = planar_picture(red, None, unused).rgb_of((0, 0, 16, 16), (16, 16))
    assert np.abs(as_601[0, 0].astype(int) - (220, 40, 40)).max() <= 4
    assert np.abs(as_709[0, 0].astype(int) - as_601[0, 0]).max() > 10


def test_the_whole_picture_in_colour_is_converted_once(colours):
    made = []

    def convert() -> np.ndarray:
        made.append(1)
        return colours

    picture = planar_picture(frame_of(colours), None, convert)
    assert picture.rgb() is picture.rgb()
    assert made == [1]


def test_other_formats_are_not_taken_for_planes(colours):
    assert is_planar(frame_of(colours))
    assert not is_planar(frame_of(colours, "yuv444p"))
    assert not is_planar(frame_of(colours, "nv12"))
