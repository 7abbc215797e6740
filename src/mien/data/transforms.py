"""Random changes of a whole training batch at once, driven by one generator.

A batch of colour and depth (four channels) is moved as one: both keep the same place. What changes colours
leaves depth alone, and depth stays 0 where nothing was measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.v2.functional import gaussian_blur

from mien.core.recipe import Augment
from mien.core.records import DEPTH_FULL
from mien.core.specs import InputSpec

MEASURED_SHARE = 0.5
"""Resampled depth counts as measured where at least this share of what it is made of was."""


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


def augment(images: Tensor, how: Augment, generator: torch.Generator) -> Tensor:
    """Apply every change that is switched on.

    Args:
        images: uint8 [B, C, H, W], or int16 [B, 4, H, W] with depth.
        how: Ranges and probabilities.
        generator: Source of all randomness; lives on the CPU.

    Returns:
        float32 [B, C, H, W] on the 0..1 scale.
    """
    x = affine(to_unit(images), how, generator)
    colour = photometric(x[:, :3], how, generator)
    colour = degrade(colour, how, generator)
    return erase(torch.cat([colour, x[:, 3:]], dim=1), how.erase, generator)


def resize(x: Tensor, side: int) -> Tensor:
    """[B, C, H, W] on the 0..1 scale -> [B, C, side, side], antialiased."""
    size = (side, side)
    return _resampled(x, lambda x: F.interpolate(x, size=size, mode="bilinear", antialias=True))


def _resampled(x: Tensor, resample: Callable[[Tensor], Tensor]) -> Tensor:
    """Resample; depth becomes the mean of what was measured, so that holes do not bleed into it."""
    if x.shape[1] < 4:
        return resample(x)
    measured = (x[:, 3:] > 0).to(x.dtype)
    colour, depth, share = resample(torch.cat([x, measured], dim=1)).split((3, 1, 1), dim=1)
    depth = torch.where(share >= MEASURED_SHARE, depth / share.clamp(min=MEASURED_SHARE), 0.0)
    return torch.cat([colour, depth], dim=1)


def _uniform(n: int, reach: float, generator: torch.Generator) -> Tensor:
    """[n] uniform in [-reach, reach]."""
    return (torch.rand(n, generator=generator) * 2 - 1) * reach


def _chosen(n: int, probability: float, generator: torch.Generator) -> Tensor:
    """[n] bool."""
    return torch.rand(n, generator=generator) < probability


def affine(x: Tensor, how: Augment, generator: torch.Generator) -> Tensor:
    """Mirror, rotate, resize and shift in one resampling, so that a picture is interpolated once."""
    n = len(x)
    mirror = 1 - 2 * _chosen(n, how.flip, generator).float()
    angle = _uniform(n, math.radians(how.rotate_deg), generator)
    size = 1 + _uniform(n, how.scale, generator)
    dx, dy = _uniform(n, 2 * how.shift, generator), _uniform(n, 2 * how.shift, generator)
    if not (how.rotate_deg or how.scale or how.shift):
        return torch.where(mirror.view(-1, 1, 1, 1) < 0, x.flip(3), x)
    cos, sin = torch.cos(angle) / size, torch.sin(angle) / size
    rows = torch.stack([cos * mirror, -sin, dx, sin * mirror, cos, dy], dim=1).view(n, 2, 3)
    grid = F.affine_grid(rows, list(x.shape), align_corners=False)
    return _resampled(
        x, lambda x: F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)
    )


def photometric(x: Tensor, how: Augment, generator: torch.Generator) -> Tensor:
    """Change contrast about each picture's mean, then brightness."""
    if not (how.brightness or how.contrast):
        return x
    contrast = 1 + _uniform(len(x), how.contrast, generator).view(-1, 1, 1, 1)
    brightness = _uniform(len(x), how.brightness, generator).view(-1, 1, 1, 1)
    mean = x.mean((1, 2, 3), keepdim=True)
    return ((x - mean) * contrast + mean + brightness).clamp(0, 1)


def degrade(x: Tensor, how: Augment, generator: torch.Generator) -> Tensor:
    """Lower the resolution of some pictures, blur some (one strength a batch), add noise."""
    n, side = len(x), x.shape[-1]
    if how.low_resolution:
        small = int(side * (1 / 3 + 0.5 * torch.rand(1, generator=generator).item()))
        low = F.interpolate(x, size=(small, small), mode="bilinear", antialias=True)
        low = F.interpolate(low, size=(side, side), mode="bilinear")
        x = torch.where(_chosen(n, how.low_resolution, generator).view(-1, 1, 1, 1), low, x)
    if how.blur:
        sigma = 0.3 + 1.2 * torch.rand(1, generator=generator).item()
        blurred = gaussian_blur(x, [7, 7], [sigma, sigma])
        x = torch.where(_chosen(n, how.blur, generator).view(-1, 1, 1, 1), blurred, x)
    if how.noise:
        strength = torch.rand(n, generator=generator).view(-1, 1, 1, 1) * how.noise
        x = (x + torch.randn(x.shape, generator=generator) * strength).clamp(0, 1)
    return x


def erase(x: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Fill a rectangle (2 to 25 % of the area, aspect 1/3 to 3) with noise (Zhong et al., AAAI 2020).

    Depth is lost in the same rectangle.
    """
    if not probability:
        return x
    n, _, height, width = x.shape
    area = (0.02 + 0.23 * torch.rand(n, generator=generator)) * height * width
    aspect = torch.exp(_uniform(n, math.log(3), generator))
    h = torch.sqrt(area * aspect).clamp(max=height).view(-1, 1, 1, 1)
    w = torch.sqrt(area / aspect).clamp(max=width).view(-1, 1, 1, 1)
    top = torch.rand(n, generator=generator).view(-1, 1, 1, 1) * (height - h)
    left = torch.rand(n, generator=generator).view(-1, 1, 1, 1) * (width - w)
    ys, xs = torch.arange(height).view(1, 1, -1, 1), torch.arange(width).view(1, 1, 1, -1)
    inside = (ys >= top) & (ys < top + h) & (xs >= left) & (xs < left + w)
    inside &= _chosen(n, probability, generator).view(-1, 1, 1, 1)
    noise = torch.rand(x[:, :3].shape, generator=generator)
    return torch.where(inside, torch.cat([noise, torch.zeros_like(x[:, 3:])], dim=1), x)


def mix(x: Tensor, target: Tensor, alpha: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al., ICLR 2018, eq. 1): one lambda ~ Beta(alpha, alpha) a batch, permuted partners.

    Args:
        x: [B, C, H, W].
        target: [B, K].
        alpha: Of the Beta distribution.
        generator: Source of randomness.
    """
    # NumPy draws it, seeded by the generator, because torch.distributions takes no generator
    seed = int(torch.randint(2**62, (1,), generator=generator))
    share = float(np.random.default_rng(seed).beta(alpha, alpha))
    partner = torch.randperm(len(x), generator=generator)
    return share * x + (1 - share) * x[partner], share * target + (1 - share) * target[partner]
