"""Sharpness-aware minimisation (Foret, Kleiner, Mobahi and Neyshabur, ICLR 2021)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def uphill(module: nn.Module, rho: float) -> Iterator[None]:
    """Inside, weights stand `rho` up their gradient, e = rho g / |g| (eq. 2); after it, where they were.

    BatchNorm's running statistics stand still inside: they are those of the weights that are kept.

    Args:
        module: Has its gradients.
        rho: Distance.
    """
    moved = [p for p in module.parameters() if p.grad is not None]
    norm = torch.stack([p.grad.norm() for p in moved if p.grad is not None]).norm() if moved else None
    before = [p.detach().clone() for p in moved]
    norms = [m for m in module.modules() if isinstance(m, _BatchNorm)]
    momenta = [m.momentum for m in norms]
    try:
        with torch.no_grad():
            # fp16's scaled gradients may overflow: the step is then left out anyway
            if norm is not None and norm > 0 and norm.isfinite():
                for p in moved:
                    if p.grad is not None:
                        p.add_(p.grad, alpha=float(rho / norm))
        for m in norms:
            m.momentum = 0.0
        yield
    finally:
        with torch.no_grad():
            for p, old in zip(moved, before, strict=True):
                p.copy_(old)
        for m, momentum in zip(norms, momenta, strict=True):
            m.momentum = momentum
