import numpy as np
import pytest
from scipy.special import softmax

from mien.core.errors import MienError
from mien.core.specs import Calibration, InputSpec, ModelSpec
from mien.explain.occlusion import occlusion_maker, occlusion_map, window_starts


def one_pixel(batch: np.ndarray) -> np.ndarray:
    """Class 1 scores the pixel at row 5, column 2."""
    return np.stack([np.zeros(len(batch)), batch[:, 0, 5, 2]], axis=1)


def test_only_windows_over_the_pixel_that_counts_cost_anything():
    crop = np.ones((1, 9, 9), np.float32)
    found = occlusion_map(one_pixel, crop, 1, window=3, step=3, fill=np.array([-1.0], np.float32))
    expected = np.zeros((9, 9))
    expected[3:6, 0:3] = 2  # from 1 to the fill, -1
    np.testing.assert_array_equal(found, expected)
    assert not occlusion_map(one_pixel, crop, 0, 3, 3, np.zeros(1, np.float32)).any()


def test_overlapping_windows_are_averaged_and_any_batch_gives_the_same():
    crop = np.random.default_rng(0).normal(size=(1, 8, 8)).astype(np.float32)
    window, step, fill = 4, 3, np.zeros(1, np.float32)
    found = occlusion_map(one_pixel, crop, 1, window, step, fill)
    total, n = np.zeros((8, 8)), np.zeros((8, 8))
    for y in (0, 3, 4):
        for x in (0, 3, 4):
            inside = y <= 5 < y + 4 and x <= 2 < x + 4
            total[y : y + 4, x : x + 4] += crop[0, 5, 2] if inside else 0
            n[y : y + 4, x : x + 4] += 1
    np.testing.assert_allclose(found, total / n, atol=1e-6)
    np.testing.assert_array_equal(occlusion_map(one_pixel, crop, 1, window, step, fill, batch_size=2), found)


def test_windows_reach_both_edges():
    assert window_starts(9, 3, 3) == [0, 3, 6]
    assert window_starts(10, 4, 3) == [0, 3, 6]
    assert window_starts(10, 4, 4) == [0, 4, 6]
    assert window_starts(5, 5, 1) == [0]
    for window, step in ((6, 3), (0, 1), (3, 4)):
        with pytest.raises(MienError, match="do not cover a crop of 5 px"):
            window_starts(5, window, step)


class DepthPredictor:
    """Class 1 is likelier the farther a face is; what it saw is kept."""

    def __init__(self) -> None:
        mean, std = (0.5,) * 4, (0.25,) * 4
        spec = InputSpec(size_px=12, channels="rgbd", mean=mean, std=std, depth_range_mm=(0, 1000))
        temperature = Calibration(temperature=2.0)
        self.spec = ModelSpec(
            name="far", method="test", labels=("anger", "fear"), input=spec, calibration=temperature
        )
        self.seen: list[np.ndarray] = []

    def logits(self, batch: np.ndarray) -> np.ndarray:
        self.seen.append(batch)
        return np.stack([np.zeros(len(batch)), batch[:, 3].mean((1, 2))], axis=1).astype(np.float32)


def test_a_window_shows_the_mean_colour_and_no_depth():
    predictor = DepthPredictor()
    batch = np.ones((1, 4, 12, 12), np.float32)
    found = occlusion_maker(predictor)(batch, np.array([1]))["occlusion"]
    assert found.shape == (1, 12, 12)
    hidden = predictor.seen[1][0]  # the first window, 2 px, in the corner
    assert hidden[:, 0, 0].tolist() == [0, 0, 0, -2]  # a depth that was not measured is a raw 0
    assert hidden[:, 2, 2].tolist() == [1, 1, 1, 1]
    lost = softmax([0, 1 / 2])[1] - softmax([0, (1 - 3 * 4 / 144) / 2])[1]
    np.testing.assert_allclose(found, lost, rtol=1e-4)
    with pytest.raises(MienError, match="windows of 13 px"):
        occlusion_maker(predictor, 13)
