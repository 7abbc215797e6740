"""Means and standard deviations of a packed part, for a normalisation fitted to the training part alone."""

from __future__ import annotations

import torch
from torch import Tensor

from mien.data.batches import Packed
from mien.data.transforms import to_unit

_CHUNK = 256


def channel_statistics(
    packed: Packed, measured_only: bool = False
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of every channel over all pixels of all pictures, on the 0..1 scale.

    They are what `InputSpec.mean` and `InputSpec.std` take.

    Args:
        packed: The training part.
        measured_only: Leave out pixels that are black, and depth that was not measured.

    Returns:
        C means and C standard deviations; of a channel without any spread 1, since one divides by it.
    """
    sums = torch.zeros(3, packed.images.shape[1], dtype=torch.float64)  # of 1, x and x^2
    for chunk in packed.images.split(_CHUNK):
        x = to_unit(chunk).double()  # [B, C, H, W]
        counted = _measured(x) if measured_only else torch.ones_like(x)
        sums += torch.stack([(counted * x**power).sum((0, 2, 3)) for power in range(3)])
    n = sums[0].clamp(min=1)
    mean = sums[1] / n
    std = (sums[2] / n - mean**2).clamp(min=0).sqrt()
    return tuple(mean.tolist()), tuple(torch.where(std > 1e-6, std, 1.0).tolist())


def _measured(x: Tensor) -> Tensor:
    """1 where there is something, else 0: any colour at all, any depth."""
    colour = (x[:, :3] > 0).any(1, keepdim=True).expand(-1, x[:, :3].shape[1], -1, -1)
    return torch.cat([colour, x[:, 3:] > 0], dim=1).to(x.dtype)
