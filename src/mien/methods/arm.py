"""ARM: Amend Representation Module in place of a network's pooling layer (Shi and Zhu, arXiv 2103.10189).

Feature arrangement (FA) gathers what padding has eroded at the border of one large map, de-albino (DA) looks
at that border less often, sharing affinity (SA) adds the mean representation of the batch to each face's own.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from mien.core.errors import MienError
from mien.core.specs import Frozen, InputSpec
from mien.losses.functional import at_least_fp32
from mien.methods._base import METHODS, Method, MethodInfo, Shape
from mien.nets.backbones import Backbone, BackboneParams
from mien.nets.checks import check_input
from mien.nets.explainable import CamLayer, Explainable

GarEval = Literal["running", "batch", "none"]


class ArmParams(Frozen):
    """Defaults are the paper's full model; `fa`, `da` and `sa` are the rows of its Table 2.

    With all three off it is the plain baseline: global average pooling and a linear layer. FA without DA has
    a uniform kernel of the same geometry in DA's place.

    Attributes:
        backbone: With FA its last map needs a multiple of `shuffle` squared channels.
        fa: Arrange the map's channels in space.
        da: Convolve with one kernel, shared by all channels, without padding.
        sa: Add the mean representation.
        shuffle: Side of a feature cluster, r.
        da_kernel: None: 32 behind FA; 3 on the plain map, where Figure 6 sweeps it over 1 to 7.
        da_stride: None: 8 behind FA, 1 on the plain map.
        da_bn: Normalise DA's output behind FA; not in the paper, but in the authors' code.
        gar_eval: What SA adds in evaluation: the ``running`` mean of training; the mean of the ``batch``, as
            the authors' code does, whereby a prediction depends on its neighbours; or ``none``.
        gar_momentum: Share of the newest batch in the running mean.
    """

    backbone: BackboneParams = BackboneParams()
    fa: bool = True
    da: bool = True
    sa: bool = True
    shuffle: int = Field(default=16, ge=1)
    da_kernel: int | None = Field(default=None, ge=1)
    da_stride: int | None = Field(default=None, ge=1)
    da_bn: bool = True
    gar_eval: GarEval = "running"
    gar_momentum: float = Field(default=0.1, gt=0, le=1)

    @property
    def geometry(self) -> tuple[int, int]:
        """Kernel and stride of DA."""
        kernel, stride = (32, 8) if self.fa else (3, 1)
        return self.da_kernel or kernel, self.da_stride or stride


def coverage(side: int, kernel: int, stride: int) -> Tensor:
    """How many windows of an unpadded convolution see each pixel: the perception bias of Figure 4.

    Args:
        side: Of the square map.
        kernel: Side of the window.
        stride: Step of the window.

    Returns:
        int64 [side, side].
    """
    starts = torch.arange(0, side - kernel + 1, stride)  # [windows]
    pixels = torch.arange(side)[:, None]  # [side, 1]
    seen = ((starts <= pixels) & (pixels < starts + kernel)).sum(1)  # [side]
    return torch.outer(seen, seen)


class FeatureArrangement(nn.Module):
    """FA: the channels of a map become space, so that each position becomes a cluster of r x r values.

    Args:
        n_channels: n r^2.
        r: Side of a cluster.

    Raises:
        MienError: r^2 does not divide the channels.
    """

    def __init__(self, n_channels: int, r: int) -> None:
        super().__init__()
        if n_channels % r**2:
            fitting = [str(s) for s in range(1, n_channels + 1) if n_channels % s**2 == 0]
            raise MienError(
                f"shuffle: {r} needs a multiple of {r**2} channels, the backbone gives {n_channels}; "
                f"there shuffle may be {', '.join(fitting)}"
            )
        self.r = r

    def forward(self, x: Tensor) -> Tensor:
        """[B, n r^2, h, w] -> [B, n, r h, r w]; out[c, r y + i, r x + j] = in[r^2 c + r i + j, y, x]."""
        return F.pixel_shuffle(x, self.r)


class DeAlbino(nn.Module):
    """DA: one kernel, the same for every channel; no padding, no bias.

    Args:
        kernel: Side of the kernel.
        stride: Its step.
        normalised_channels: Channels of a BatchNorm behind it; 0 for none.
    """

    def __init__(self, kernel: int, stride: int, normalised_channels: int = 0) -> None:
        super().__init__()
        self.stride = stride
        # a plain matrix: a Conv2d of one channel would keep the whole network out of channels-last
        self.weight = nn.Parameter(torch.empty(kernel, kernel).uniform_(-1 / kernel, 1 / kernel))
        self.bn = nn.BatchNorm2d(normalised_channels) if normalised_channels else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, C, h, w], h = floor((H - kernel) / stride) + 1."""
        maps = x.flatten(0, 1).unsqueeze(1)  # [B C, 1, H, W]
        convolved = F.conv2d(maps, self.weight[None, None], stride=self.stride)  # [B C, 1, h, w]
        return self.bn(convolved.reshape(-1, x.shape[1], *convolved.shape[2:]))  # [B, C, h, w]


