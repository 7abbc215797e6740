"""Learning from trained models: their opinion of each augmented picture becomes part of its target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from mien.core.distillation import Distillation
from mien.core.errors import MienError
from mien.core.specs import InputSpec, ModelSpec
from mien.data.batches import Batch
from mien.engine import checkpoint as ckpt
from mien.methods import Method
from mien.nets.layout import memory_format


@dataclass(frozen=True)
class Teachers:
    """Trained models that see what the student sees: the same crop, augmented (Beyer et al., CVPR 2022).

    Attributes:
        methods: In eval mode; their weights never move.
        temperatures: Of their calibration, one each.
        told: How much and how softly they teach.
    """

    methods: Sequence[Method]
    temperatures: Sequence[float]
    told: Distillation

    @torch.no_grad()
    def opinion(self, x: Tensor) -> Tensor:
        """Mean of the teachers' probabilities, each of a crop and of its mirror image, [B, K] in fp32.

        Args:
            x: [B, C, S, S] normalised.
        """
        views = (x, x.flip(3)) if self.told.mirrored else (x,)
        softened = [
            torch.softmax(method(view).float() / (temperature * self.told.temperature), dim=1)
            for method, temperature in zip(self.methods, self.temperatures, strict=True)
            for view in views
        ]
        return torch.stack(softened).mean(0)

    def taught(self, batch: Batch) -> Batch:
        """The batch with a share of its targets from the teachers."""
        weight = self.told.weight
        seen = batch.x if batch.whole is None else batch.whole
        target = (1 - weight) * batch.target + weight * self.opinion(seen).to(batch.target)
        return replace(batch, target=target)


def load_teachers(told: Distillation, spec: ModelSpec, device: torch.device) -> Teachers:
    """The teachers of a recipe, on their device.

    Args:
        told: Names them.
        spec: Of the student.
        device: Where the student learns.

    Raises:
        MienError: One is not there, or tells other labels or sees other crops than the student.
    """
    methods, temperatures = [], []
    for name in told.teachers:
        method, theirs, _ = ckpt.load_model(Path(name))
        if theirs.labels != spec.labels:
            raise MienError(
                f"distill: the teacher {name} tells {', '.join(theirs.labels)}, the student "
                f"{', '.join(spec.labels)}"
            )
        if not _same_view(theirs.input, spec.input):
            raise MienError(
                f"distill: the teacher {name} sees {_in_words(theirs.input)}, the student "
                f"{_in_words(spec.input)}: give both the same input"
            )
        methods.append(method.to(device, memory_format=memory_format(method)).requires_grad_(False))
        temperatures.append(theirs.calibration.temperature)
    return Teachers(methods, temperatures, told)


def _same_view(one: InputSpec, other: InputSpec) -> bool:
    """Whether two models see the same numbers of a crop; where the face lies in it may differ."""
    return one.model_copy(update={"align": None}) == other.model_copy(update={"align": None})


def _in_words(spec: InputSpec) -> str:
    return f"{spec.size_px} px {spec.channels}, mean {list(spec.mean)}, std {list(spec.std)}"
