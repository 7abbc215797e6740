"""Start from a model that tells other classes: what both know is taken over, the rest of the head is new."""

from __future__ import annotations

from pathlib import Path

import torch

from mien.core.errors import MienError
from mien.core.recipe import Recipe
from mien.core.specs import InputSpec, ModelSpec
from mien.engine import checkpoint as ckpt
from mien.methods import Method


def class_axes(recipe: Recipe, spec: InputSpec) -> dict[str, int]:
    """The tensors of a recipe's network whose size depends on the number of classes -> the axis that does.

    Raises:
        MienError: Two axes of a tensor do.
    """
    sizes = [
        {k: tuple(v.shape) for k, v in ckpt.build_method(recipe, n, spec, False).state_dict().items()}
        for n in (5, 6)
    ]
    axes = {}
    for name, few in sizes[0].items():
        differing = [i for i, pair in enumerate(zip(few, sizes[1][name], strict=True)) if len(set(pair)) > 1]
        if len(differing) > 1:
            raise MienError(f"{name} depends on the classes in several ways: a start needs the same classes")
        if differing:
            axes[name] = differing[0]
    return axes


def body_parts(recipe: Recipe, spec: InputSpec) -> list[str]:
    """The network's top-level parts with weights that do not depend on the classes: all but its head."""
    method = ckpt.build_method(recipe, 5, spec, False)
    heads = {name.split(".")[0] for name in class_axes(recipe, spec)}
    return [
        name
        for name, child in method.named_children()
        if name not in heads and next(child.parameters(), None) is not None
    ]


def start_with_shared_classes(method: Method, start: str | Path, recipe: Recipe, spec: ModelSpec) -> None:
    """Take a model's weights over; of its classes those that the new one has too.

    Args:
        method: Gets them; a class that the model does not know keeps the weights that it has.
        start: The model's run folder or file, or an embedded model's name.
        recipe: Of the method.
        spec: Of the method.

    Raises:
        MienError: The networks differ otherwise.
    """
    source, theirs, _ = ckpt.load_model(start)
    given, own, axes = source.state_dict(), method.state_dict(), class_axes(recipe, spec.input)
    pairs = [
        (theirs.labels.index(name), place) for place, name in enumerate(spec.labels) if name in theirs.labels
    ]
    old, new = (torch.tensor([pair[i] for pair in pairs], dtype=torch.long) for i in (0, 1))
    for name, value in own.items():
        taken = given.get(name)
        axis = axes.get(name)
        if taken is None or not _fits(tuple(taken.shape), tuple(value.shape), axis):
            raise MienError(f"init_from: {start} ({theirs.method}) is another network: {name} does not fit")
        if axis is None:
            own[name] = taken
        else:
            own[name] = value.clone().index_copy(axis, new, taken.index_select(axis, old).to(value.dtype))
    method.load_state_dict(own)


def _fits(one: tuple[int, ...], other: tuple[int, ...], but_for: int | None) -> bool:
    """Whether two shapes are the same, one axis apart."""
    if len(one) != len(other):
        return False
    return all(a == b or i == but_for for i, (a, b) in enumerate(zip(one, other, strict=True)))
