"""What every method is, and the registry of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from pydantic import ValidationError
from torch import Tensor, nn

from mien.core.errors import MienError
from mien.core.registry import Registry
from mien.core.specs import Frozen, InputSpec
from mien.core.validation import one_line
from mien.data.batches import Batch


@dataclass(frozen=True)
class StepOutput:
    """What a training step gives the loop.

    Attributes:
        loss: Scalar to minimise.
        logits: [B, K].
        parts: Named parts of the loss, for the log.
    """

    loss: Tensor
    logits: Tensor
    parts: dict[str, float] = field(default_factory=dict)


class Method(nn.Module):
    """A network with the loss it learns by. ``forward`` is exactly the exported graph."""

    needs: ClassVar[frozenset[str]] = frozenset()

    def training_step(self, batch: Batch) -> StepOutput:
        """Cross-entropy with the batch's target distribution; methods with their own loss override this."""
        logits = self(batch.x)
        return StepOutput(soft_cross_entropy(logits, batch), logits)

    def param_groups(self, weight_decay: float) -> list[dict[str, Any]]:
        """Optimiser groups: no weight decay on biases and normalisation layers."""
        decay = [p for p in self.parameters() if p.ndim > 1]
        rest = [p for p in self.parameters() if p.ndim <= 1]
        return [{"params": decay, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]


def soft_cross_entropy(logits: Tensor, batch: Batch) -> Tensor:
    """-sum_i w_i sum_k t_ik log softmax(z_i)_k / sum_i w_i, with w = 1 where the batch has no weights.

    Limit case: with one-hot targets this is torch's cross-entropy, class weights included.
    """
    per_sample = -(batch.target * F.log_softmax(at_least_fp32(logits), dim=1)).sum(1)  # [B]
    if batch.weight is None:
        return per_sample.mean()
    return (per_sample * batch.weight).sum() / batch.weight.sum()


def at_least_fp32(x: Tensor) -> Tensor:
    """bf16 and fp16 widened to fp32, for sums and logarithms; wider types as they are."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


@dataclass(frozen=True)
class MethodInfo:
    """A registered method.

    Attributes:
        name: Registry name.
        build: (n_classes, in_channels, params) -> Method.
        params: Pydantic model of its parameters; defaults are the paper's.
        input: Size, channels and normalisation of the paper.
        paper: Who to cite; empty for a plain baseline.
        about: One line.
    """

    name: str
    build: Callable[[int, int, Any], Method]
    params: type[Frozen]
    input: InputSpec
    paper: str
    about: str


METHODS: Registry[MethodInfo] = Registry("method")


def parse_params(name: str, params: Mapping[str, Any]) -> Frozen:
    """A method's parameters, checked.

    Raises:
        MienError: Unknown method or parameter, or a value out of range.
    """
    model = METHODS[name].params
    try:
        return model.model_validate(params)
    except ValidationError as error:
        raise MienError(f"method {name}: {one_line(error, model)}") from error


def create_method(name: str, n_classes: int = 7, in_channels: int | None = None, **params: Any) -> Method:
    """Build a method with its paper's defaults.

    Args:
        name: Registry name.
        n_classes: K.
        in_channels: Channels of the input; None takes the paper's.
        **params: What differs from the paper's defaults.

    Raises:
        MienError: Unknown name or parameter, or a value out of range.
    """
    info = METHODS[name]
    return info.build(n_classes, in_channels or info.input.n_channels, parse_params(name, params))
