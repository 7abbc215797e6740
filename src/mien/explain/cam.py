"""Grad-CAM (Selvaraju et al., ICCV 2017): where the maps of a layer speak for a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from captum.attr import LayerGradCam
from torch import Tensor

from mien.nets.explainable import CamLayer


def grad_cam(
    outputs: Callable[[Tensor], Mapping[str, Tensor]], layer: CamLayer, x: Tensor, targets: Tensor
) -> Tensor:
    """ReLU of the sum over maps A_k of alpha_k A_k; alpha_k is the mean gradient of the score by A_k.

    Args:
        outputs: Of a method in eval mode: [B, C, S, S] -> named outputs.
        layer: Whose maps, and which score.
        x: [B, C, S, S].
        targets: int64 [B], the class explained in each.

    Returns:
        [B, h, w], 0 or more, on the scale of the score.
    """
    explainer = LayerGradCam(lambda batch: outputs(batch)[layer.score], layer.module)
    weighted = explainer.attribute(x.detach().requires_grad_(), targets, attr_dim_summation=False)
    return layer.to_map(weighted.detach()).relu()
