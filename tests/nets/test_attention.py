"""Coordinate and direction attention against loops over their formulas."""

import torch
from torch import Tensor

from mien.nets.attention import CoordinateAttention, CoordinateGates, DirectionAttention


def settled(module: CoordinateGates) -> CoordinateGates:
    """In float64 and eval mode, with statistics that are not the initial ones."""
    generator = torch.Generator().manual_seed(1)
    module = module.double().eval()
    for m in module.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.running_mean.normal_(generator=generator)
            m.running_var.uniform_(0.5, 2, generator=generator)
    return module


def gate(module: CoordinateGates, convolution: torch.nn.Conv2d, strip: Tensor) -> Tensor:
    """The gate of one strip [C, L], place by place."""
    bn, places = module.bn1, []
    for values in strip.T:
        hidden = module.conv1.weight[:, :, 0, 0] @ values + module.conv1.bias
        hidden = (hidden - bn.running_mean) / (bn.running_var + bn.eps).sqrt() * bn.weight + bn.bias
        hidden = hidden * (hidden + 3).clamp(0, 6) / 6
        places.append((convolution.weight[:, :, 0, 0] @ hidden + convolution.bias).sigmoid())
    return torch.stack(places, dim=1)  # [C, L]


def test_coordinate_attention_against_a_loop():
    torch.manual_seed(0)
    module = settled(CoordinateAttention(12))
    x = torch.randn(2, 12, 5, 3, dtype=torch.float64)
    for picture, out in zip(x, module(x), strict=True):
        height = gate(module, module.conv2, picture.mean(2))
        width = gate(module, module.conv3, picture.mean(1))
        for c in range(12):
            expected = picture[c] * height[c][:, None] * width[c][None, :]
            torch.testing.assert_close(out[c], expected, rtol=0, atol=1e-12)


def test_direction_attention_against_a_loop():
    torch.manual_seed(0)
    module = settled(DirectionAttention(8, side=4))
    x = torch.randn(1, 8, 4, 4, dtype=torch.float64)
    strips = []
    for (convolution, bn), over_rows in ((module.over_rows, True), (module.over_columns, False)):
        weight = convolution.weight.flatten(1)  # [C, side]
        pixels = x[0] if over_rows else x[0].transpose(1, 2)
        summed = (pixels * weight[:, None, :]).sum(2)  # [C, side]
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        strips.append((summed - bn.running_mean[:, None]) * scale[:, None] + bn.bias[:, None])
    height, width = (
        gate(module, conv, s) for conv, s in zip((module.conv2, module.conv3), strips, strict=True)
    )
    attention = module(x)[0]
    for c in range(8):
        torch.testing.assert_close(attention[c], torch.outer(height[c], width[c]), rtol=0, atol=1e-12)
    assert attention.min() > 0
    assert attention.max() < 1


def test_between_strips_and_gates_there_are_at_least_eight_channels():
    assert CoordinateGates(64).conv1.out_channels == 8
    assert CoordinateGates(512).conv1.out_channels == 16
