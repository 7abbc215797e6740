"""Losses without state as terms of an objective: which output each reads, and by which parameters."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from torch import Tensor

from mien.core.specs import Frozen
from mien.losses import functional
from mien.losses._base import LOSSES, LossInfo, OutputLoss, Sizes, Targets


class OfLogits(Frozen):
    """Which of the method's logits a classification loss reads."""

    of: str = "logits"


class CrossEntropy(OutputLoss):
    """See `functional.cross_entropy`."""

    def __init__(self, sizes: Sizes, params: OfLogits) -> None:
        super().__init__(sizes, params.of, "K")

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """Scalar."""
        return functional.cross_entropy(outputs[self.of], batch.target, batch.weight)


class FocalParams(OfLogits):
    """See `functional.focal`; gamma 0 is cross-entropy."""

    alpha: float = Field(default=1.0, gt=0)
    gamma: float = Field(default=2.0, ge=0)


class Focal(OutputLoss):
    """See `functional.focal`."""

    def __init__(self, sizes: Sizes, params: FocalParams) -> None:
        super().__init__(sizes, params.of, "K")
        self.alpha, self.gamma = params.alpha, params.gamma

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """Scalar."""
        return functional.focal(outputs[self.of], batch.target, self.alpha, self.gamma, batch.weight)


class SquaredHingeParams(OfLogits):
    """See `functional.squared_hinge`."""

    form: functional.HingeForm = "pairwise"


class SquaredHinge(OutputLoss):
    """See `functional.squared_hinge`."""

    def __init__(self, sizes: Sizes, params: SquaredHingeParams) -> None:
        super().__init__(sizes, params.of, "K")
        self.form = params.form

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """Scalar."""
        return functional.squared_hinge(outputs[self.of], batch.target, self.form, batch.weight)


class OfIntraWeights(Frozen):
    """Which output holds the importance of each latent, [B, M]."""

    of: str = "intra_weights"


class Balance(OutputLoss):
    """See `functional.balance`. The parts of an accumulated batch are each balanced by themselves."""

    def __init__(self, sizes: Sizes, params: OfIntraWeights) -> None:
        super().__init__(sizes, params.of, "M")

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """Scalar."""
        return functional.balance(outputs[self.of])


class OfHeads(Frozen):
    """Which output holds the log-softmaxed attention heads, [B, H, D]."""

    of: str = "heads"


class Partition(OutputLoss):
    """See `functional.partition`."""

    def __init__(self, sizes: Sizes, params: OfHeads) -> None:
        super().__init__(sizes, params.of, "H D")

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """Scalar."""
        return functional.partition(outputs[self.of])


class OfAttentionMaps(Frozen):
    """Which output holds the attention maps, [B, H, ...]."""

    of: str = "attention_maps"


class AttentionDiversity(OutputLoss):
    """See `functional.attention_diversity`."""

    def __init__(self, sizes: Sizes, params: OfAttentionMaps) -> None:
        super().__init__(sizes, params.of, "H ...")

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """Scalar."""
        return functional.attention_diversity(outputs[self.of])


LOSSES.register("cross_entropy")(
    LossInfo("cross_entropy", CrossEntropy, OfLogits, "cross-entropy with the target distribution")
)
LOSSES.register("focal")(
    LossInfo("focal", Focal, FocalParams, "cross-entropy that dwells on hard samples (Lin et al., ICCV 2017)")
)
LOSSES.register("squared_hinge")(
    LossInfo(
        "squared_hinge",
        SquaredHinge,
        SquaredHingeParams,
        "squared margins of the right class over the others, or of each class by itself (Tang, 2013)",
    )
)
LOSSES.register("balance")(
    LossInfo("balance", Balance, OfIntraWeights, "every latent as important as the others (FDRL, eq. 6)")
)
LOSSES.register("partition")(
    LossInfo("partition", Partition, OfHeads, "attention heads that tell different things (DAN)")
)
LOSSES.register("attention_diversity")(
    LossInfo(
        "attention_diversity",
        AttentionDiversity,
        OfAttentionMaps,
        "attention heads that look at different places (DDAMFN)",
    )
)
