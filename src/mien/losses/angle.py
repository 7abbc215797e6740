"""The constrained angle loss as a term beside any method's own."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from mien.core.specs import Frozen
from mien.losses import functional
from mien.losses._base import LOSSES, LossInfo, OutputLoss, Sizes, Targets


class ConstrainedAngleParams(Frozen):
    """Which features, [B, D], and how much a negative angle counts (NS; 1 constrains nothing)."""

    of: str = "features"
    negative_slope: float = Field(default=0.1, ge=0, le=1)


class ConstrainedAngle(OutputLoss):
    """See `functional.constrained_angle`, with class vectors and a batch normalisation of its own.

    They are learnt with the network but are no part of it: this term shapes the features, and its logits are
    not the method's, which need a term of their own. EMMA has this head in its network.
    """

    def __init__(self, sizes: Sizes, params: ConstrainedAngleParams) -> None:
        super().__init__(sizes, params.of, "D")
        self.negative_slope = params.negative_slope
        self.class_vectors = nn.Parameter(torch.randn(sizes.n_classes, *self.shape))  # only angles count
        self.norm = nn.BatchNorm1d(sizes.n_classes)

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """Scalar."""
        x = functional.at_least_fp32(outputs[self.of])
        cosines = F.cosine_similarity(x.unsqueeze(1), self.class_vectors, dim=2)  # [B, K]
        u = self._normalised(cosines)
        norm = torch.linalg.vector_norm(x, dim=1)
        return functional.constrained_angle(u, norm, batch.target, self.negative_slope, batch.weight)

    def _normalised(self, cosines: Tensor) -> Tensor:
        """BN(cos). One sample alone has no statistics: it is normalised by the running ones."""
        if len(cosines) > 1:
            return self.norm(cosines)
        bn = self.norm
        return F.batch_norm(cosines, bn.running_mean, bn.running_var, bn.weight, bn.bias, eps=bn.eps)


LOSSES.register("constrained_angle")(
    LossInfo(
        "constrained_angle",
        ConstrainedAngle,
        ConstrainedAngleParams,
        "features at a small angle to their class, at no very wide one to the others (EMMA, eq. 2)",
    )
)
