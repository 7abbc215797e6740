"""Coordinate attention: gates along the height and the width of a map (Hou, Zhou and Feng, CVPR 2021)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class CoordinateGates(nn.Module):
    """Two gates between 0 and 1, one along each axis, from one strip of features along each axis."""

    def __init__(self, channels: int, reduction: int = 32) -> None:
        super().__init__()
        hidden = max(8, channels // reduction)
        self.conv1 = nn.Conv2d(channels, hidden, 1)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv2 = nn.Conv2d(hidden, channels, 1)
        self.conv3 = nn.Conv2d(hidden, channels, 1)

    def gates(self, column: Tensor, row: Tensor) -> tuple[Tensor, Tensor]:
        """Strips [B, C, H, 1] and [B, C, 1, W] -> gates of the same shapes."""
        strips = torch.cat([column, row.transpose(2, 3)], dim=2)  # [B, C, H + W, 1]
        strips = F.hardswish(self.bn1(self.conv1(strips)))  # [B, C / reduction, H + W, 1]
        height, width = strips.split([column.shape[2], row.shape[3]], dim=2)
        return self.conv2(height).sigmoid(), self.conv3(width.transpose(2, 3)).sigmoid()


class CoordinateAttention(CoordinateGates):
    """A map times the gates that its own means along each axis give."""

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> the same shape."""
        along_height, along_width = self.gates(x.mean(3, keepdim=True), x.mean(2, keepdim=True))
        return x * along_height * along_width


class DirectionAttention(CoordinateGates):
    """One attention map for every channel, from a learnt sum over each row and over each column.

    Args:
        channels: C.
        side: H = W of the maps that it takes.
        reduction: Of the channels between the strips and the gates.
    """

    def __init__(self, channels: int, side: int, reduction: int = 32) -> None:
        super().__init__(channels, reduction)
        self.over_rows = depthwise_sum(channels, (1, side))
        self.over_columns = depthwise_sum(channels, (side, 1))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, H] -> attention between 0 and 1, the same shape: the outer product of two gates."""
        along_height, along_width = self.gates(self.over_rows(x), self.over_columns(x))
        return along_height * along_width


def depthwise_sum(channels: int, kernel: tuple[int, int]) -> nn.Sequential:
    """A weighted sum of each channel's pixels under the kernel, normalised over the batch."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, kernel, groups=channels, bias=False), nn.BatchNorm2d(channels)
    )
