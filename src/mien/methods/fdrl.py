"""FDRL: feature decomposition and reconstruction learning (Ruan et al., CVPR 2021).

A face is decomposed into M latent features that expressions share (FDN), and its expression feature is put
together again from them: each weighted by itself (Intra-RM) and by its relations to the others (Inter-RM).
The centres of the compactness and distribution losses live with the losses.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.core.recipe import LossChoice
from mien.core.specs import Frozen, InputSpec
from mien.losses.functional import at_least_fp32
from mien.methods._base import METHODS, Method, MethodInfo, Shape
from mien.nets.backbones import Backbone, BackboneParams
from mien.nets.checks import check_input
from mien.nets.explainable import CamLayer, Explainable

IntraWeight = Literal["mean", "l1", "sum"]


class FdrlParams(Frozen):
    """Defaults are the paper's full model.

    Attributes:
        backbone: Gives the basic feature by global average pooling.
        variant: Rows of Table 2: ``baseline`` (linear layer on the basic feature), ``fdn``, ``fdn_inter``,
            ``fdn_intra``, ``full``.
        n_latents: M, swept in Figure 4.
        d_latent: D, length of a latent feature and of the expression feature.
        intra_weight: Scale of an Intra-W. ``l1`` is eq. 4 as printed, a sum of D sigmoids: about 64 at first,
            while eq. 6 pulls it to 1/M, so that the balance loss wants a weight of 1e-3 to 1e-2. ``mean``
            divides it by D, with the same optimum; ``sum`` divides it by the sum of the M weights. The paper
            has neither: the default is our choice.
        delta: Share of the intra-aware features in eq. 11; the rest is the inter-aware ones'.
        bias: Whether the M-wise layers have biases; the equations show none.
        loss_weights: Lambda 1 to 3 of eq. 13: compactness, balance, distribution; swept in Table 1.
    """

    backbone: BackboneParams = BackboneParams()
    variant: Literal["baseline", "fdn", "fdn_inter", "fdn_intra", "full"] = "full"
    n_latents: int = Field(default=9, ge=1)
    d_latent: int = Field(default=128, ge=1)
    intra_weight: IntraWeight = "mean"
    delta: float = Field(default=0.5, ge=0, le=1)
    bias: bool = True
    loss_weights: tuple[float, float, float] = (1e-4, 1.0, 1e-4)


class SeparateLinear(nn.Module):
    """M linear layers side by side, the j-th for the j-th of M vectors, initialised like M nn.Linear."""

    def __init__(self, n_layers: int, n_in: int, n_out: int, bias: bool) -> None:
        super().__init__()
        bound = n_in**-0.5
        self.weight = nn.Parameter(torch.empty(n_layers, n_out, n_in).uniform_(-bound, bound))
        # one row, as biases are: weight decay passes over it
        self.bias = nn.Parameter(torch.empty(n_layers * n_out).uniform_(-bound, bound)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """[B, M, n_in] -> [B, M, n_out]."""
        y = torch.einsum("bmi,moi->bmo", x, self.weight)
        return y if self.bias is None else y + self.bias.view(self.weight.shape[:2])  # + [M, n_out]


class FeatureDecomposition(nn.Module):
    """FDN: l_ij = ReLU(W_dj^T x_i), eq. 1."""

    def __init__(self, n_features: int, n_latents: int, d_latent: int, bias: bool) -> None:
        super().__init__()
        self.n_latents = n_latents
        self.linear = SeparateLinear(n_latents, n_features, d_latent, bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, P] -> [B, M, D]."""
        return self.linear(x.unsqueeze(1).expand(-1, self.n_latents, -1)).relu()


def intra_feature_weights(importance: Tensor, scale: IntraWeight) -> Tensor:
    """Intra-W: alpha_ij = ||avec_ij||_1, eq. 4, to a scale.

    Args:
        importance: [B, M, D], each value in 0..1.
        scale: ``l1`` as printed, ``mean`` divided by D, ``sum`` divided by the sum over M.

    Returns:
        [B, M], at least fp32.
    """
    alpha = at_least_fp32(importance).sum(2)
    if scale == "mean":
        return alpha / importance.shape[2]
    return alpha / alpha.sum(1, keepdim=True) if scale == "sum" else alpha


class IntraRelation(nn.Module):
    """Intra-RM: how much each latent feature matters, from itself alone."""

    def __init__(self, n_latents: int, d_latent: int, bias: bool, scale: IntraWeight) -> None:
        super().__init__()
        self.scale = scale
        self.linear = SeparateLinear(n_latents, d_latent, d_latent, bias)

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """[B, M, D] -> intra-aware features [B, M, D] (eq. 7) and Intra-W [B, M] (eq. 3 and 4)."""
        alpha = intra_feature_weights(self.linear(latents).sigmoid(), self.scale)
        return alpha.unsqueeze(2) * latents, alpha


