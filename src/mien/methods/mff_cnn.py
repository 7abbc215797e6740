"""MFF-CNN: a whole-face branch and a patch branch, fused (Zou, Zhang and Lee, Applied Intelligence, 2021).

The paper prints sizes and totals but no widths, kernels or padding. The presets are deduced from its counts
of parameters and operations (3x3 kernels, no padding, 2x2 pools): an inference, so the widths are parameters.
"""

from __future__ import annotations

import math
import warnings
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor, nn

from mien.core.errors import MienError
from mien.core.recipe import LossChoice
from mien.core.specs import Frozen, InputSpec
from mien.losses.functional import at_least_fp32
from mien.methods._base import METHODS, Method, MethodInfo, Shape
from mien.nets.explainable import CamLayer, Explainable

SIDE_PX = 60
PATCH_PX = 24  # S of eq. 2: S (sqrt(N) + 1) = 2 L with L = 60 and N = 16, so patches overlap by half
N_PATCHES = 16
N_MID = 256
"""Units of the fully connected layer on the mid-level map."""

Width = Annotated[int, Field(ge=1)]
ImageWidths = tuple[Width, Width, Width, Width, Width, Width]
PatchWidths = tuple[Width, Width, Width, Width]

PRESETS: dict[str, tuple[ImageWidths, PatchWidths]] = {
    "mffcnn": ((4, 4, 4, 32, 4, 32), (4, 4, 4, 32)),
    "mffcnn-8": ((8, 8, 8, 32, 8, 8), (8, 8, 8, 32)),
    "mffcnn-wide": ((16, 16, 32, 32, 32, 32), (16, 16, 32, 32)),
}


class MffCnnParams(Frozen):
    """Defaults are the paper's full model; `mid_level`, `selection` and `joint` are the rows of its Table 6.

    Attributes:
        preset: Widths of both branches.
        image_widths: Maps of the six convolutions of the image branch; None takes the preset's.
        patch_widths: Maps of the four convolutions of the patch branch; None takes the preset's.
        mid_level: Feed the second pool's map, through a fully connected layer, to the image head.
        selection: Keep the `n_selected` local vectors of largest L2 norm; off keeps all.
        n_selected: M.
        selected_order: Concatenate the kept vectors by ``index`` (patch, then map) or by falling ``norm``.
        joint: Two heads, tuned jointly (section 3.3); off puts one head on the features of both branches.
        fusion: Sum the branches' softmax outputs (eq. 3), or their logits.
        loss_weights: Lambda 1 to 3 of eq. 5.
        batch_norm: Normalise after every convolution; not in the paper.
    """

    preset: Literal["mffcnn", "mffcnn-8", "mffcnn-wide"] = "mffcnn"
    image_widths: ImageWidths | None = None
    patch_widths: PatchWidths | None = None
    mid_level: bool = True
    selection: bool = True
    n_selected: int = Field(default=384, ge=1)
    selected_order: Literal["index", "norm"] = "index"
    joint: bool = True
    fusion: Literal["probability", "logit"] = "probability"
    loss_weights: tuple[float, float, float] = (1.0, 1.0, 0.1)
    batch_norm: bool = False

    @property
    def widths(self) -> tuple[ImageWidths, PatchWidths]:
        """Widths of the image branch and of the patch branch."""
        image, patch = PRESETS[self.preset]
        return self.image_widths or image, self.patch_widths or patch

    @property
    def n_local(self) -> int:
        """Local vectors that reach the patch head."""
        return self.n_selected if self.selection else N_PATCHES * self.widths[1][-1]

    @model_validator(mode="after")
    def _enough_vectors(self) -> MffCnnParams:
        n_vectors = N_PATCHES * self.widths[1][-1]
        if self.selection and self.n_selected > n_vectors:
            raise ValueError(
                f"n_selected ({self.n_selected}) exceeds the {n_vectors} local vectors there are"
            )
        return self


class Tower(nn.Module):
    """Unpadded 3x3 convolutions with ReLU, a 2x2 pool after every second one."""

    def __init__(self, in_channels: int, widths: tuple[int, ...], batch_norm: bool) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        for first, second in zip(widths[::2], widths[1::2], strict=True):
            layers: list[nn.Module] = []
            for width in (first, second):
                layers.append(nn.Conv2d(in_channels, width, 3))
                layers += [nn.BatchNorm2d(width)] if batch_norm else []
                layers.append(nn.ReLU())
                in_channels = width
            self.stages.append(nn.Sequential(*layers, nn.MaxPool2d(2)))

    def forward(self, x: Tensor) -> list[Tensor]:
        """[B, C, H, W] -> the map behind each pool."""
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


