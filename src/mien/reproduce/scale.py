"""How far a reproduction departs from the paper: smaller, shorter, on other data. All of it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mien import api
from mien.core.errors import MienError
from mien.core.recipe import DataChoice, Recipe
from mien.core.registry import suggest
from mien.reproduce.item import Paper


@dataclass(frozen=True)
class Scale:
    """What the user asked for.

    Attributes:
        budget: ``small`` trains the recipes that stand for the paper's on two cores.
        data: A data set that stands in for the paper's; empty for the paper's own.
        epochs: Of each training; None as the recipe says.
        rows: The rows to train; empty for all.
        seeds: Training seeds.
        folds: Numbers of the folds to run, from 0; empty for all.
        changes: Further ``key=value`` changes of every recipe.
    """

    budget: Literal["full", "small"] = "full"
    data: str = ""
    epochs: int | None = None
    rows: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    folds: tuple[int, ...] = ()
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scaled:
    """A recipe as it will be trained.

    Attributes:
        recipe: With all changes.
        stem: Name of the file it comes from.
        stands_for: The paper's recipe, which may be itself.
        as_published: Whether nothing was changed.
        told: What differs from the paper's recipe, one line each.
    """

    recipe: Recipe
    stem: str
    stands_for: str
    as_published: bool
    told: tuple[str, ...]

    @property
    def set_name(self) -> str:
        """What its data are called: the set's name, or of a user's table what the recipe is named after."""
        return set_name(self.stem, self.recipe)


def scaled(paper: Paper, name: str, scale: Scale) -> Scaled | None:
    """A paper's recipe at a scale; None where the small budget has nothing that stands for it.

    Raises:
        MienError: A change that is not valid, or data that no recipe reads.
    """
    stem = paper.small.get(name, "") if scale.budget == "small" else name
    if not stem:
        return None
    original, plain = api.load_recipe(name), api.load_recipe(stem)
    epochs = [] if scale.epochs is None else [f"train.epochs={scale.epochs}"]
    recipe = api.load_recipe(stem, [*epochs, *scale.changes])
    if scale.data:
        recipe = with_data(recipe, scale.data)
    told = [*_told(original, name, plain, stem, recipe)]
    told += [f"{name}: {change}" for change in scale.changes]
    return Scaled(recipe, stem, name, recipe.digest() == original.digest(), tuple(told))


def _told(original: Recipe, name: str, plain: Recipe, stem: str, recipe: Recipe) -> Iterator[str]:
    """What a reader must know of a scaled recipe."""
    if stem != name:
        size = "" if recipe.input is None else f", {recipe.input.size_px} px, epochs: {recipe.train.epochs}"
        network = "the same network" if recipe.method == original.method else "a smaller network"
        yield f"the recipe {stem} stands for {name} ({network}{size})"
    elif recipe.train.epochs != plain.train.epochs:
        yield f"{name}: {recipe.train.epochs} epochs in place of {plain.train.epochs}"
    if recipe.init_from is not None and original.init_from is None:
        yield f"{stem} starts from a run of {Path(recipe.init_from).name}, whose minutes are not in the table"
    ours, theirs = set_name(stem, recipe), set_name(name, original)
    if ours != theirs:
        yield f"stand-in data: {ours} in place of {theirs}, so accuracies cannot be compared with the paper's"
    elif recipe.data.test_split != original.data.test_split:
        yield f"scored on {ours} {recipe.data.test_split} in place of {original.data.test_split}"
    if (recipe.data.protocol is None) != (original.data.protocol is None):
        how = "one split" if recipe.data.protocol is None else "folds"
        yield f"{name}: {how} in place of the paper's protocol"


def set_name(stem: str, recipe: Recipe) -> str:
    """The data set's name; a recipe for a user's own table is named after what that table joins."""
    return stem.partition("_")[0] if recipe.data.name in ("csv", "folder") else recipe.data.name


def with_data(recipe: Recipe, name: str) -> Recipe:
    """A recipe on another data set: its splits and its kind of pictures, as a recipe of that set has them.

    Raises:
        MienError: No recipe that comes with mien reads that set.
    """
    if recipe.data.name == name:
        return recipe
    donor = _donor(recipe, name)
    theirs: dict[str, Any] = donor.data.model_dump()
    kept: dict[str, Any] = recipe.data.model_dump()
    for key in ("name", "train_split", "val_split", "val_fraction", "test_split", "faces", "protocol"):
        kept[key] = theirs[key]
    if recipe.data.protocol is not None and donor.data.protocol is not None:
        kept["protocol"] = recipe.data.protocol.model_dump()
    changes: dict[str, Any] = {"data": DataChoice.model_validate(kept)}
    spec, given = recipe.input, donor.input
    if spec is not None and spec.align is None and given is not None and given.align is not None:
        changes["input"] = spec.model_copy(update={"align": given.align})
    return recipe.model_copy(update=changes)


def _donor(recipe: Recipe, name: str) -> Recipe:
    """The recipe of a set that is most like another: of the same method, divided in the same way."""
    known: dict[str, list[Recipe]] = {}
    for stem in api.list_recipes():
        one = api.load_recipe(stem)
        known.setdefault(one.data.name, []).append(one)
    if name not in known:
        raise MienError(
            f"no recipe reads the data set {name!r}, so it cannot stand in{suggest(name, list(known))}"
        )

    def likeness(other: Recipe) -> tuple[bool, bool]:
        divided = (other.data.protocol is None) == (recipe.data.protocol is None)
        return divided, other.method.name == recipe.method.name

    return max(known[name], key=likeness)