def inter_feature_weights(messages: Tensor) -> Tensor:
    """Inter-W: w_i(j, m) = tanh ||g_ij - g_im||_2, and 0 for j = m (eq. 9).

    The more two messages differ, the more weight they give each other, as printed. The distance is
    sqrt(d^2 + 1e-12), whose gradient is 0 where messages coincide.

    Args:
        messages: [B, M, D].

    Returns:
        [B, M, M], symmetric, at least fp32.
    """
    g = at_least_fp32(messages)
    squared = (g.unsqueeze(2) - g.unsqueeze(1)).square().sum(3)  # [B, M, M]
    others = 1 - torch.eye(g.shape[1], dtype=g.dtype, device=g.device)
    return (squared + 1e-12).sqrt().tanh() * others


class InterRelation(nn.Module):
    """Inter-RM: what each feature hears from the others, a complete graph over messages."""

    def __init__(self, n_latents: int, d_latent: int, bias: bool) -> None:
        super().__init__()
        self.linear = SeparateLinear(n_latents, d_latent, d_latent, bias)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """[B, M, D] -> inter-aware features [B, M, D] (eq. 8 and 10) and Inter-W [B, M, M]."""
        messages = self.linear(features).relu()
        weights = inter_feature_weights(messages)
        return torch.einsum("bjm,bmd->bjd", weights, messages.to(weights.dtype)), weights


class Fdrl(Method):
    """Backbone, FDN, Intra-RM, Inter-RM, and the expression prediction network (EPN), a linear layer."""

    def __init__(self, shape: Shape, params: FdrlParams) -> None:
        super().__init__()
        self.params = params
        self.in_channels = shape.in_channels
        self.backbone = Backbone(params.backbone, shape.in_channels)
        n_features = self.backbone.n_features
        layers = {"n_latents": params.n_latents, "d_latent": params.d_latent, "bias": params.bias}
        self.fdn = self.intra = self.inter = None
        if params.variant != "baseline":
            self.fdn = FeatureDecomposition(n_features, **layers)
        if params.variant in ("fdn_intra", "full"):
            self.intra = IntraRelation(**layers, scale=params.intra_weight)
        if params.variant in ("fdn_inter", "full"):
            self.inter = InterRelation(**layers)
        self.epn = nn.Linear(n_features if self.fdn is None else params.d_latent, shape.n_classes)

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        """[B, C, S, S] -> logits [B, K]; features [B, D], the expression feature.

        And what the variant has of latents [B, M, D], intra_weights [B, M] and inter_weights [B, M, M].

        Raises:
            MienError: Crops with other channels.
        """
        check_input("fdrl", x, self.in_channels)
        basic = self.backbone(x).mean((2, 3))  # [B, P]
        if self.fdn is None:
            return {"logits": self.epn(basic), "features": basic}
        latents = self.fdn(basic)  # [B, M, D]
        aware, relations = self._reconstruct(latents)
        expression = at_least_fp32(aware).sum(1)  # [B, D], eq. 12
        return {"logits": self.epn(expression), "features": expression, "latents": latents, **relations}

    def _reconstruct(self, latents: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Importance-aware features [B, M, D] (eq. 11) and the relation weights behind them."""
        aware, relations = latents, {}
        if self.intra is not None:
            aware, relations["intra_weights"] = self.intra(aware)
        if self.inter is not None:
            heard, relations["inter_weights"] = self.inter(aware)
            aware = self.params.delta * aware + (1 - self.params.delta) * heard
        return aware, relations

    def explainable(self) -> Explainable:
        """The backbone's last map; with Intra-RM the Intra-W, by which Figure 3 groups images."""
        cam = {"last map": CamLayer(self.backbone)}
        return Explainable(cam=cam, latents=None if self.intra is None else "intra_weights")

    def losses(self) -> tuple[LossChoice, ...]:
        """Eq. 13, as far as the variant has what its terms read."""
        compactness, balance, distribution = self.params.loss_weights
        chosen = list(super().losses())
        if self.fdn is not None:
            chosen.append(LossChoice(name="compactness", weight=compactness))
        if self.intra is not None:
            chosen.append(LossChoice(name="balance", weight=balance))
            chosen.append(LossChoice(name="distribution", weight=distribution))
        return tuple(chosen)


METHODS.register("fdrl")(
    MethodInfo(
        name="fdrl",
        build=Fdrl,
        params=FdrlParams,
        input=InputSpec(size_px=224, channels="rgb", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
        paper="Ruan, Yan, Lai, Chai, Shen and Wang, Feature decomposition and reconstruction learning for "
        "effective facial expression recognition, CVPR 2021",
        about="latent features that expressions share, weighted by themselves and by their relations",
        small={"backbone": {"name": "test_resnet"}, "n_latents": 4, "d_latent": 32},
        small_px=48,
    )
)
