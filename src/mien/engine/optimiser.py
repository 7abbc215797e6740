"""What learns how fast: parameter groups, frozen parts, optimiser and precision of a recipe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from mien.core.errors import MienError
from mien.core.recipe import TrainChoice
from mien.losses import Objective
from mien.methods import Method


def make_optimizer(train: TrainChoice, method: Method, objective: Objective) -> torch.optim.Optimizer:
    """The optimiser that a recipe names, over the method's and the objective's parameters.

    Raises:
        MienError: `lr_factors` or `freeze` name no part of the network, or everything is frozen.
    """
    freeze(method, train.freeze)
    groups = parameter_groups(train, method)
    if learnt := list(objective.parameters()):
        groups.append({"params": learnt, "weight_decay": train.weight_decay})
    if not groups:
        raise MienError(f"train.freeze: {', '.join(train.freeze)} leaves nothing to learn")
    if train.optimizer == "sgd":
        nesterov = train.nesterov and train.momentum > 0
        return torch.optim.SGD(groups, lr=train.lr, momentum=train.momentum, nesterov=nesterov)
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    return kinds[train.optimizer](groups, lr=train.lr, betas=train.betas)


def parameter_groups(train: TrainChoice, method: Method) -> list[dict[str, Any]]:
    """The method's groups, each split by learning-rate factor, without what is frozen."""
    for part in train.lr_factors:
        members(method, part, "train.lr_factors")
    factors = {id(p): _factor(name, train.lr_factors) for name, p in method.named_parameters()}
    groups = []
    for group in method.param_groups(train.weight_decay):
        moving = [p for p in group["params"] if p.requires_grad]
        for factor in sorted({factors[id(p)] for p in moving}):
            chosen = [p for p in moving if factors[id(p)] == factor]
            groups.append(group | {"params": chosen, "lr_factor": factor})
    return groups


def freeze(method: Method, parts: Iterable[str]) -> None:
    """Take parts of the network out of learning, for good."""
    for part in parts:
        for _, parameter in members(method, part, "train.freeze"):
            parameter.requires_grad_(False)


def set_training(method: Method, frozen: Iterable[str]) -> None:
    """Training mode for all but the frozen parts: their BatchNorm statistics and dropout stand still too."""
    method.train()
    for part in frozen:
        for name, module in method.named_modules():
            if begins(name, part):
                module.eval()


def members(method: Method, part: str, key: str) -> list[tuple[str, nn.Parameter]]:
    """The parameters below a part's name.

    Raises:
        MienError: There are none.
    """
    found = [(name, p) for name, p in method.named_parameters() if begins(name, part)]
    if not found:
        known = ", ".join(name for name, _ in method.named_children())
        raise MienError(f"{key}: the network has no part {part!r}; its parts: {known}")
    return found


def begins(name: str, part: str) -> bool:
    """Whether a dotted name is that of a part or of something in it."""
    return name == part or name.startswith(f"{part}.")


def _factor(name: str, factors: dict[str, float]) -> float:
    """The factor of the longest part that a parameter belongs to."""
    fitting = [part for part in factors if begins(name, part)]
    return factors[max(fitting, key=len)] if fitting else 1.0


def compute_dtype(train: TrainChoice) -> torch.dtype:
    """The type to compute in: as told, or with ``auto`` bf16 where the hardware multiplies it natively."""
    if train.precision != "auto":
        return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[train.precision]
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return torch.bfloat16 if native else torch.float32
