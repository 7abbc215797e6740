"""Losses as terms of an objective: which outputs they read, and the state that some of them keep."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mien.core.specs import Frozen
from mien.losses import functional
from mien.losses._base import LOSSES, Loss, LossInfo, Sizes, Targets


class OfLogits(Frozen):
    """Which of the method's logits a classification loss reads."""

    of: str = "logits"


class CrossEntropy(Loss):
    """See `functional.cross_entropy`."""

    def __init__(self, sizes: Sizes, params: OfLogits) -> None:
        super().__init__()
        self.of = params.of
        self.needs = (params.of,)

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """Scalar."""
        return functional.cross_entropy(outputs[self.of], batch.target, batch.weight)


LOSSES.register("cross_entropy")(
    LossInfo("cross_entropy", CrossEntropy, OfLogits, "cross-entropy with the target distribution")
)
