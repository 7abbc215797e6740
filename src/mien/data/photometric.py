"""Random changes of colours and detail, and erased rectangles; depth is touched by the last alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.v2.functional import gaussian_blur

from mien.core.augment import Augment
from mien.data import draws

_LUMA = (0.299, 0.587, 0.114)  # BT.601
_LEAST_BLUR_PX = 0.3


def recoloured(x: Tensor, how: Augment, gates: draws.Gates, generator: torch.Generator) -> Tensor:
    """Change contrast and brightness, then jitter.

    Args:
        x: [B, 1 or 3, H, W] on the 0..1 scale.
        how: Ranges.
        gates: Of the either-or group.
        generator: Source of all randomness.
    """
    changed = x
    if how.brightness or how.contrast:
        contrast = 1 + draws.uniform(len(x), how.contrast, generator).view(-1, 1, 1, 1)
        brightness = draws.uniform(len(x), how.brightness, generator).view(-1, 1, 1, 1)
        mean = x.mean((1, 2, 3), keepdim=True)
        changed = ((x - mean) * contrast + mean + brightness).clamp(0, 1)
    if how.jitter:
        changed = jittered(changed, how.jitter, generator)
    if "colour" in gates:
        return torch.where(gates["colour"].view(-1, 1, 1, 1), changed, x)
    return changed


def jittered(x: Tensor, reach: float, generator: torch.Generator) -> Tensor:
    """Scale brightness, contrast (about the mean luma) and saturation (about each pixel's luma) in turn."""

    def factor() -> Tensor:
        return 1 + draws.uniform(len(x), reach, generator).view(-1, 1, 1, 1)

    x = (x * factor()).clamp(0, 1)
    mean = luma(x).mean((2, 3), keepdim=True)
    x = (mean + (x - mean) * factor()).clamp(0, 1)
    if x.shape[1] == 1:
        return x
    grey = luma(x)
    return (grey + (x - grey) * factor()).clamp(0, 1)


def luma(x: Tensor) -> Tensor:
    """[B, 1, H, W]: BT.601 luma of colours, grey as it is."""
    if x.shape[1] == 1:
        return x
    return (x * torch.tensor(_LUMA, dtype=x.dtype).view(1, 3, 1, 1)).sum(1, keepdim=True)


def degraded(x: Tensor, how: Augment, gates: draws.Gates, generator: torch.Generator) -> Tensor:
    """Lower the resolution of some pictures, blur some (one strength a batch), add noise."""
    n, side = len(x), x.shape[-1]
    if how.low_resolution:
        small = int(side * (1 / 3 + 0.5 * torch.rand(1, generator=generator).item()))
        low = F.interpolate(x, size=(small, small), mode="bilinear", antialias=True)
        low = F.interpolate(low, size=(side, side), mode="bilinear")
        happens = draws.gate("low_resolution", n, how.low_resolution, gates, generator)
        x = torch.where(happens.view(-1, 1, 1, 1), low, x)
    if how.blur:
        sigma = _LEAST_BLUR_PX + (how.blur_px - _LEAST_BLUR_PX) * torch.rand(1, generator=generator).item()
        happens = draws.gate("blur", n, how.blur, gates, generator)
        x = torch.where(happens.view(-1, 1, 1, 1), _blurred(x, sigma), x)
    if how.noise or how.noise_std:
        noisy = noised(x, how, generator)
        x = torch.where(gates["noise"].view(-1, 1, 1, 1), noisy, x) if "noise" in gates else noisy
    return x


def _blurred(x: Tensor, sigma: float) -> Tensor:
    """A Gaussian blur whose kernel reaches two standard deviations and 3 px at least, within the picture."""
    reach = min(max(3, math.ceil(2 * sigma)), x.shape[-1] - 1, x.shape[-2] - 1)
    return gaussian_blur(x, [2 * reach + 1] * 2, [sigma] * 2)


def noised(x: Tensor, how: Augment, generator: torch.Generator) -> Tensor:
    """Add Gaussian noise, independent in every channel, and clip.

    Noise on a smaller picture that is then enlarged is that noise enlarged, since both steps are linear (the
    clipping apart).
    """
    n, n_channels, side = x.shape[:3]
    if how.noise:
        strength = torch.rand(n, generator=generator).view(-1, 1, 1, 1) * how.noise
        x = (x + torch.randn(x.shape, generator=generator) * strength).clamp(0, 1)
    if how.noise_std:
        drawn_px = how.noise_px or side
        noise = torch.randn((n, n_channels, drawn_px, drawn_px), generator=generator)
        if drawn_px != side:
            noise = F.interpolate(noise, size=(side, side), mode="bilinear", antialias=drawn_px > side)
        x = (x + noise * how.noise_std).clamp(0, 1)
    return x


def erase(
    x: Tensor,
    probability: float,
    generator: torch.Generator,
    *,
    area: tuple[float, float] = (0.02, 0.25),
    fill: Sequence[float] | None = None,
    gates: draws.Gates | None = None,
) -> Tensor:
    """Fill a rectangle, aspect 1/3 to 3, with noise or one colour (Zhong et al., AAAI 2020).

    Depth is lost in the same rectangle.

    Args:
        x: [B, C, H, W] on the 0..1 scale.
        probability: Of it.
        generator: Source of all randomness.
        area: Least and greatest share of the picture.
        fill: Colour, one value for each colour channel; None fills with noise.
        gates: Of the either-or group.
    """
    if not probability:
        return x
    n, _, height, width = x.shape
    share = area[0] + (area[1] - area[0]) * torch.rand(n, generator=generator)
    aspect = torch.exp(draws.uniform(n, math.log(3), generator))
    h = torch.sqrt(share * height * width * aspect).clamp(max=height).view(-1, 1, 1, 1)
    w = torch.sqrt(share * height * width / aspect).clamp(max=width).view(-1, 1, 1, 1)
    top = torch.rand(n, generator=generator).view(-1, 1, 1, 1) * (height - h)
    left = torch.rand(n, generator=generator).view(-1, 1, 1, 1) * (width - w)
    ys, xs = torch.arange(height).view(1, 1, -1, 1), torch.arange(width).view(1, 1, 1, -1)
    inside = (ys >= top) & (ys < top + h) & (xs >= left) & (xs < left + w)
    inside &= draws.gate("erase", n, probability, gates or {}, generator).view(-1, 1, 1, 1)
    colour = x[:, :3]
    if fill is None:
        shown = torch.rand(colour.shape, generator=generator)
    else:
        shown = torch.tensor(fill[: colour.shape[1]], dtype=x.dtype).view(1, -1, 1, 1).expand_as(colour)
    return torch.where(inside, torch.cat([shown, torch.zeros_like(x[:, 3:])], dim=1), x)
