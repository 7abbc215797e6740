import numpy as np
import pytest
import torch

from mien.data.batches import Packed
from mien.data.statistics import channel_statistics


def packed(images: np.ndarray) -> Packed:
    n = len(images)
    y = torch.zeros(n, dtype=torch.long)
    return Packed(torch.from_numpy(images), y, torch.ones(n, 1), tuple(map(str, range(n))), np.ones(n, bool))


@pytest.mark.parametrize("channels", [1, 3])
def test_they_are_those_of_all_pixels(channels):
    images = np.random.default_rng(0).integers(0, 200, (300, channels, 5, 7), dtype=np.uint8)
    mean, std = channel_statistics(packed(images))
    np.testing.assert_allclose(mean, images.mean((0, 2, 3)) / 255, rtol=1e-6)
    np.testing.assert_allclose(std, images.std((0, 2, 3)) / 255, rtol=1e-6)


def test_what_is_black_or_not_measured_can_be_left_out():
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 256, (40, 3, 6, 6))
    black = rng.random((40, 6, 6)) < 0.3
    colour[np.broadcast_to(black[:, None], colour.shape)] = 0
    depth = np.where(rng.random((40, 1, 6, 6)) < 0.4, 0, rng.integers(9000, 20000, (40, 1, 6, 6)))
    images = np.concatenate([colour, depth], axis=1).astype(np.int16)
    mean, std = channel_statistics(packed(images), measured_only=True)
    seen = ~black
    seen &= colour.any(1)
    for c in range(3):
        assert mean[c] == pytest.approx(colour[:, c][seen].mean() / 255, rel=1e-6)
        assert std[c] == pytest.approx(colour[:, c][seen].std() / 255, rel=1e-6)
    measured = depth[depth > 0] / 32_767
    assert mean[3] == pytest.approx(measured.mean(), rel=1e-6)
    assert std[3] == pytest.approx(measured.std(), rel=1e-5)
    assert channel_statistics(packed(images))[0][3] == pytest.approx(depth.mean() / 32_767, rel=1e-6)


def test_a_channel_without_spread_can_be_divided_by():
    images = np.zeros((3, 4, 4, 4), np.int16)
    images[:, :3] = 51
    for measured_only in (False, True):
        mean, std = channel_statistics(packed(images), measured_only)
        assert mean == pytest.approx((0.2, 0.2, 0.2, 0))
        assert std == (1, 1, 1, 1)
