import numpy as np
import pytest

from mien.core.specs import InputSpec
from mien.faces.light import evened, homomorphic
from mien.faces.preprocess import to_batch

GRAY = InputSpec(size_px=48, channels="gray", mean=(0.5,), std=(0.25,))


def textured(seed: int = 0, side: int = 48) -> np.ndarray:
    """Grey noise between 90 and 110."""
    return np.random.default_rng(seed).integers(90, 111, (side, side), dtype=np.uint8)


def with_(spec: InputSpec, **changes: object) -> InputSpec:
    return spec.model_copy(update=changes)


def test_a_model_that_asks_for_nothing_gets_its_crop():
    crop = textured()
    assert evened(crop, GRAY) is crop


def test_equalisation_spreads_the_grey_levels_evenly():
    done = evened(textured(), with_(GRAY, equalise=True))
    assert (done.min(), done.max()) == (0, 255)
    shares = np.histogram(done, bins=4, range=(0, 256))[0] / done.size
    assert np.abs(shares - 0.25).max() < 0.06
    order = np.argsort(textured().ravel(), kind="stable")
    assert (np.diff(done.ravel()[order].astype(int)) >= 0).all()  # brighter stays brighter


def test_a_lamp_from_one_side_is_taken_out():
    """The same skin, lit evenly and four times as bright on the left: far apart before, alike after."""
    skin = textured(1).astype(float)
    lamp = np.linspace(2.0, 0.5, 48)[None, :]
    lit = np.clip(skin * lamp, 0, 255).astype(np.uint8)
    plain = homomorphic(textured(1))
    after = homomorphic(lit)
    columns = after.mean(0)
    assert np.corrcoef(lit.mean(0), lamp[0])[0, 1] > 0.99
    assert abs(np.ptp(columns[6:-6])) < 40  # the lamp alone made 150
    assert np.corrcoef(plain[:, 6:-6].ravel(), after[:, 6:-6].ravel())[0, 1] > 0.9
    assert after.mean() == pytest.approx(127.5, abs=2)
    assert after.std() == pytest.approx(42.5, abs=2)


def test_a_flat_crop_becomes_mid_grey_and_not_a_number():
    for value in (0, 7, 255):
        assert np.unique(homomorphic(np.full((20, 20), value, np.uint8))).tolist() == [128]


def test_colours_keep_their_hue_and_grey_pictures_their_greyness():
    spec = with_(GRAY, channels="rgb", mean=(0.5,) * 3, std=(0.25,) * 3, equalise=True)
    grey = textured()
    done = evened(np.dstack([grey] * 3), spec)
    np.testing.assert_array_equal(done[..., 0], done[..., 2])
    np.testing.assert_array_equal(done[..., 0], evened(grey, with_(GRAY, equalise=True)))


def test_depth_is_left_alone():
    spec = InputSpec(
        size_px=48, channels="rgbd", mean=(0.5,) * 4, std=(0.25,) * 4, depth_range_mm=(0, 1), equalise=True
    )
    depth = np.arange(48 * 48, dtype=np.int16).reshape(48, 48)
    crop = np.dstack([textured().astype(np.int16)] * 3 + [depth])
    done = evened(crop, spec)
    assert (done.dtype, done.shape) == (np.int16, (48, 48, 4))
    np.testing.assert_array_equal(done[..., 3], depth)
    assert done[..., 0].max() == 255


def test_the_batch_of_a_model_is_evened_at_its_own_size():
    spec = with_(GRAY, homomorphic=True, equalise=True)
    crop = textured()
    expected = (evened(crop, spec).astype(np.float32) / 255 - 0.5) / 0.25
    np.testing.assert_array_equal(to_batch([crop], spec)[0, 0], expected.astype(np.float32))
