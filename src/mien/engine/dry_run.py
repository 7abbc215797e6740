"""A recipe made small: the same steps on drawn faces within seconds, before the real thing takes days."""

from __future__ import annotations

from mien.core.recipe import MethodChoice, Recipe
from mien.methods import METHODS, parse_params

N_FACES_PER_CLASS = 8
_EPOCHS = 2
_BATCH = 16
_FOLDS = 4


def small_version(recipe: Recipe) -> Recipe:
    """The recipe with a small network and small crops, two epochs long, on faces as they come.

    Everything else stays: split, sampler, augmentation, objective, optimiser, schedule, selection.

    Args:
        recipe: Of any size.
    """
    info = METHODS[recipe.method.name]
    params = {**recipe.method.params, **info.small}
    spec = recipe.input or info.input_for(parse_params(recipe.method.name, recipe.method.params))
    train = recipe.train.model_dump() | {
        "epochs": _EPOCHS,
        "batch_size": _BATCH,
        "accumulate": min(recipe.train.accumulate, 2),
        "warmup_iters": min(recipe.train.warmup_iters, 30),
        "mixup_off_epochs": min(recipe.train.mixup_off_epochs, 1),
        "size_schedule": {},
    }
    protocol = recipe.data.protocol and recipe.data.protocol.model_dump()
    if protocol is not None and "folds" in protocol:  # the look-alikes have few people
        protocol |= {"folds": min(protocol["folds"], _FOLDS), "subjects": None}
    tree = recipe.model_dump() | {
        "method": MethodChoice(name=recipe.method.name, params=params),
        "input": spec.model_dump() | {"size_px": info.small_px or spec.size_px},
        "data": recipe.data.model_dump() | {"faces": "ready", "val_fraction": 0.25, "protocol": protocol},
        "train": train,
    }
    return Recipe.model_validate(tree)


def runs_needed(recipe: Recipe) -> dict[str, str]:
    """The runs that a recipe starts from or learns from: dotted key -> path."""
    needed = {} if recipe.init_from is None else {"init_from": recipe.init_from}
    teachers = [] if recipe.distill is None else recipe.distill.teachers
    return needed | {f"distill.teachers.{i}": path for i, path in enumerate(teachers)}


def with_run(recipe: Recipe, place: str, path: str) -> Recipe:
    """The recipe with another run in one of the places that `runs_needed` names."""
    if place == "init_from" or recipe.distill is None:
        return recipe.model_copy(update={"init_from": path})
    number = int(place.rpartition(".")[2])
    teachers = [path if i == number else old for i, old in enumerate(recipe.distill.teachers)]
    return recipe.model_copy(update={"distill": recipe.distill.model_copy(update={"teachers": teachers})})
