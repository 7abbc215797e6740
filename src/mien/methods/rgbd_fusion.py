"""Cross-modality fusion of RGB and depth for facial expression recognition (the RGB-D thesis of 2024).

Two EfficientNet-B2 trunks see colour and depth. Spatial masks learnt on each are averaged and weigh the
colour trunk's maps, which a small transformer encoder turns into one feature.

Differs: the printed "second stem" stride of Table 3.1 gives 5 x 5 maps, so the trunk is EfficientNet-B2 as
published (9 x 9, as the text says); the masks' inner sizes, which the text leaves open, are the code's.
"""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from mien.core.errors import MienError
from mien.core.recipe import LossChoice
from mien.core.specs import Frozen, InputSpec
from mien.methods._base import METHODS, Method, MethodInfo, Shape
from mien.nets.backbones import Backbone, BackboneParams
from mien.nets.checks import check_input
from mien.nets.explainable import CamLayer, Explainable
from mien.nets.transformer import MapEncoder

REDUCTION = 8  # r of LANet
STRIDE = 32  # of the trunk


class RgbdFusionParams(Frozen):
    """Defaults are the thesis's full model; the rows of Tables 3.6 and 3.7 differ from it as said below.

    Attributes:
        backbone: Of each trunk; EfficientNets are cut after their last inverted-residual block.
        modality: ``rgbd``; ``rgb`` and ``depth`` have one trunk, whose maps are weighed by their own mask.
            ``rgb`` is the first row of Table 3.6.
        fusion: ``cross_mask``, or ``sum`` of both maps (eq. 3.3). With ``transformer: false`` the sum is the
            row "w/o Cross Mod. Spatial Att." of Table 3.7.
        transformer: Encode the fused maps; off pools them, the row "w/o ViT encoder" of Table 3.7.
        n_masks: S, LANet masks per modality.
        depth: Encoder blocks.
        heads: Attention heads; 12 fits weights of ViT-Base.
        dim: Width of the tokens.
        modality_dropout: Probability that a training sample's depth counts as missing, so that the model also
            serves RGB alone; not in the thesis.
    """

    backbone: BackboneParams = BackboneParams(name="efficientnet_b2")
    modality: Literal["rgbd", "rgb", "depth"] = "rgbd"
    fusion: Literal["cross_mask", "sum"] = "cross_mask"
    transformer: bool = True
    n_masks: int = Field(default=4, ge=1)
    depth: int = Field(default=4, ge=1)
    heads: int = Field(default=8, ge=1)
    dim: int = Field(default=768, ge=1)
    modality_dropout: float = Field(default=0.0, ge=0, le=1)

    @property
    def trunks(self) -> tuple[str, ...]:
        """The modalities that have a trunk."""
        return ("rgb", "depth") if self.modality == "rgbd" else (self.modality,)

    @property
    def depth_optional(self) -> bool:
        """Whether it has learnt to do without depth."""
        return self.modality == "rgb" or self.modality_dropout > 0

    @model_validator(mode="after")
    def _consistent(self) -> RgbdFusionParams:
        if self.dim % self.heads:
            raise ValueError(f"dim ({self.dim}) must be a multiple of heads ({self.heads})")
        if self.modality_dropout and self.modality != "rgbd":
            raise ValueError("modality_dropout needs modality: rgbd")
        return self


class Trunk(Backbone):
    """A backbone up to its last block: for EfficientNet-B2 352 maps, without the head convolution's 1408."""

    def __init__(self, params: BackboneParams) -> None:
        super().__init__(params, 3)
        head = getattr(self.net, "conv_head", None)
        if isinstance(head, nn.Conv2d):
            self.n_features = head.in_channels
            self.net.conv_head, self.net.bn2 = nn.Identity(), nn.Identity()


