"""DDAMFN: a mixed-feature network and attention in two directions (Zhang et al., Electronics, 2023).

The parts of the trunk bear the names that the authors' own state dict has, so that a converted copy of their
MS-Celeb-1M weights loads as it is; what it holds beyond that, and no forward ever read, is passed over.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.core.errors import MienError
from mien.core.recipe import LossChoice
from mien.core.specs import Frozen, InputSpec
from mien.losses.functional import at_least_fp32
from mien.methods._base import METHODS, Method, MethodInfo, Shape
from mien.nets.attention import CoordinateAttention, DirectionAttention, depthwise_sum
from mien.nets.backbones import load_weights
from mien.nets.checks import check_batch, check_input
from mien.nets.explainable import CamLayer, Explainable

N_FEATURES = 512
STRIDE = 16
"""Pixels of the crop for one place of the last map."""


class DdamfnParams(Frozen):
    """Defaults are the paper's.

    Attributes:
        n_heads: Attention heads.
        repeats: Residual blocks of stages 3, 4 and 5.
        weights: ``none``, or the path of a state dict of the trunk.
    """

    n_heads: int = Field(default=2, ge=1)
    repeats: tuple[int, int, int] = (9, 16, 6)
    weights: str = "none"


def unit(
    n_in: int, n_out: int, kernel: int = 1, stride: int = 1, groups: int = 1, activate: bool = True
) -> nn.Sequential:
    """Convolution, batch normalisation and, but for linear units, PReLU with a slope for each channel."""
    layers: list[tuple[str, nn.Module]] = [
        ("conv", nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, groups=groups, bias=False)),
        ("bn", nn.BatchNorm2d(n_out)),
    ]
    if activate:
        layers.append(("prelu", nn.PReLU(n_out)))
    return nn.Sequential(OrderedDict(layers))


class MixedDepthwise(nn.Module):
    """Depthwise convolutions of different kernels, each on its own group of channels."""

    def __init__(self, channels_of: Mapping[int, int], stride: int) -> None:
        super().__init__()
        self.widths = list(channels_of.values())
        self.mixed_depthwise_conv = nn.ModuleList(
            nn.Conv2d(n, n, kernel, stride, kernel // 2, groups=n, bias=False)
            for kernel, n in channels_of.items()
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, H / stride, W / stride]."""
        groups = x.split(self.widths, dim=1)
        convolved = [conv(group) for conv, group in zip(self.mixed_depthwise_conv, groups, strict=True)]
        return torch.cat(convolved, dim=1)


class MixBlock(nn.Module):
    """Widen, mix kernels, attend to coordinates, narrow; at stride 1 the input is added.

    Args:
        n_in: Channels in.
        n_out: Channels out.
        channels_of: Channels of each kernel; their sum is the width inside.
        stride: 1 or 2.
    """

    def __init__(self, n_in: int, n_out: int, channels_of: Mapping[int, int], stride: int = 1) -> None:
        super().__init__()
        width = sum(channels_of.values())
        self.conv = unit(n_in, width)
        self.conv_dw = MixedDepthwise(channels_of, stride)
        self.CA = CoordinateAttention(width)
        self.project = unit(width, n_out, activate=False)
        self.residual = stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """[B, n_in, H, W] -> [B, n_out, H / stride, W / stride]."""
        mixed = self.project(self.CA(self.conv_dw(self.conv(x))))
        return x + mixed if self.residual else mixed


def repeated(n: int, channels: int, channels_of: Mapping[int, int]) -> nn.Sequential:
    """Residual blocks in a row."""
    blocks = nn.Sequential(*(MixBlock(channels, channels, channels_of) for _ in range(n)))
    return nn.Sequential(OrderedDict(model=blocks))


def mixed_feature_net(in_channels: int, repeats: tuple[int, int, int]) -> nn.Sequential:
    """The trunk: [B, C, S, S] -> [B, 512, S / 16, S / 16]; sides below are those at 112 px."""
    return nn.Sequential(
        OrderedDict(
            conv1=unit(in_channels, 64, 3, stride=2),  # 56
            conv2_dw=unit(64, 64, 3, groups=64),
            conv_23=MixBlock(64, 64, {3: 64, 5: 32, 7: 32}, stride=2),  # 28
            conv_3=repeated(repeats[0], 64, {3: 96, 5: 32}),
            conv_34=MixBlock(64, 128, {3: 128, 5: 64, 7: 64}, stride=2),  # 14
            conv_4=repeated(repeats[1], 128, {3: 192, 5: 64}),
            conv_45=MixBlock(128, 256, {3: 256, 5: 256, 7: 256, 9: 256}, stride=2),  # 7
            conv_5=repeated(repeats[2], 256, {3: 172, 5: 170, 7: 170}),
            conv_6_sep=unit(256, N_FEATURES),
        )
    )


