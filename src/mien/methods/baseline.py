"""The plain baseline every other method is measured against: a backbone, a linear head, cross-entropy."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from torch import Tensor

from mien.core.specs import Frozen, InputSpec
from mien.methods._base import METHODS, Method, MethodInfo, Shape
from mien.nets.backbones import Backbone, BackboneParams
from mien.nets.explainable import CamLayer, Explainable
from mien.nets.heads import LinearHead


class BaselineParams(Frozen):
    """Any timm backbone; dropout before the linear layer."""

    backbone: BackboneParams = BackboneParams()
    dropout: float = Field(default=0.0, ge=0, lt=1)


class Baseline(Method):
    """Backbone, global average pooling, linear layer."""

    exported: ClassVar[tuple[str, ...]] = ("logits", "cam")

    def __init__(self, shape: Shape, params: BaselineParams) -> None:
        super().__init__()
        self.backbone = Backbone(params.backbone, shape.in_channels)
        self.head = LinearHead(self.backbone.n_features, shape.n_classes, params.dropout)

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        """[B, C, S, S] -> logits [B, K]; features [B, D], the pooled map; cam [B, h, w, K].

        ``cam`` is the class activation map (Zhou et al., CVPR 2016, eq. 2): its mean over the places is the
        logits less their bias.
        """
        last = self.backbone(x)
        features = last.mean((2, 3))
        cam = last.permute(0, 2, 3, 1) @ self.head.linear.weight.T
        return {"logits": self.head(features), "features": features, "cam": cam}

    def explainable(self) -> Explainable:
        """The backbone's last map."""
        return Explainable(cam={"last map": CamLayer(self.backbone)})


METHODS.register("baseline")(
    MethodInfo(
        name="baseline",
        build=Baseline,
        params=BaselineParams,
        input=InputSpec(size_px=224, channels="rgb", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
        paper="",
        about="any timm backbone, global average pooling, linear layer, cross-entropy",
        small={"backbone": {"name": "test_resnet"}},
        small_px=32,
    )
)