class SharingAffinity(nn.Module):
    """SA: a + lambda a_GAR (eq. 2), where a_GAR is the mean of a over the batch (eq. 1); lambda is learnt.

    Args:
        n_values: Length of a representation.
        gar_eval: What stands for a_GAR in evaluation.
        momentum: Share of the newest batch in the running mean.
    """

    def __init__(self, n_values: int, gar_eval: GarEval = "running", momentum: float = 0.1) -> None:
        super().__init__()
        self.gar_eval = gar_eval
        self.momentum = momentum
        self.affinity = nn.Parameter(torch.ones(()))
        self.register_buffer("running_gar", torch.zeros(n_values))

    def forward(self, a: Tensor) -> Tensor:
        """[B, D] -> [B, D], at least fp32."""
        a = at_least_fp32(a)
        if self.training:
            gar = a.mean(0)
            self.running_gar.lerp_(gar.detach().to(self.running_gar.dtype), self.momentum)
        elif self.gar_eval == "none":
            return a
        else:
            gar = a.mean(0) if self.gar_eval == "batch" else self.running_gar
        return a + self.affinity * gar


class Arm(Method):
    """Backbone, FA, DA, SA, linear layer."""

    def __init__(self, shape: Shape, params: ArmParams) -> None:
        super().__init__()
        self.params = params
        self.shape = shape
        self.backbone = Backbone(params.backbone, shape.in_channels)
        n_channels, side = self._map_size()
        self.fa = FeatureArrangement(n_channels, params.shuffle) if params.fa else None
        if params.fa:
            n_channels, side = n_channels // params.shuffle**2, side * params.shuffle
        n_values = 1 if params.fa else n_channels  # behind FA the channels are averaged
        self.da = _pooling(params, n_channels, side)
        if params.fa or params.da:
            kernel, stride = params.geometry
            n_values *= ((side - kernel) // stride + 1) ** 2
        self.sa = SharingAffinity(n_values, params.gar_eval, params.gar_momentum) if params.sa else None
        self.fc = nn.Linear(n_values, shape.n_classes)

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        """[B, C, S, S] -> logits [B, K]; representation [B, D], a_i; features [B, D], a_SA or else a_i.

        Raises:
            MienError: Crops of another size or with other channels.
        """
        check_input("arm", x, self.shape.in_channels, self.shape.size_px)
        maps = self.backbone(x)  # [B, 512, 7, 7]
        if self.fa is not None:
            a = self.da(self.fa(maps)).mean(1).flatten(1)  # [B, 2, 112, 112] -> [B, 2, 11, 11] -> [B, 121]
        else:
            a = self.da(maps).flatten(1)  # [B, 512 (8 - k)^2], or [B, 512] pooled
        features = a if self.sa is None else self.sa(a)
        return {"logits": self.fc(features), "representation": a, "features": features}

    def explainable(self) -> Explainable:
        """The backbone's last map, before it is rearranged."""
        return Explainable(cam={"last map": CamLayer(self.backbone)})

    def _map_size(self) -> tuple[int, int]:
        """Channels and side of the backbone's map, by one forward of a blank crop."""
        self.backbone.eval()
        with torch.no_grad():
            blank = torch.zeros(1, self.shape.in_channels, self.shape.size_px, self.shape.size_px)
            n_channels, height, width = self.backbone(blank).shape[1:]
        self.backbone.train()
        if height != width:
            raise MienError("arm needs a backbone with a square map, such as a ResNet; this one gives tokens")
        return n_channels, height


def _pooling(params: ArmParams, n_channels: int, side: int) -> nn.Module:
    """What stands for the pooling layer: DA, a uniform kernel in its place, or global average pooling."""
    if not params.fa and not params.da:
        return nn.AdaptiveAvgPool2d(1)
    kernel, stride = params.geometry
    if kernel > side:
        raise MienError(
            f"da_kernel: {kernel} is larger than the map it runs over, {side} x {side}: lower it, or raise "
            "input.size_px or shuffle"
        )
    if not params.da:
        return nn.AvgPool2d(kernel, stride)
    return DeAlbino(kernel, stride, n_channels if params.fa and params.da_bn else 0)


METHODS.register("arm")(
    MethodInfo(
        name="arm",
        build=Arm,
        params=ArmParams,
        input=InputSpec(size_px=224, channels="rgb", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
        paper="Shi and Zhu, Learning to amend facial expression representation via de-albino and affinity, "
        "arXiv 2103.10189, 2021",
        about="a large unpadded kernel over rearranged features, and the batch's mean face, for the pooling",
        small={
            "backbone": {"name": "test_resnet", "stem": "stride1_pool"},
            "shuffle": 4,
            "da_kernel": 4,
            "da_stride": 2,
        },
        small_px=48,
    )
)
