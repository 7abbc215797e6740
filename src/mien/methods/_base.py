"""What every method is, and the registry of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import ValidationError
from torch import Tensor, nn

from mien.core.errors import MienError
from mien.core.recipe import LossChoice
from mien.core.registry import Registry
from mien.core.specs import Frozen, InputSpec
from mien.core.validation import one_line
from mien.nets.explainable import Explainable


class Method(nn.Module):
    """A network. ``forward`` is exactly the exported graph; what it learns by are losses over its outputs.

    Attributes:
        needs: What it must have besides pictures, e.g. depth.
        exported: Outputs that an exported file gives, ``logits`` first; further ones may use
            no weights but those that ``forward`` uses. The last side of each is the classes.
    """

    needs: ClassVar[frozenset[str]] = frozenset()
    exported: ClassVar[tuple[str, ...]] = ("logits",)

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        """What one forward gives, by name.

        Args:
            x: [B, C, S, S].

        Returns:
            ``logits`` [B, K]; ``features`` [B, D], which the classifier sees; and whatever else the method's
            own losses and explanations read.
        """
        raise TypeError(f"{type(self).__name__} has no outputs")

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, S, S] -> logits [B, K]."""
        return self.outputs(x)["logits"]

    def explainable(self) -> Explainable:
        """What it can show besides its scores: its embedding, and layers or outputs to look at."""
        return Explainable()

    def losses(self) -> tuple[LossChoice, ...]:
        """The objective of the method's paper; a recipe's ``loss`` replaces it."""
        return (LossChoice(name="cross_entropy"),)

    def param_groups(self, weight_decay: float) -> list[dict[str, Any]]:
        """Optimiser groups: no weight decay on biases and normalisation layers."""
        decay = [p for p in self.parameters() if p.ndim > 1]
        rest = [p for p in self.parameters() if p.ndim <= 1]
        return [{"params": decay, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]


@dataclass(frozen=True)
class Shape:
    """What a network is built for.

    Attributes:
        n_classes: K.
        in_channels: C of the input.
        size_px: S, side of the crop; some networks have layers whose width follows from it.
    """

    n_classes: int
    in_channels: int
    size_px: int


@dataclass(frozen=True)
class MethodInfo:
    """A registered method.

    Attributes:
        name: Registry name.
        build: (shape, params) -> Method.
        params: Pydantic model of its parameters; defaults are the paper's.
        input: Size, channels and normalisation of the paper.
        paper: Who to cite; empty for a plain baseline.
        about: One line.
        small: Parameters of a version that learns in seconds, for dry runs and tests.
        small_px: Its crop.
        input_of: Checked parameters -> input, where it follows from them; None where it does not.
        depth_optional: Checked parameters -> whether it also serves pictures without depth.
    """

    name: str
    build: Callable[[Shape, Any], Method]
    params: type[Frozen]
    input: InputSpec
    paper: str
    about: str
    small: Mapping[str, Any] = field(default_factory=dict)
    small_px: int | None = None
    input_of: Callable[[Any], InputSpec] | None = None
    depth_optional: Callable[[Any], bool] = lambda params: False

    def input_for(self, params: Frozen) -> InputSpec:
        """What the method expects with these parameters."""
        return self.input if self.input_of is None else self.input_of(params)


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


def create_method(
    name: str, n_classes: int = 7, in_channels: int | None = None, size_px: int | None = None, **params: Any
) -> Method:
    """Build a method with its paper's defaults.

    Args:
        name: Registry name.
        n_classes: K.
        in_channels: Channels of the input; None takes the paper's.
        size_px: Side of the crops; None takes the paper's.
        **params: What differs from the paper's defaults.

    Raises:
        MienError: Unknown name or parameter, or a value out of range.
    """
    info, checked = METHODS[name], parse_params(name, params)
    spec = info.input_for(checked)
    shape = Shape(n_classes, in_channels or spec.n_channels, size_px or spec.size_px)
    return info.build(shape, checked)
