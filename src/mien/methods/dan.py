"""DAN: four cross-attention heads on a ResNet-18 (Wen, Lin, Wang and Xu, Biomimetics, 2023).

Each head looks where it wants and says which channels matter; a partition loss keeps the heads apart, an
affinity loss pulls the trunk's features of one class together.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.core.recipe import LossChoice
from mien.core.specs import Frozen, InputSpec
from mien.losses.functional import at_least_fp32
from mien.methods._base import METHODS, Method, MethodInfo, Shape
from mien.nets.backbones import Backbone, BackboneParams
from mien.nets.checks import check_batch, check_input
from mien.nets.explainable import CamLayer, Explainable

REDUCTION = 16
"""Of the channels inside a channel attention."""


class DanParams(Frozen):
    """Defaults are the paper's.

    Attributes:
        backbone: The trunk; the paper starts it from MS-Celeb-1M weights, a user's file.
        n_heads: Cross-attention heads.
    """

    backbone: BackboneParams = BackboneParams()
    n_heads: int = Field(default=4, ge=1)


class SpatialAttention(nn.Module):
    """One weight for each place of a map, from convolutions of three shapes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.reduce = nn.Sequential(nn.Conv2d(channels, half, 1), nn.BatchNorm2d(half))
        self.shapes = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(half, channels, kernel, padding=(kernel[0] // 2, kernel[1] // 2)),
                nn.BatchNorm2d(channels),
            )
            for kernel in ((3, 3), (1, 3), (3, 1))
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, D, h, w] -> [B, 1, h, w], 0 or more."""
        reduced = self.reduce(x)  # [B, D / 2, h, w]
        together = sum(shape(reduced) for shape in self.shapes).relu()  # [B, D, h, w]
        return at_least_fp32(together).sum(1, keepdim=True)


class ChannelAttention(nn.Module):
    """One weight between 0 and 1 for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(1, channels // REDUCTION)
        self.attend = nn.Sequential(
            nn.Linear(channels, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, channels),
            nn.Sigmoid(),
        )

    def forward(self, pooled: Tensor) -> Tensor:
        """[B, D] -> [B, D]."""
        return self.attend(pooled)


class CrossAttentionHead(nn.Module):
    """Spatial, then channel attention."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.spatial = SpatialAttention(channels)
        self.channel = ChannelAttention(channels)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.001)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[B, D, h, w] -> the head's vector [B, D] and its spatial attention [B, h, w]."""
        where = self.spatial(x)  # [B, 1, h, w]
        pooled = at_least_fp32(x * where).mean((2, 3))  # [B, D]
        return self.channel(pooled) * pooled, where.squeeze(1)


class DanExtractor(nn.Module):
    """Trunk and heads, up to the classifier.

    Attributes:
        n_features: D.
    """

    def __init__(self, in_channels: int, params: DanParams) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.backbone = Backbone(params.backbone, in_channels)
        self.n_features = self.backbone.n_features
        self.heads = nn.ModuleList(CrossAttentionHead(self.n_features) for _ in range(params.n_heads))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """What the heads see.

        Args:
            x: [B, C, S, S].

        Returns:
            ``features`` [B, D], the sum over heads; ``heads`` [B, H, D], each head's share of every feature
            as a logarithm (with one head its plain vector); ``pooled`` [B, D], the trunk's mean;
            ``attention_maps`` [B, H, h, w].
        """
        check_input("dan", x, self.in_channels)
        if self.training:
            check_batch("dan", x)
        trunk = self.backbone(x)  # [B, D, h, w]
        seen = [head(trunk) for head in self.heads]
        heads = torch.stack([at_least_fp32(vector) for vector, _ in seen], dim=1)  # [B, H, D]
        if len(seen) > 1:
            heads = heads.log_softmax(1)
        return {
            "features": heads.sum(1),
            "heads": heads,
            "pooled": at_least_fp32(trunk).mean((2, 3)),
            "attention_maps": torch.stack([where for _, where in seen], dim=1),  # [B, H, h, w]
        }

    def explainable(self) -> Explainable:
        """The trunk's last map, and where each head looks."""
        heads = tuple(f"head {i + 1}" for i in range(len(self.heads)))
        return Explainable(cam={"last map": CamLayer(self.backbone)}, attention={"attention_maps": heads})

    def auxiliary_losses(self) -> tuple[LossChoice, ...]:
        """Affinity and partition; one head alone has nothing to be parted from."""
        affinity, partition = LossChoice(name="affinity"), LossChoice(name="partition")
        return (affinity, partition) if len(self.heads) > 1 else (affinity,)


class Dan(Method):
    """Extractor, linear layer, batch normalisation of the logits."""

    def __init__(self, shape: Shape, params: DanParams) -> None:
        super().__init__()
        self.extractor = DanExtractor(shape.in_channels, params)
        linear = nn.Linear(self.extractor.n_features, shape.n_classes)
        self.head = nn.Sequential(linear, nn.BatchNorm1d(shape.n_classes))

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        """[B, C, S, S] -> logits [B, K], and what `DanExtractor` gives."""
        seen = self.extractor(x)
        return {"logits": self.head(seen["features"]), **seen}

    def explainable(self) -> Explainable:
        """That of `DanExtractor`."""
        return self.extractor.explainable()

    def losses(self) -> tuple[LossChoice, ...]:
        """Cross-entropy + affinity + partition."""
        return (LossChoice(name="cross_entropy"), *self.extractor.auxiliary_losses())


METHODS.register("dan")(
    MethodInfo(
        name="dan",
        build=Dan,
        params=DanParams,
        input=InputSpec(size_px=224, channels="rgb", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
        paper="Wen, Lin, Wang and Xu, Distract your attention: multi-head cross attention network for facial "
        "expression recognition, Biomimetics 8(2), 2023",
        about="four cross-attention heads on ResNet-18, kept apart by a partition loss; 19.7 M weights",
        small={"backbone": {"name": "test_resnet"}, "n_heads": 2},
        small_px=32,
    )
)
