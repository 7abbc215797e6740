import cv2
import numpy as np
import pytest

from mien.core.records import DEPTH_FULL, Face
from mien.faces import quality
from mien.faces.framing import FER2013_ALIGN
from mien.faces.picture import RgbPicture
from mien.faces.quality import UNRELIABLE, WARNINGS, roll_of, yaw_of

FRONTAL = np.array([(30, 40), (70, 40), (50, 60), (34, 82), (66, 82)], np.float32)


def face_warnings(face, crop, image=None):
    picture = None if image is None else RgbPicture(image)
    return quality.face_warnings(face, crop, FER2013_ALIGN, picture)


def measure_quality(face, crop):
    return quality.measure_quality(face, crop, FER2013_ALIGN)


def masked(crop):
    """Everything below the nose in one colour."""
    crop = crop.copy()
    crop[29:] = 200
    return crop


def leaning(degrees):
    z = FRONTAL @ [1, 1j] * np.exp(1j * np.radians(degrees))
    return np.stack([z.real, z.imag], 1)


def face_of(points=FRONTAL, width=100.0, score=0.95):
    return Face((0.0, 0.0, width, 120.0), score, np.asarray(points, np.float32))


def crop_of(side=48, low=40, high=200, blur=0.0, ramp=False):
    """Checks of an eighth of the side in one grey range, or a ramp from dark to light without any edge."""
    step = side // 8
    if ramp:
        return np.tile(np.linspace(low, high, side).astype(np.uint8), (side, 1))
    checks = (np.add.outer(np.arange(side) // step, np.arange(side) // step) % 2).astype(np.float32)
    crop = low + (high - low) * checks
    if blur:
        crop = cv2.GaussianBlur(crop, (0, 0), blur * side / 48)
    return crop.astype(np.uint8)


def turned(degrees):
    """The five points of a head in space, turned by an angle and seen from far away."""
    eyes, ahead = quality._EYES_APART * 42 / 2, quality._NOSE_AHEAD * 42
    space = np.array([(-eyes, -20, 0), (eyes, -20, 0), (0, 0, ahead), (-16, 22, 0), (16, 22, 0)])
    a = np.radians(degrees)
    across = space[:, 0] * np.cos(a) + space[:, 2] * np.sin(a)
    return np.stack([across, space[:, 1]], 1)


def test_a_good_face_has_no_warning():
    assert face_warnings(face_of(), crop_of()) == ()


@pytest.mark.parametrize(
    ("word", "face", "crop"),
    [
        ("small", {"width": quality.SMALL_PX - 1}, {}),
        ("blurred", {}, {"ramp": True}),
        ("dark", {}, {"low": 0, "high": 40}),
        ("flat", {}, {"low": 120, "high": 128}),
        ("profile", {"points": turned(70)}, {}),
        ("tilted", {"points": leaning(80)}, {}),
        ("tilted", {"points": leaning(-80)}, {}),
        ("unlike_face", {"score": 0.79}, {}),
    ],
)
def test_each_fault_has_its_word(word, face, crop):
    assert face_warnings(face_of(**face), crop_of(**crop)) == (word,)


def test_a_covered_mouth_is_told():
    assert face_warnings(face_of(), masked(crop_of())) == ("covered",)


def test_a_face_without_colour_is_told_and_not_unsure():
    stone = np.full((130, 110, 3), 140, np.uint8)
    skin = np.full((130, 110, 3), (150, 110, 90), np.uint8)
    dark_skin = np.full((130, 110, 3), (60, 40, 32), np.uint8)
    assert face_warnings(face_of(), crop_of(), stone) == ("colourless",)
    assert face_warnings(face_of(), crop_of(), skin) == ()
    assert face_warnings(face_of(), crop_of(), dark_skin) == ()
    assert face_warnings(face_of(), crop_of()) == ()  # nothing is known of it
    assert "colourless" not in UNRELIABLE


def test_a_model_of_ready_made_crops_warns_of_nothing():
    assert quality.face_warnings(face_of(width=3), crop_of(), None) == ()


def test_a_score_means_what_its_detector_means():
    for detector, said in (("yunet", ("unlike_face",)), ("haar", ()), ("another", ())):
        assert quality.face_warnings(face_of(score=0.7), crop_of(), FER2013_ALIGN, None, detector) == said


def test_the_lean_of_a_head():
    assert roll_of(leaning(30)) == pytest.approx(30)
    assert roll_of(leaning(-90)) == pytest.approx(-90)


def test_words_come_in_one_order():
    said = face_warnings(face_of(turned(80), 10, 0.1), crop_of(low=0, high=4))
    assert said == tuple(word for word in WARNINGS if word in said)
    assert len(said) >= 4


@pytest.mark.parametrize("degrees", [-80, -40, 0, 25, 60, 85])
@pytest.mark.parametrize("roll", [0, 35, -160])
def test_yaw_is_read_from_the_points_however_the_head_leans(degrees, roll):
    z = turned(degrees) @ [1, 1j] * np.exp(1j * np.radians(roll)) * 3.7 + (40 - 9j)
    assert yaw_of(np.stack([z.real, z.imag], 1)) == pytest.approx(degrees, abs=1e-3)


def test_points_in_one_place_count_as_turned_away():
    assert yaw_of(np.zeros((5, 2), np.float32)) == 90


def test_light_contrast_and_crop_size_hardly_change_sharpness():
    usual = measure_quality(face_of(), crop_of()).sharpness
    for crop in (crop_of(low=100, high=140), crop_of(96), np.repeat(crop_of()[:, :, None], 3, 2)):
        assert measure_quality(face_of(), crop).sharpness == pytest.approx(usual, rel=0.1)
    assert measure_quality(face_of(), crop_of(blur=2)).sharpness < usual / 4


def test_depth_is_left_out_of_account():
    colours = np.repeat(crop_of()[:, :, None], 3, 2)
    deep = np.dstack([colours.astype(np.int16), np.full((48, 48), DEPTH_FULL, np.int16)])
    assert measure_quality(face_of(), deep) == measure_quality(face_of(), colours)
