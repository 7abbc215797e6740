import pytest
import torch
from torch import nn

from mien.nets.layout import memory_format


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ((1, 16, 32), torch.channels_last),
        ((4, 64, 16), torch.channels_last),
        ((5, 16, 32), torch.contiguous_format),
        ((1, 8, 32), torch.contiguous_format),
        ((1, 16, 12), torch.contiguous_format),
    ],
)
def test_channels_last_is_for_even_widths_alone(channels, expected):
    net = nn.Sequential(
        nn.Conv2d(channels[0], channels[1], 3), nn.ReLU(), nn.Conv2d(channels[1], channels[2], 3)
    )
    assert memory_format(net) == expected
