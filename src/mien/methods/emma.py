"""EMMA: an angle-based classifier of basic emotions whose similarities mix to compound ones (Yamamoto and
Takemura).

Compound emotions are never trained: `similarity` times a coupling matrix is their intensity (section 3.2;
`mien.core.compound`). General classification is `head: linear` on compound labels; transfer takes a trained
`extractor`, freezes it, and learns a new `head` with `negative_slope: 1`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor, nn

from mien.core.recipe import LossChoice
from mien.core.specs import Frozen, InputSpec
from mien.losses.functional import at_least_fp32
from mien.methods._base import METHODS, Method, MethodInfo, Shape
from mien.methods.dan import DanExtractor, DanParams
from mien.methods.ddamfn import DdamfnExtractor, DdamfnParams
from mien.nets.backbones import Backbone, BackboneParams
from mien.nets.checks import check_batch, check_input
from mien.nets.explainable import CamLayer, Explainable
from mien.nets.heads import LinearHead

MIN_NORM = 1e-4
"""A shorter vector is divided by this and not by its length, which keeps the gradient at zero small."""


class EmmaParams(Frozen):
    """Defaults are the paper's; its loss L_CE is ``head: linear``.

    Attributes:
        extractor: One of the paper's four, or ``backbone`` for any other timm network.
        backbone: The timm network of ``backbone``; of the others the weights, the stem and the options.
        head: ``constrained_angle`` is the loss L_CA; ``linear`` is a plain linear layer.
        dropout: On the features; the paper names none.
        negative_slope: NS of the Leaky ReLU; 1 leaves the cosine as it is.
        cer_input: What is normalised to the similarity: the cosine, as in training, or ``sim``, the cosine
            times the feature's length, as eq. 4 and 5 are printed.
        ce_similarity: With ``linear``: the logits, or ``bn_logit``, the logits standardised by running
            statistics of the training batches.
        aux_losses: Add the losses of DAN's or DDAMFN's own paper.
    """

    extractor: Literal["resnet50", "efficientnet_b2", "dan", "ddamfn", "backbone"] = "dan"
    backbone: BackboneParams = BackboneParams()
    head: Literal["constrained_angle", "linear"] = "constrained_angle"
    dropout: float = Field(default=0.5, ge=0, lt=1)
    negative_slope: float = Field(default=0.1, ge=0, le=1)
    cer_input: Literal["cos", "sim"] = "cos"
    ce_similarity: Literal["logit", "bn_logit"] = "logit"
    aux_losses: bool = False

    @model_validator(mode="after")
    def _one_network(self) -> EmmaParams:
        if self.extractor != "backbone" and "name" in self.backbone.model_fields_set:
            raise ValueError(
                f"extractor: {self.extractor} brings its own network; backbone.name goes with extractor: "
                "backbone"
            )
        if self.aux_losses and self.extractor not in ("dan", "ddamfn"):
            raise ValueError(f"{self.extractor} has no losses of its own: aux_losses is for dan and ddamfn")
        return self


class PooledExtractor(nn.Module):
    """A timm network and global average pooling.

    Attributes:
        n_features: N_z.
    """

    def __init__(self, in_channels: int, params: BackboneParams) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.backbone = Backbone(params, in_channels)
        self.n_features = self.backbone.n_features

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """[B, C, S, S] -> features [B, N_z]."""
        check_input("emma", x, self.in_channels)
        return {"features": at_least_fp32(self.backbone(x)).mean((2, 3))}

    def explainable(self) -> Explainable:
        """The network's last map."""
        return Explainable(cam={"last map": CamLayer(self.backbone)})


def make_extractor(shape: Shape, params: EmmaParams) -> PooledExtractor | DanExtractor | DdamfnExtractor:
    """FE of eq. 1; N_z is 2048 (ResNet-50), 1408 (EfficientNet-B2) or 512 (DAN and DDAMFN)."""
    if params.extractor == "dan":
        return DanExtractor(shape.in_channels, DanParams(backbone=params.backbone))
    if params.extractor == "ddamfn":
        return DdamfnExtractor(shape, DdamfnParams(weights=params.backbone.weights))
    named = params.backbone
    if params.extractor != "backbone":
        named = named.model_copy(update={"name": params.extractor})
    return PooledExtractor(shape.in_channels, named)


