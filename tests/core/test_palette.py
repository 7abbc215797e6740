import itertools

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from mien.core.labels import BASIC8, COMPOUND11
from mien.core.palette import EMOTION_COLORS, OTHER_COLORS, label_colors, rgb

# Machado, Oliveira and Fernandes (IEEE TVCG 15, 2009), severity 1: linear RGB as seen without red or green
SIGHTS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def linear(color):
    c = np.array(rgb(color)) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(linear_rgb):
    c = np.clip(linear_rgb, 0, 1)
    return rgb2lab(np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("sight", SIGHTS)
def test_colors_stay_apart(sight):
    seen = {name: lab(SIGHTS[sight] @ linear(color)) for name, color in EMOTION_COLORS.items()}
    for (a, x), (b, y) in itertools.combinations(seen.items(), 2):
        assert deltaE_ciede2000(x, y) > 15, (a, b)


def test_colors_show_on_dark_and_light_pages():
    for color in EMOTION_COLORS.values():
        luminance = linear(color) @ (0.2126, 0.7152, 0.0722)
        assert 1.05 / (luminance + 0.05) > 1.9
        assert (luminance + 0.05) / (linear("#181c22") @ (0.2126, 0.7152, 0.0722) + 0.05) > 2.9


def test_every_basic_emotion_has_its_own_color():
    assert tuple(EMOTION_COLORS) == BASIC8.names
    assert len(set(EMOTION_COLORS.values())) == 8
    assert label_colors(BASIC8.names) == EMOTION_COLORS


def test_other_labels_take_turns():
    colors = label_colors(("bored", *COMPOUND11.names, "anger"))
    assert colors["bored"] == OTHER_COLORS[0]
    assert colors["angrily_disgusted"] == OTHER_COLORS[1]
    assert colors["anger"] == EMOTION_COLORS["anger"]
    assert set(colors.values()) <= set(EMOTION_COLORS.values())


def test_rgb():
    assert rgb("#c93b12") == (0xC9, 0x3B, 0x12)
