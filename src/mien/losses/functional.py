"""Losses as pure functions, each with the source of its formula."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def at_least_fp32(x: Tensor) -> Tensor:
    """bf16 and fp16 widened to fp32, for sums and logarithms; wider types as they are."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def weighted_mean(per_sample: Tensor, weight: Tensor | None = None) -> Tensor:
    """sum_i w_i v_i / sum_i w_i; the plain mean without weights.

    Args:
        per_sample: [B] values.
        weight: [B] weights.
    """
    if weight is None:
        return per_sample.mean()
    return (per_sample * weight).sum() / weight.sum()


def cross_entropy(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """-sum_i w_i sum_k t_ik log softmax(z_i)_k / sum_i w_i.

    Limit case: with one-hot targets this is torch's cross-entropy, class weights included.

    Args:
        logits: [B, K].
        target: [B, K] distributions.
        weight: [B]; None weighs all alike.
    """
    return weighted_mean(-(target * F.log_softmax(at_least_fp32(logits), dim=1)).sum(1), weight)