class LANet(nn.Sequential):
    """One spatial mask (section 3.3, Figure 3.6b): [B, C, h, w] -> [B, 1, h, w] in 0..1."""

    def __init__(self, n_in: int) -> None:
        inner = max(1, n_in // REDUCTION)
        super().__init__(
            nn.Conv2d(n_in, inner, 1),
            nn.BatchNorm2d(inner),
            nn.ReLU(),
            nn.Conv2d(inner, 1, 1),
            nn.BatchNorm2d(1),
            nn.Sigmoid(),
        )


class SpatialMask(nn.ModuleList):
    """S LANets; the largest of their masks at each place."""

    def __init__(self, n_in: int, n_masks: int) -> None:
        super().__init__(LANet(n_in) for _ in range(n_masks))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, h, w] -> [B, 1, h, w]."""
        return torch.stack([net(x) for net in self]).amax(0)  # over [S, B, 1, h, w]


def planes_of(x: Tensor, modality: str) -> Tensor:
    """What a trunk sees: [B, 4, S, S] -> [B, 3, S, S], colour or depth three times."""
    return x[:, :3] if modality == "rgb" else x[:, 3:].expand(-1, 3, -1, -1)


class RgbdFusion(Method):
    """Two trunks, cross-modality mask, transformer encoder, MLP.

    A sample whose depth is the same everywhere, as it is where none was measured, has no depth: its mask is
    the colour mask alone (with ``sum``, its maps are the colour maps), so one model also serves RGB alone.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"depth"})

    def __init__(self, shape: Shape, params: RgbdFusionParams) -> None:
        super().__init__()
        expected = (3, 4) if params.modality == "rgb" else (4,)
        if shape.in_channels not in expected:
            raise MienError(
                f"rgbd_fusion with modality {params.modality} takes {' or '.join(map(str, expected))} "
                f"channels, got {shape.in_channels}: set input.channels to rgbd, or modality to rgb for "
                "pictures without depth"
            )
        self.params = params
        self.in_channels = shape.in_channels
        self.trunks = nn.ModuleDict({name: Trunk(params.backbone) for name in params.trunks})
        width = self.trunks[params.trunks[0]].n_features
        if params.fusion == "cross_mask":
            self.masks = nn.ModuleDict({name: SpatialMask(width, params.n_masks) for name in params.trunks})
        if params.transformer:
            grid = math.ceil(shape.size_px / STRIDE)  # side of the trunk's map
            self.encoder = MapEncoder(width, params.dim, params.depth, params.heads, grid)
            width = params.dim
        self.head = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, shape.n_classes))

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        """What one forward gives.

        Args:
            x: [B, 4, S, S]; [B, 3, S, S] where the model was built for colour alone.

        Returns:
            ``logits`` [B, K]; ``features`` [B, dim]; with ``cross_mask`` also ``masks`` [B, 2, h, w], of
            colour and of depth (one for one modality).
        """
        self._check(x)
        maps = {name: trunk(planes_of(x, name)) for name, trunk in self.trunks.items()}  # each [B, C, h, w]
        found: dict[str, Tensor] = {}
        if self.params.fusion == "cross_mask":
            masks = {name: mask(maps[name]) for name, mask in self.masks.items()}  # each [B, 1, h, w]
            found["masks"] = torch.cat(list(masks.values()), dim=1)
            first = self.params.trunks[0]
            fused = self._combine(masks, x, 0.5) * maps[first]
        else:
            fused = self._combine(maps, x, 1.0)
        features = self.encoder(fused) if self.params.transformer else fused.mean((2, 3))
        return {"logits": self.head(features), "features": features, **found}

    def explainable(self) -> Explainable:
        """Each trunk's last block, colour first; with masks the largest LANet mask of each."""
        cam = {f"{name} trunk": CamLayer(trunk) for name, trunk in self.trunks.items()}
        masked = self.params.fusion == "cross_mask"
        names = tuple(f"{name} mask" for name in self.params.trunks)
        return Explainable(cam=cam, attention={"masks": names} if masked else {})

    def losses(self) -> tuple[LossChoice, ...]:
        """L_CE + lambda 1 (L_C + lambda 2 L_P): eq. 2.19, its weights grouped as in the thesis's code."""
        island = LossChoice(name="island", weight=1e-2, params={"pairwise": 10.0})
        return (LossChoice(name="cross_entropy"), island)

    def _combine(self, of: dict[str, Tensor], x: Tensor, share: float) -> Tensor:
        """A share of colour + depth; where there is no depth, the colour alone. One modality as it is."""
        if self.params.modality != "rgbd":
            return of[self.params.modality]
        return torch.where(self._has_depth(x), share * (of["rgb"] + of["depth"]), of["rgb"])

    def _has_depth(self, x: Tensor) -> Tensor:
        """[B, 1, 1, 1] bool."""
        depth = x[:, 3:]
        there = depth.amax((1, 2, 3), keepdim=True) > depth.amin((1, 2, 3), keepdim=True)
        if self.training and self.params.modality_dropout:
            there = there & (torch.rand_like(there, dtype=torch.float) >= self.params.modality_dropout)
        return there

    def _check(self, x: Tensor) -> None:
        check_input("rgbd_fusion", x, self.in_channels)
        if self.training and x.shape[0] == 1 and max(x.shape[2:]) <= STRIDE:
            raise MienError(
                f"rgbd_fusion cannot learn from one crop of {x.shape[3]} x {x.shape[2]} px: its maps have "
                "one place and BatchNorm needs two values; raise train.batch_size or input.size_px"
            )


METHODS.register("rgbd_fusion")(
    MethodInfo(
        name="rgbd_fusion",
        build=RgbdFusion,
        params=RgbdFusionParams,
        # CalD3rMenD3s' depth range in its own steps; the thesis takes mean and std from each training fold
        input=InputSpec(
            size_px=260,
            channels="rgbd",
            mean=(0.485, 0.456, 0.406, 0.5),
            std=(0.229, 0.224, 0.225, 0.25),
            depth_range_mm=(0.0, 9785.0),
        ),
        paper="RGB-D facial expression recognition with cross-modality spatial attention and a transformer "
        "encoder, MSc thesis, 2024",
        about="two EfficientNet-B2 trunks, masks of colour and depth averaged, 4-layer transformer encoder",
        small={
            "backbone": {"name": "test_efficientnet"},
            "n_masks": 2,
            "depth": 1,
            "heads": 2,
            "dim": 32,
        },
        small_px=64,
        depth_optional=lambda params: params.depth_optional,
    )
)
