"""timm behind one adapter: a picture in, the last feature map out."""

from __future__ import annotations

import warnings
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Literal

import timm
import torch
from pydantic import Field
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from mien.core.errors import MienError
from mien.core.registry import suggest
from mien.core.specs import Frozen


class BackboneParams(Frozen):
    """Which backbone.

    Attributes:
        name: Any timm model.
        weights: ``none``, ``imagenet`` (timm fetches it, which needs a network once), or a state dict's path.
        stem: ``timm`` as published; ``stride1`` replaces a ResNet's stride-2 stem and its pool by one 3x3
            stride-1 convolution, for crops below about 64 px; ``stride1_pool`` keeps the pool, so that the
            rest costs a quarter.
        options: Passed to timm, e.g. ``{layers: [1, 2, 2, 2]}``.
        mirrored: Whether it looks at the mirror image too once it has learnt, for twice the work: the map is
            then the mean of both, so that a face and its mirror image get the same answer.
    """

    name: str = "resnet18"
    weights: str = "none"
    stem: Literal["timm", "stride1", "stride1_pool"] = "timm"
    options: dict[str, Any] = Field(default_factory=dict)
    mirrored: bool = False


class Backbone(nn.Module):
    """A timm network without its classifier.

    Attributes:
        n_features: Channels of the map that `forward` returns.
    """

    def __init__(self, params: BackboneParams, in_channels: int) -> None:
        super().__init__()
        if not timm.is_model(params.name.split(".")[0]):
            raise MienError(f"unknown backbone {params.name!r}{suggest(params.name, _similar(params.name))}")
        self.net = _create(params, in_channels)
        if params.stem != "timm":
            _make_stem_stride1(self.net, in_channels, params)
        self.n_features: int = self.net.num_features
        self.mirrored = params.mirrored
        if params.weights not in ("none", "imagenet"):
            load_weights(self.net, Path(params.weights))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, n_features, h, w]; a transformer's tokens stand in one column, w = 1."""
        if self.training or not self.mirrored:
            return self._seen(x)
        there, back = self._seen(torch.cat([x, x.flip(3)])).unflatten(0, (2, -1)).unbind()
        return (there + back.flip(3)) / 2

    def _seen(self, x: Tensor) -> Tensor:
        features = self.net.forward_features(x)
        if features.ndim == 3:  # [B, tokens, D]
            if self.mirrored:
                raise MienError(
                    f"mirrored needs a map, and {type(self.net).__name__} gives tokens: leave it out"
                )
            patches = features[:, getattr(self.net, "num_prefix_tokens", 0) :]
            return patches.transpose(1, 2).unsqueeze(3)  # [B, D, tokens, 1]
        if getattr(self.net, "output_fmt", "NCHW") == "NHWC":
            return features.permute(0, 3, 1, 2)  # [B, D, h, w]
        return features


def _create(params: BackboneParams, in_channels: int) -> nn.Module:
    try:
        return timm.create_model(
            params.name,
            pretrained=params.weights == "imagenet",
            in_chans=in_channels,
            num_classes=0,
            global_pool="",
            **params.options,
        )
    except (OSError, RuntimeError, TypeError, ValueError, AssertionError) as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        if params.weights == "imagenet":
            raise MienError(
                f"no ImageNet weights of {params.name} ({said}): use weights: none, or the path of a file"
            ) from error
        raise MienError(f"backbone {params.name} refuses options {params.options} ({said})") from error


def _make_stem_stride1(net: nn.Module, in_channels: int, params: BackboneParams) -> None:
    if not isinstance(net, timm.models.resnet.ResNet):
        raise MienError(f"stem: {params.stem} is for ResNets, not for {params.name}")
    # as wide as the normalisation after it; with timm's deep stem that can be chosen by stem_width
    net.conv1 = nn.Conv2d(in_channels, net.bn1.num_features, 3, 1, 1, bias=False)
    nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
    if params.stem == "stride1":
        net.maxpool = nn.Identity()


def _similar(name: str) -> list[str]:
    return timm.list_models(f"{name.split('_')[0][:6]}*")[:12] or ["resnet18", "resnet50", "efficientnet_b2"]


def load_weights(net: nn.Module, path: Path) -> None:
    """Load a state dict (safetensors, or a torch file of tensors alone), leaving a classifier out.

    Raises:
        MienError: The file is missing, holds more than tensors, or fits the network nowhere.
    """
    if not path.is_file():
        raise MienError(f"no weights file {path}")
    try:
        if path.suffix == ".safetensors":
            state = load_file(path)
        else:
            with warnings.catch_warnings():  # torch warns of what is refused in one line below
                warnings.simplefilter("ignore")
                state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, UnpicklingError, SafetensorError) as error:
        raise _not_plain(path, type(error).__name__) from error
    state = state.get("state_dict", state) if isinstance(state, dict) else state
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise _not_plain(path, "it holds more than named tensors")
    state = {key.removeprefix("module."): value for key, value in state.items()}
    own = net.state_dict()
    fitting = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape}
    if not fitting:
        raise MienError(f"{path}: none of its {len(state)} tensors fits {type(net).__name__}")
    missing = sorted(set(own) - set(fitting))
    if missing:
        raise MienError(f"{path} lacks {len(missing)} of the network's {len(own)} tensors, e.g. {missing[0]}")
    net.load_state_dict(fitting)


def _not_plain(path: Path, why: str) -> MienError:
    return MienError(
        f"{path} is no plain state dict ({why}); files that pickle whole modules are not opened: convert "
        "them with torch.save(module.state_dict(), ...) where they come from"
    )
