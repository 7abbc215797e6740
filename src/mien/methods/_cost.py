"""What a method costs: weights, and multiply-accumulates for one crop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from mien.methods._base import METHODS, create_method, parse_params


@dataclass(frozen=True)
class Cost:
    """Of a method with its paper's defaults.

    Attributes:
        parameters: Weights that learn.
        macs: Multiply-accumulates of convolutions and matrix products for one crop.
    """

    parameters: int
    macs: int

    @property
    def operations(self) -> str:
        """The multiply-accumulates in words: 1.81 G."""
        unit, name = (1e9, "G") if self.macs >= 1e9 else (1e6, "M")
        return f"{self.macs / unit:.2f} {name}"


def cost_of(name: str, n_classes: int = 7, **params: Any) -> Cost:
    """Count without making any number: on shapes alone.

    Args:
        name: Registry name.
        n_classes: K.
        **params: What differs from the paper's defaults.

    Raises:
        MienError: As `create_method`.
    """
    spec = METHODS[name].input_for(parse_params(name, params))
    with torch.device("meta"), torch.no_grad():
        method = create_method(name, n_classes, **params).eval()
        with FlopCounterMode(display=False) as counter:
            method(torch.zeros(1, spec.n_channels, spec.size_px, spec.size_px))
    return Cost(sum(p.numel() for p in method.parameters()), counter.get_total_flops() // 2)
