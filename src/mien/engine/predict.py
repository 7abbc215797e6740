"""A torch method behind the same face as an exported model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mien.core.specs import InputSpec, ModelSpec
from mien.data.transforms import normalise
from mien.methods import Method


@dataclass(frozen=True)
class TorchPredictor:
    """Implements `mien.core.records.Predictor` with a method in eval mode, in fp32."""

    method: Method
    spec: ModelSpec

    def logits(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Raw scores [B, K] for a normalised batch [B, C, H, W]."""
        device = next(self.method.parameters()).device
        with torch.inference_mode():
            return self.method(torch.from_numpy(batch).to(device)).float().cpu().numpy()


def logits_of(
    forward: Callable[[Tensor], Tensor],
    images: Tensor,
    spec: InputSpec,
    batch_size: int = 256,
    on_batch: Callable[[int], object] = lambda n: None,
) -> Tensor:
    """Logits of packed pictures.

    Args:
        forward: Normalised [B, C, H, W] -> [B, K].
        images: uint8 [N, C, H, W].
        spec: For the normalisation.
        batch_size: Pictures at a time; changes nothing but speed.
        on_batch: Called with the number of pictures done, for a progress bar.

    Returns:
        float32 [N, K] on the CPU.
    """
    parts = []
    with torch.inference_mode():
        for chunk in images.split(batch_size):
            parts.append(forward(normalise(chunk, spec)).float().cpu())
            on_batch(len(chunk))
    return torch.cat(parts)
