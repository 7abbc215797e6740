"""A model asked twice: about a face and about its mirror image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.core.records import Predictor
from mien.core.specs import ModelSpec


@dataclass(frozen=True)
class MirroredPredictor:
    """Implements `mien.core.records.Predictor`: the mean of the logits of a crop and of its mirror image.

    Attributes:
        predictor: The model; asked about twice as many crops.
    """

    predictor: Predictor

    @property
    def spec(self) -> ModelSpec:
        """That of the model."""
        return self.predictor.spec

    def logits(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Raw scores [B, K] for a normalised batch [B, C, H, W]."""
        there = self.predictor.logits(batch)
        back = self.predictor.logits(np.ascontiguousarray(batch[..., ::-1]))
        return (there + back) / 2