def segment(x: Tensor) -> Tensor:
    """Cut 16 overlapping patches, row by row (Figure 3): [B, C, 60, 60] -> [16 B, C, 24, 24]."""
    step = PATCH_PX // 2
    grid = x.unfold(2, PATCH_PX, step).unfold(3, PATCH_PX, step)  # [B, C, 4, 4, 24, 24]
    return grid.permute(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1], PATCH_PX, PATCH_PX)


def put_together(patches: Tensor) -> Tensor:
    """Maps of the 16 patches on the face again, their mean where patches overlap.

    Args:
        patches: [B, 16, h, w], in the order of `segment`.

    Returns:
        [B, 60, 60].
    """
    size = (PATCH_PX, PATCH_PX)
    large = F.interpolate(patches, size=size, mode="bilinear").flatten(2).transpose(1, 2)  # [B, 576, 16]
    step = PATCH_PX // 2
    total = F.fold(large, SIDE_PX, PATCH_PX, stride=step)  # [B, 1, 60, 60]
    return (total / F.fold(torch.ones_like(large), SIDE_PX, PATCH_PX, stride=step)).squeeze(1)


def select_by_norm(vectors: Tensor, n_selected: int, order: Literal["index", "norm"] = "index") -> Tensor:
    """Keep the vectors of largest L2 norm; in the order ``index`` the first ones of equal norm.

    Args:
        vectors: [B, V, E].
        n_selected: M.
        order: Of the kept vectors: as they came, or by falling norm.

    Returns:
        [B, M, E].
    """
    norms = torch.linalg.vector_norm(at_least_fp32(vectors.detach()), dim=2)  # [B, V]
    largest = norms.topk(n_selected, dim=1)
    places = largest.indices if order == "norm" else _first_places(norms, largest.values[:, -1:], n_selected)
    return vectors.gather(1, places.unsqueeze(2).expand(-1, -1, vectors.shape[2]))


def _first_places(norms: Tensor, limit: Tensor, n_selected: int) -> Tensor:
    """Places of the norms above the limit, and of as many at the limit as are wanted, from the left: [B, M].

    Dead maps and plain backgrounds have equal norms, of which topk may take any. Which one is taken moves all
    vectors behind it to other inputs of the head, so it must not be left to chance.
    """
    above, level = norms > limit, norms == limit
    kept = above | (level & (level.cumsum(1) <= n_selected - above.sum(1, keepdim=True)))  # M in every row
    n_vectors = norms.shape[1]
    index = torch.arange(n_vectors, device=norms.device).expand_as(norms)
    kept_first = torch.where(kept, index, index + n_vectors).sort(dim=1).values
    return kept_first[:, :n_selected] % n_vectors


def fuse(image: Tensor, patch: Tensor, how: Literal["probability", "logit"]) -> Tensor:
    """Logits [B, K] whose softmax is the fused prediction of both branches.

    ``probability``: log(ytilde / 2) with ytilde = softmax(image) + softmax(patch), eq. 3. Its softmax is the
    mean of both, its argmax the paper's prediction (eq. 4), its cross-entropy the third term of eq. 5 plus
    log 2: never negative, with the same gradient.
    """
    image, patch = at_least_fp32(image), at_least_fp32(patch)
    if how == "logit":
        return image + patch
    both = torch.stack([image.log_softmax(1), patch.log_softmax(1)])  # [2, B, K]
    return both.logsumexp(0) - math.log(2)