class ConstrainedAngleHead(nn.Module):
    """Basic EmoVecs, and the angles between them and a feature.

    Cross-entropy on its logits is L_CA (eq. 2, with the logarithm and the sum over samples that its print
    lacks): z_i = ||x|| LReLU(BN(cos(w_i, x))). BN sees the cosine alone; as Leaky ReLU is positively
    homogeneous, ||x|| may stand inside or outside of it.
    """

    def __init__(self, n_features: int, n_classes: int, params: EmmaParams) -> None:
        super().__init__()
        self.dropout = nn.Dropout(params.dropout)
        self.emovecs = nn.Linear(n_features, n_classes, bias=False)  # W_b [K, N_z]
        self.norm = nn.BatchNorm1d(n_classes)
        self.negative_slope = params.negative_slope
        self.cer_input = params.cer_input

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """[B, N_z] -> cosine, similarity and logits, each [B, K]."""
        if self.training:
            check_batch("emma", features)
        x = at_least_fp32(self.dropout(features))
        # products summed, not a matrix product: autocast would round those to bf16, and BN magnify the error
        directions = F.normalize(x, dim=1, eps=MIN_NORM).unsqueeze(1)  # [B, 1, N_z]
        cosine = (directions * F.normalize(self.emovecs.weight, dim=1)).sum(2)  # [B, K]
        length = torch.linalg.vector_norm(x, dim=1, keepdim=True)  # [B, 1]
        normalised = self.norm(cosine)
        return {
            "logits": length * F.leaky_relu(normalised, self.negative_slope),
            "cosine": cosine,
            "similarity": normalised if self.cer_input == "cos" else self._as_printed(length * cosine),
        }

    def _as_printed(self, sim: Tensor) -> Tensor:
        """BN(Sim) of eq. 5, with the statistics that were learnt on the cosine."""
        bn = self.norm
        return F.batch_norm(sim, bn.running_mean, bn.running_var, bn.weight, bn.bias, False, 0.0, bn.eps)


class CrossEntropyHead(nn.Module):
    """The L_CE rows: a linear layer, whose logits are the similarities."""

    def __init__(self, n_features: int, n_classes: int, params: EmmaParams) -> None:
        super().__init__()
        self.linear = LinearHead(n_features, n_classes, params.dropout)
        self.norm = None
        if params.ce_similarity == "bn_logit":
            self.norm = nn.BatchNorm1d(n_classes, affine=False)

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """[B, N_z] -> logits and similarity, each [B, K]."""
        logits = self.linear(features)
        if self.norm is None:
            return {"logits": logits, "similarity": logits}
        if self.training:
            check_batch("emma", features)
        return {"logits": logits, "similarity": self.norm(at_least_fp32(logits.detach()))}


class Emma(Method):
    """Feature extractor and head. Exported models give the similarities beside the logits."""

    exported: ClassVar[tuple[str, ...]] = ("logits", "similarity")

    def __init__(self, shape: Shape, params: EmmaParams) -> None:
        super().__init__()
        self.params = params
        self.extractor = make_extractor(shape, params)
        head = ConstrainedAngleHead if params.head == "constrained_angle" else CrossEntropyHead
        self.head = head(self.extractor.n_features, shape.n_classes, params)

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        """What extractor and head give.

        Args:
            x: [B, C, S, S].

        Returns:
            ``logits`` [B, K]; ``features`` [B, N_z], x_b of eq. 1; ``similarity`` [B, K], BN(cos) with the
            running statistics in evaluation; ``cosine`` [B, K] with the constrained angle; whatever else
            the extractor gives.
        """
        seen = self.extractor(x)
        return {**seen, **self.head(seen["features"])}

    def explainable(self) -> Explainable:
        """What the extractor shows, and the similarity to each EmoVec."""
        return replace(self.extractor.explainable(), similarity="similarity")

    def losses(self) -> tuple[LossChoice, ...]:
        """Cross-entropy on the logits: L_CA or L_CE by the head."""
        plain = LossChoice(name="cross_entropy")
        return (plain, *self.extractor.auxiliary_losses()) if self.params.aux_losses else (plain,)


INPUT = InputSpec(size_px=224, channels="rgb", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def input_of(params: EmmaParams) -> InputSpec:
    """Of the extractor: DDAMFN sees 112 px, the others 224."""
    return INPUT.model_copy(update={"size_px": 112}) if params.extractor == "ddamfn" else INPUT


METHODS.register("emma")(
    MethodInfo(
        name="emma",
        build=Emma,
        params=EmmaParams,
        input=INPUT,
        input_of=input_of,
        paper="Yamamoto and Takemura, EMMA: emotion mixing algorithm for compound expression recognition "
        "using angle-based metric learning",
        about="constrained-angle loss on basic emotions; compound ones as mixtures, without training on them",
        small={"extractor": "backbone", "backbone": {"name": "test_resnet"}, "dropout": 0.0},
        small_px=32,
    )
)