class DdamfnExtractor(nn.Module):
    """Trunk, attention heads and the learnt sum over the map, up to the classifier.

    Attributes:
        n_features: 512.

    Raises:
        MienError: The weights do not fit.
    """

    n_features = N_FEATURES

    def __init__(self, shape: Shape, params: DdamfnParams) -> None:
        super().__init__()
        if shape.size_px % STRIDE or shape.size_px < 2 * STRIDE:
            raise MienError(
                f"ddamfn takes crops whose side is a multiple of {STRIDE} px and at least {2 * STRIDE}, got "
                f"{shape.size_px}: set input.size_px"
            )
        self.shape = shape
        side = shape.size_px // STRIDE
        self.trunk = mixed_feature_net(shape.in_channels, params.repeats)
        self.heads = nn.ModuleList(DirectionAttention(N_FEATURES, side) for _ in range(params.n_heads))
        self.pool = depthwise_sum(N_FEATURES, (side, side))
        for module in self.modules():  # the paper names no start; with torch's own, signals fade
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        if params.weights == "imagenet":
            raise MienError("ddamfn has no ImageNet weights: use weights: none, or the path of a file")
        if params.weights != "none":
            load_weights(self.trunk, Path(params.weights))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """What the heads attend to.

        Args:
            x: [B, C, S, S].

        Returns:
            ``features`` [B, 512]; ``attention`` [B, H, 512, h, h], each head's map for every channel;
            ``attention_maps`` [B, H, h, h], their mean over channels.
        """
        check_input("ddamfn", x, self.shape.in_channels, self.shape.size_px)
        if self.training:
            check_batch("ddamfn", x)
        trunk = self.trunk(x)  # [B, 512, h, h]
        attention = torch.stack([head(trunk) for head in self.heads], dim=1)  # [B, H, 512, h, h]
        pooled = self.pool(trunk * attention.amax(1))  # [B, 512, 1, 1]
        return {
            "features": pooled.flatten(1),
            "attention": attention,
            "attention_maps": at_least_fp32(attention).mean(2),
        }

    def explainable(self) -> Explainable:
        """The trunk's last map, and each head's attention, its mean over channels."""
        heads = tuple(f"head {i + 1}" for i in range(len(self.heads)))
        return Explainable(cam={"last map": CamLayer(self.trunk)}, attention={"attention_maps": heads})

    def auxiliary_losses(self) -> tuple[LossChoice, ...]:
        """Attention diversity, with the weight 0.1; one head alone has nothing to differ from."""
        diversity = LossChoice(name="attention_diversity", weight=0.1, params={"of": "attention"})
        return (diversity,) if len(self.heads) > 1 else ()


class Ddamfn(Method):
    """Extractor and linear layer."""

    def __init__(self, shape: Shape, params: DdamfnParams) -> None:
        super().__init__()
        self.extractor = DdamfnExtractor(shape, params)
        self.head = nn.Linear(N_FEATURES, shape.n_classes)

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        """[B, C, S, S] -> logits [B, K], and what `DdamfnExtractor` gives."""
        seen = self.extractor(x)
        return {"logits": self.head(seen["features"]), **seen}

    def explainable(self) -> Explainable:
        """That of `DdamfnExtractor`."""
        return self.extractor.explainable()

    def losses(self) -> tuple[LossChoice, ...]:
        """Cross-entropy + 0.1 attention diversity."""
        return (LossChoice(name="cross_entropy"), *self.extractor.auxiliary_losses())


METHODS.register("ddamfn")(
    MethodInfo(
        name="ddamfn",
        build=Ddamfn,
        params=DdamfnParams,
        input=InputSpec(size_px=112, channels="rgb", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
        paper="Zhang et al., A dual-direction attention mixed feature network for facial expression "
        "recognition, Electronics 12(17), 2023",
        about="mixed depthwise kernels, attention along rows and columns; 4.11 M weights for 112 px",
        small={"repeats": [0, 1, 0]},
        small_px=32,
    )
)