class MffCnn(Method):
    """Image branch, patch branch, joint prediction."""

    def __init__(self, shape: Shape, params: MffCnnParams) -> None:
        super().__init__()
        if shape.size_px != SIDE_PX:
            raise MienError(f"mff_cnn takes crops of {SIDE_PX} px, got {shape.size_px}: set input.size_px")
        n_classes = shape.n_classes
        self.params = params
        image_widths, patch_widths = params.widths
        self.image_tower = Tower(shape.in_channels, image_widths, params.batch_norm)
        self.patch_tower = Tower(shape.in_channels, patch_widths, params.batch_norm)
        self.patch_maps, self.local_maps = nn.Identity(), nn.Identity()  # to be looked at by Grad-CAM
        n_global, n_local = image_widths[5] * 4 * 4, params.n_local * 3 * 3
        if params.mid_level:
            self.mid = nn.Sequential(nn.Linear(image_widths[3] * 12 * 12, N_MID), nn.ReLU())
            n_global += N_MID
        if params.joint:
            self.image_head = nn.Linear(n_global, n_classes)
            self.patch_head = nn.Linear(n_local, n_classes)
        else:
            self.head = nn.Linear(n_global + n_local, n_classes)

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        """[B, C, 60, 60] -> logits [B, K] (see `fuse`), and each branch's own where there are two heads."""
        whole, patches = self._maps(x)
        if self.training:
            _warn_if_dead("image", whole[-1])
            _warn_if_dead("patch", patches)
        face, local = self._global_features(whole), self._local_features(patches)
        features = torch.cat([face, local], dim=1)
        if not self.params.joint:
            return {"logits": self.head(features), "features": features}
        image, patch = self.image_head(face), self.patch_head(local)
        logits = fuse(image, patch, self.params.fusion)
        return {"logits": logits, "image_logits": image, "patch_logits": patch, "features": features}

    def explainable(self) -> Explainable:
        """The maps of Figure 8: image branch at pools 2 and 3, patch branch before and after selection.

        Each branch is explained by its own logits. Before selection, a map of the patch tower has one weight
        for all 16 patches, so that vectors that are dropped show too, as much as those of their map that
        stay; after it, each local vector has its own, which is 0 for those dropped. How the paper weighs
        vectors that are dropped, whose own gradient is 0, it does not say.
        """
        image, patch = ("image_logits", "patch_logits") if self.params.joint else ("logits", "logits")
        cam = {f"image pool {i + 1}": CamLayer(self.image_tower.stages[i], image) for i in (1, 2)}
        name = "patches before selection" if self.params.selection else "patches"
        cam[name] = CamLayer(self.patch_maps, patch, lambda maps: put_together(maps.sum(1).relu()))
        if self.params.selection:
            cam["patches after selection"] = CamLayer(
                self.local_maps,
                patch,
                lambda maps: put_together(maps.unflatten(1, (N_PATCHES, -1)).sum(2).relu()),
            )
        return Explainable(cam=cam)

    def losses(self) -> tuple[LossChoice, ...]:
        """Eq. 5; with one head it is plain cross-entropy."""
        if not self.params.joint:
            return super().losses()
        return tuple(
            LossChoice(name="cross_entropy", weight=weight, params={"of": of})
            for of, weight in zip(
                ("image_logits", "patch_logits", "logits"), self.params.loss_weights, strict=True
            )
        )

    def _maps(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """The image tower's three maps, and the patch tower's last one [B, 16 * maps, 3, 3]."""
        if x.shape[2] != SIDE_PX or x.shape[3] != SIDE_PX:
            raise MienError(
                f"mff_cnn takes crops of {SIDE_PX} px, got {x.shape[3]} x {x.shape[2]}: set input.size_px"
            )
        patches = self.patch_tower(segment(x))[-1]  # [B * 16, maps, 3, 3]
        by_patch = patches.reshape(x.shape[0], N_PATCHES, *patches.shape[1:])
        by_map = self.patch_maps(by_patch.transpose(1, 2))  # [B, maps, 16, 3, 3]
        return self.image_tower(x), self.local_maps(by_map.transpose(1, 2).flatten(1, 2))

    def _global_features(self, maps: list[Tensor]) -> Tensor:
        """Mid-level and high-level features of the whole face, [B, 256 + 512] (eq. 1)."""
        _, middle, high = maps
        if not self.params.mid_level:
            return high.flatten(1)
        return torch.cat([self.mid(middle.flatten(1)), high.flatten(1)], dim=1)

    def _local_features(self, maps: Tensor) -> Tensor:
        """The selected local vectors, concatenated, [B, M * 9]."""
        vectors = maps.flatten(2)  # [B, 16 * maps, 9]
        if self.params.selection:
            vectors = select_by_norm(vectors, self.params.n_selected, self.params.selected_order)
        return vectors.flatten(1)


def _warn_if_dead(branch: str, maps: Tensor) -> None:
    """Say when a branch has collapsed: with all its ReLUs at zero it never learns again."""
    if not maps.any():
        warnings.warn(
            f"mff_cnn: the {branch} branch is zero for a whole batch and has stopped learning; start again "
            "with a longer train.warmup_iters, a lower train.lr or batch_norm: true",
            RuntimeWarning,
            stacklevel=3,
        )


METHODS.register("mff_cnn")(
    MethodInfo(
        name="mff_cnn",
        build=MffCnn,
        params=MffCnnParams,
        input=InputSpec(size_px=SIDE_PX, channels="gray", mean=(0.507,), std=(0.255,)),  # FER2013's
        paper="Zou, Zhang and Lee, A new multi-feature fusion based convolutional neural network for facial "
        "expression recognition, Applied Intelligence, 2021",
        about="whole-face and patch branches, local vectors chosen by L2 norm, tuned jointly; 1.21 M weights",
    )
)
