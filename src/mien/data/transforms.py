"""Random changes of a whole training batch at once, driven by one generator.

A batch of colour and depth (four channels) is moved as one: both keep the same place. What changes colours
leaves depth alone, and depth stays 0 where nothing was measured.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mien.core.augment import Augment
from mien.core.records import DEPTH_FULL
from mien.core.specs import InputSpec
from mien.data import draws
from mien.data.geometric import moved, random_crop, resampled
from mien.data.photometric import degraded, erase, recoloured


def to_unit(images: Tensor) -> Tensor:
    """Packed pictures on the 0..1 scale, float32.

    Args:
        images: uint8 [B, C, H, W]; int16 [B, 4, H, W] with depth (`mien.core.records.RgbdArray`).
    """
    if images.dtype == torch.uint8:
        return images.float() / 255
    full = torch.tensor((255, 255, 255, DEPTH_FULL), dtype=torch.float32, device=images.device)
    return images.float() / full.view(1, -1, 1, 1)


def normalise(images: Tensor, spec: InputSpec) -> Tensor:
    """Packed or 0..1 float pictures [B, C, H, W] -> (x - mean) / std, float32.

    Depth that was not measured is a 0 like any other here, as a black pixel is.
    """
    x = images if images.is_floating_point() else to_unit(images)
    mean, std = (torch.tensor(v, device=x.device).view(1, -1, 1, 1) for v in (spec.mean, spec.std))
    return (x - mean) / std


def augment(
    images: Tensor, how: Augment, generator: torch.Generator, spec: InputSpec | None = None
) -> tuple[Tensor, Tensor]:
    """Apply every change that is switched on: place, random crop, colours; then detail, noise, erased areas.

    Args:
        images: uint8 [B, C, H, W], or int16 [B, 4, H, W] with depth.
        how: Ranges and probabilities.
        generator: Source of all randomness; lives on the CPU.
        spec: The model's input; random crops and erasing to the mean need it.

    Returns:
        The pictures whole, before detail was lost, and after it: each float32 [B, C, H, W] on the 0..1 scale;
        [B, C, S, S] where random crops were taken.
    """
    gates = draws.either_or(len(images), how, generator)
    x = moved(to_unit(images), how, gates, generator)
    if how.random_crop and spec is not None:
        x = random_crop(x, spec.size_px, generator)
    colour, depth = recoloured(x[:, :3], how, gates, generator), x[:, 3:]
    whole = torch.cat([colour, depth], dim=1)
    colour = degraded(colour, how, gates, generator)
    fill = spec.mean if how.erase_fill == "mean" and spec is not None else None
    damaged = erase(
        torch.cat([colour, depth], dim=1), how.erase, generator, area=how.erase_area, fill=fill, gates=gates
    )
    return whole, damaged


def resize(x: Tensor, side: int) -> Tensor:
    """[B, C, H, W] on the 0..1 scale -> [B, C, side, side], antialiased."""
    size = (side, side)
    return resampled(x, lambda x: F.interpolate(x, size=size, mode="bilinear", antialias=True))


def mix(x: Tensor, target: Tensor, alpha: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al., ICLR 2018, eq. 1): one lambda ~ Beta(alpha, alpha) a batch, permuted partners.

    Args:
        x: [B, C, H, W].
        target: [B, K].
        alpha: Of the Beta distribution.
        generator: Source of randomness.
    """
    share = _beta(alpha, generator)
    partner = torch.randperm(len(x), generator=generator)
    return share * x + (1 - share) * x[partner], share * target + (1 - share) * target[partner]


def cut_mix(x: Tensor, target: Tensor, alpha: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """CutMix (Yun et al., ICCV 2019): one box a batch shows another picture, and that share of its target.

    The box has the picture's proportions and 1 - lambda of its area, lambda ~ Beta(alpha, alpha); what of it
    lies outside the picture is lost, and the targets go by the pixels that were exchanged.

    Args:
        x: [B, C, H, W].
        target: [B, K].
        alpha: Of the Beta distribution.
        generator: Source of randomness.
    """
    side = (1 - _beta(alpha, generator)) ** 0.5
    height, width = x.shape[2:]
    at = torch.rand(2, generator=generator).tolist()
    top, bottom = (round(min(max(at[0] + s * side / 2, 0.0), 1.0) * height) for s in (-1, 1))
    left, right = (round(min(max(at[1] + s * side / 2, 0.0), 1.0) * width) for s in (-1, 1))
    partner = torch.randperm(len(x), generator=generator)
    mixed = x.clone()
    mixed[:, :, top:bottom, left:right] = x[partner][:, :, top:bottom, left:right]
    share = 1 - (bottom - top) * (right - left) / (height * width)
    return mixed, share * target + (1 - share) * target[partner]


def _beta(alpha: float, generator: torch.Generator) -> float:
    # NumPy draws it, seeded by the generator, because torch.distributions takes no generator
    seed = int(torch.randint(2**62, (1,), generator=generator))
    return float(np.random.default_rng(seed).beta(alpha, alpha))
