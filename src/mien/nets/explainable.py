"""What a network can show of its way to a decision; each declares its own, nothing knows one by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from mien.core.errors import MienError


def over_channels(weighted: Tensor) -> Tensor:
    """The sum over channels as a map of the crop.

    Args:
        weighted: [B, C, h, w]; or [B, C, tokens, 1], as `mien.nets.backbones` gives a transformer's tokens.

    Returns:
        [B, h, w].

    Raises:
        MienError: The tokens are no square grid.
    """
    summed = weighted.sum(1)
    n_tokens, width = summed.shape[1:]
    if width > 1 or n_tokens == 1:
        return summed
    side = math.isqrt(n_tokens)
    if side * side != n_tokens:
        raise MienError(f"{n_tokens} tokens are no square grid of places, so there is no map to show")
    return summed.unflatten(1, (side, side)).squeeze(3)


@dataclass(frozen=True)
class CamLayer:
    """A layer whose maps Grad-CAM weighs.

    Attributes:
        module: Gives [B, C, ...], which the score follows from.
        score: Output of the method whose class score is explained, [B, K].
        to_map: The weighted maps [B, C, ...] -> one map [B, h, w] that covers the crop.
    """

    module: nn.Module
    score: str = "logits"
    to_map: Callable[[Tensor], Tensor] = over_channels


@dataclass(frozen=True)
class Explainable:
    """What a method can show besides its scores; outputs are named as in its `outputs`.

    Attributes:
        embedding: Output [B, D] that the classifier sees.
        cam: Layers for Grad-CAM by the names that they have in figures, the first the most telling.
        attention: Outputs [B, H, h, w] -> names of the H maps, each of which covers the crop.
        latents: Output [B, M] that says how much each latent feature matters; None: there are none.
        similarity: Output [B, K], the similarity to a vector of each class; None: there is none.
    """

    embedding: str = "features"
    cam: Mapping[str, CamLayer] = field(default_factory=dict)
    attention: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    latents: str | None = None
    similarity: str | None = None

    @property
    def hows(self) -> tuple[str, ...]:
        """The explanations that these parts allow; every model also has occlusion."""
        parts = {
            "gradcam": self.cam,
            "attention": self.attention,
            "latents": self.latents,
            "similarity": self.similarity,
        }
        return (*(how for how, part in parts.items() if part), "occlusion", "embedding")
