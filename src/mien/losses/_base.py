"""What every loss is, the registry of all of them, and their weighted sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from mien.core.errors import MienError
from mien.core.recipe import LossChoice
from mien.core.registry import Registry
from mien.core.specs import Frozen
from mien.core.validation import one_line


class Targets(Protocol):
    """What a loss reads of a batch.

    Attributes:
        y: [B] hard labels.
        target: [B, K] target distribution.
        weight: [B] weights of the samples; None weighs all alike.
    """

    @property
    def y(self) -> Tensor: ...
    @property
    def target(self) -> Tensor: ...
    @property
    def weight(self) -> Tensor | None: ...


@dataclass(frozen=True)
class Sizes:
    """What a loss with state must know to make it.

    Attributes:
        n_classes: K.
        outputs: Shape of each named output of the method, without the batch.
    """

    n_classes: int
    outputs: Mapping[str, tuple[int, ...]]

    def shape(self, output: str, axes: str = "...") -> tuple[int, ...]:
        """Shape of an output, which must have these axes.

        Args:
            output: Its name.
            axes: Names of the axes behind the batch, as in ``"M D"``: ``K`` must have the size K, and a last
                ``...`` stands for any further ones.

        Raises:
            MienError: The method has no such output, or one of another shape.
        """
        if output not in self.outputs:
            raise MienError(
                f"needs the output {output!r}, which this method has not; it has "
                + ", ".join(sorted(self.outputs))
            )
        shape, wanted = self.outputs[output], axes.removesuffix("...").split()
        fits = len(shape) >= len(wanted) if axes.endswith("...") else len(shape) == len(wanted)
        of_k = zip(wanted, shape, strict=False)
        if not fits or any(axis == "K" and size != self.n_classes for axis, size in of_k):
            raise MienError(
                f"reads [B, {axes.replace(' ', ', ')}] with K = {self.n_classes}; the output {output!r} is "
                f"[{', '.join(map(str, ('B', *shape)))}]: name another one in its parameter 'of'"
            )
        return shape


class Loss(nn.Module):
    """One term of an objective. What it learns or moves (centres) is its own, apart from the network.

    Attributes:
        needs: The method's named outputs that it reads.
        weight: What the objective multiplies it by; a term that moves something by its own gradient needs it.
    """

    needs: tuple[str, ...] = ("logits",)
    weight: float = 1.0

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> Tensor:
        """The method's named outputs and the batch's labels -> scalar."""
        raise TypeError(f"{type(self).__name__} has no forward")

    def end_step(self) -> None:
        """Move what is moved and not learnt; called after each step of the optimiser."""


class OutputLoss(Loss):
    """A term over one of the method's outputs.

    Attributes:
        of: Name of the output.
        shape: Its shape without the batch.

    Raises:
        MienError: The method has no such output, or one without these axes (see `Sizes.shape`).
    """

    def __init__(self, sizes: Sizes, of: str, axes: str) -> None:
        super().__init__()
        self.of = of
        self.needs = (of,)
        self.shape = sizes.shape(of, axes)


@dataclass(frozen=True)
class LossInfo:
    """A registered loss.

    Attributes:
        name: Registry name.
        build: (sizes, params) -> Loss.
        params: Pydantic model of its parameters.
        about: One line, with the source.
    """

    name: str
    build: Callable[[Sizes, Any], Loss]
    params: type[Frozen]
    about: str


LOSSES: Registry[LossInfo] = Registry("loss")


class Objective(nn.Module):
    """The weighted sum of some losses, with whatever state they have.

    Args:
        choices: At least one; weights as given.
        sizes: Of the method whose outputs it reads.

    Raises:
        MienError: Unknown loss or parameter, or an output that the method has not.
    """

    def __init__(self, choices: Sequence[LossChoice], sizes: Sizes) -> None:
        super().__init__()
        names = _distinct([choice.name for choice in choices])
        self.weights = dict(zip(names, (choice.weight for choice in choices), strict=True))
        self.terms = nn.ModuleDict(
            {name: _build(choice, sizes) for name, choice in zip(names, choices, strict=True)}
        )

    def forward(self, outputs: Mapping[str, Tensor], batch: Targets) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum, and each term without its weight, detached."""
        values = {name: term(outputs, batch) for name, term in self.terms.items()}
        weighted = [self.weights[name] * value for name, value in values.items()]
        return torch.stack(weighted).sum(), {name: value.detach() for name, value in values.items()}

    def moves(self) -> list[str]:
        """Names of the terms whose state moves after each step, besides what the optimiser moves."""
        return [name for name, term in self.terms.items() if type(term).end_step is not Loss.end_step]

    def end_step(self) -> None:
        """Let each term move its state."""
        for term in self.terms.values():
            term.end_step()


def _build(choice: LossChoice, sizes: Sizes) -> Loss:
    info = LOSSES[choice.name]
    try:
        loss = info.build(sizes, info.params.model_validate(choice.params))
        for name in loss.needs:
            sizes.shape(name)
    except ValidationError as error:
        raise MienError(f"loss {choice.name}: {one_line(error, info.params)}") from error
    except MienError as error:
        raise MienError(f"loss {choice.name} {error}") from error
    loss.weight = choice.weight
    return loss


def _distinct(names: Sequence[str]) -> list[str]:
    """Names made different by numbers where one comes more than once."""
    seen: Counter[str] = Counter()
    distinct = []
    for name in names:
        seen[name] += 1
        distinct.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return distinct
