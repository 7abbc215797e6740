import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.specs import InputSpec
from mien.faces.preprocess import ready_crop, to_batch

RGB = InputSpec(size_px=8, channels="rgb", mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 2.0))
GRAY = InputSpec(size_px=8, channels="gray", mean=(0.5,), std=(0.25,))


def test_values_follow_the_formula():
    crop = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    batch = to_batch([crop, crop[::-1]], RGB)
    assert batch.shape == (2, 3, 8, 8)
    assert batch.dtype == np.float32
    assert batch.flags.c_contiguous
    for row, col, channel in [(0, 0, 0), (3, 5, 1), (7, 2, 2)]:
        expected = (int(crop[row, col, channel]) / 255 - RGB.mean[channel]) / RGB.std[channel]
        assert batch[0, channel, row, col] == pytest.approx(expected, rel=1e-5, abs=1e-6)
        assert batch[1, channel, 7 - row, col] == batch[0, channel, row, col]


def test_no_crops_give_an_empty_batch():
    assert to_batch([], RGB).shape == (0, 3, 8, 8)


def test_grey_crops_for_colour_models_and_the_other_way():
    gray = np.full((8, 8), 51, np.uint8)
    assert to_batch([gray], RGB)[0, :, 0, 0] == pytest.approx([0.2, 0.0, -0.05], abs=1e-6)
    green = np.zeros((8, 8, 3), np.uint8)
    green[..., 1] = 255
    luma = round(0.587 * 255) / 255
    assert to_batch([green], GRAY)[0, 0, 0, 0] == pytest.approx((luma - 0.5) / 0.25, abs=1e-6)


def test_crops_of_another_size_are_resized():
    large = np.kron(np.arange(64, dtype=np.uint8).reshape(8, 8), np.ones((3, 3), np.uint8))
    exact = to_batch([np.arange(64, dtype=np.uint8).reshape(8, 8)], GRAY)
    np.testing.assert_array_equal(to_batch([large], GRAY), exact)
    assert to_batch([np.full((4, 5), 51, np.uint8)], GRAY) == pytest.approx((0.2 - 0.5) / 0.25)


@pytest.mark.parametrize("shape", [(8,), (8, 8, 4), (8, 0)])
def test_other_arrays_are_refused(shape):
    with pytest.raises(MienError, match="a crop is uint8"):
        to_batch([np.zeros(shape, np.uint8)], GRAY)


def test_floating_point_crops_are_refused():
    with pytest.raises(MienError, match="float64"):
        to_batch([np.zeros((8, 8))], GRAY)


def test_depth_models_need_depth():
    spec = InputSpec(size_px=8, channels="rgbd", mean=(0,) * 4, std=(1,) * 4, depth_range_mm=(300, 900))
    with pytest.raises(MienError, match="depth"):
        to_batch([np.zeros((8, 8, 3), np.uint8)], spec)


def test_of_a_ready_made_crop_the_model_may_see_the_middle():
    spec = GRAY.model_copy(update={"size_px": 14, "central": 0.875})
    crop = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(ready_crop(crop, spec), crop[1:15, 1:15])
    np.testing.assert_array_equal(to_batch([crop], spec), to_batch([crop[1:15, 1:15]], spec))
    # a picture of the model's size is a crop already for a batch, and a ready-made crop for a data set
    own = to_batch([crop[:14, :14]], spec)[0, 0] * 0.25 + 0.5
    np.testing.assert_allclose(own, crop[:14, :14] / 255, atol=1e-6)
    large = np.kron(crop, np.ones((4, 4), np.uint8))
    np.testing.assert_array_equal(ready_crop(large, spec), crop[1:15, 1:15])


def test_small_pictures_may_be_enlarged_by_cubic_interpolation():
    edge = np.repeat(np.array([[60, 60, 180, 180]], np.uint8), 4, axis=0)
    linear = ready_crop(edge, GRAY)
    cubic = ready_crop(edge, GRAY.model_copy(update={"enlarge": "cubic"}))
    assert (linear.min(), linear.max()) == (60, 180)
    assert cubic.min() < 60 < 180 < cubic.max()  # it overshoots at edges
