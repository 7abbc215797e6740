"""Random changes of where things are in a picture; its depth goes exactly the same way.

Depth is resampled as the mean of what was measured, so holes neither bleed into their surroundings nor close.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from mien.core.augment import Augment
from mien.data import draws

MEASURED_SHARE = 0.5
"""Resampled depth counts as measured where at least this share of what it is made of was."""


def resampled(x: Tensor, resample: Callable[[Tensor], Tensor]) -> Tensor:
    """Resample [B, C, H, W]; the fourth channel is depth, 0 where nothing was measured."""
    if x.shape[1] < 4:
        return resample(x)
    measured = (x[:, 3:] > 0).to(x.dtype)
    colour, depth, share = resample(torch.cat([x, measured], dim=1)).split((3, 1, 1), dim=1)
    depth = torch.where(share >= MEASURED_SHARE, depth / share.clamp(min=MEASURED_SHARE), 0.0)
    return torch.cat([colour, depth], dim=1)


def moved(x: Tensor, how: Augment, gates: draws.Gates, generator: torch.Generator) -> Tensor:
    """Mirror, rotate, resize and shift, then crop from the padded picture.

    All but the crop is one resampling, so that a picture is interpolated once; the crop goes by whole pixels.

    Args:
        x: [B, C, H, W] on the 0..1 scale.
        how: Ranges and probabilities.
        gates: Of the either-or group.
        generator: Source of all randomness.
    """
    n = len(x)
    mirror = 1 - 2 * draws.gate("flip", n, how.flip, gates, generator).float()
    angle = draws.uniform(n, math.radians(how.rotate_deg), generator)
    size = 1 + draws.uniform(n, how.scale, generator)
    dx, dy = draws.uniform(n, 2 * how.shift, generator), draws.uniform(n, 2 * how.shift, generator)
    mirrored = torch.where(mirror.view(-1, 1, 1, 1) < 0, x.flip(3), x)
    if not how.moves:
        return mirrored
    happens = None
    if how.move < 1 or "move" in gates:
        happens = draws.gate("move", n, how.move, gates, generator)
    result = mirrored
    if how.rotate_deg or how.scale or how.shift:
        cos, sin = torch.cos(angle) / size, torch.sin(angle) / size
        rows = torch.stack([cos * mirror, -sin, dx, sin * mirror, cos, dy], dim=1).view(n, 2, 3)
        result = warped(x, rows, how.border)
    if how.crop_pad:
        result = padded_crop(result, round(how.crop_pad * x.shape[-1]), how.border, generator)
    return result if happens is None else torch.where(happens.view(-1, 1, 1, 1), result, mirrored)


def warped(x: Tensor, rows: Tensor, border: str) -> Tensor:
    """Sample pictures at rows @ (x, y, 1), in units of half a side from the middle.

    Args:
        x: [B, C, H, W].
        rows: [B, 2, 3].
        border: ``repeat`` or ``black``.
    """
    grid = F.affine_grid(rows, list(x.shape), align_corners=False)
    padding = "border" if border == "repeat" else "zeros"
    return resampled(
        x, lambda x: F.grid_sample(x, grid, mode="bilinear", padding_mode=padding, align_corners=False)
    )


def padded_crop(x: Tensor, pad: int, border: str, generator: torch.Generator) -> Tensor:
    """A crop of the picture's own size out of the picture padded on all sides, anywhere in it."""
    padded = F.pad(x, (pad, pad, pad, pad), mode="replicate" if border == "repeat" else "constant")
    return random_crop(padded, x.shape[-1], generator)


def random_crop(x: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """[B, C, side, side] out of [B, C, H, W], each place as likely."""
    n, _, height, width = x.shape
    top = torch.randint(height - side + 1, (n, 1), generator=generator)
    left = torch.randint(width - side + 1, (n, 1), generator=generator)
    rows, columns = top + torch.arange(side), left + torch.arange(side)  # [B, side] each
    picture = torch.arange(n).view(-1, 1, 1)
    return x.movedim(1, 3)[picture, rows[:, :, None], columns[:, None, :]].movedim(3, 1).contiguous()
