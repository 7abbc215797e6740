"""Grad-CAM of an exported model, without torch: of networks that end in average pooling and a linear layer.

There the gradient of a logit by the last map is the linear layer's weight over the number of places, so
that Grad-CAM is the class activation map (Zhou et al., CVPR 2016) over that number, cut off at 0 (Selvaraju
et al., ICCV 2017, section 3.1). Such models export that map beside the logits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mien.explain.maps import MapMaker, Maps

CAM = "cam"
"""Name of the exported output, [B, h, w, K]."""


@runtime_checkable
class GivesMaps(Protocol):
    """A predictor that may give more than logits."""

    @property
    def output_names(self) -> tuple[str, ...]:
        """What it gives, by name."""

    def outputs(self, batch: NDArray[np.float32]) -> Mapping[str, NDArray[np.float32]]:
        """All of it for a normalised batch."""


def gives_activation(predictor: object) -> bool:
    """Whether a predictor gives its class activation map."""
    return isinstance(predictor, GivesMaps) and CAM in predictor.output_names


def activation_maker(predictor: GivesMaps) -> MapMaker:
    """Grad-CAM from what an exported model gives.

    Args:
        predictor: One for which `gives_activation` holds.
    """

    def make(batch: NDArray[np.float32], targets: NDArray[np.int64]) -> Maps:
        maps = predictor.outputs(batch)[CAM]
        chosen = np.stack([of_one[:, :, target] for of_one, target in zip(maps, targets, strict=True)])
        places = chosen.shape[1] * chosen.shape[2]
        return {"gradcam": np.maximum(chosen, 0).astype(np.float32) / np.float32(places)}

    return make
