"""From a recipe to the packed parts it learns from, selects on and, for paper parity, is selected by."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from mien.core.errors import MienError
from mien.core.recipe import Recipe
from mien.core.records import Sample
from mien.core.specs import TrainingFacts
from mien.data.crops import cropper_for, how_faces_are_found
from mien.data.datasets import FaceDataset
from mien.data.grouping import content_key, grouping
from mien.data.protocols import Protocol, hold_out
from mien.engine.fold_parts import fold_parts, make_study
from mien.engine.packing import Parts, labelled, model_spec, pack_parts, read_dataset


def training_facts(recipe: Recipe, protocol: Protocol | None = None) -> TrainingFacts:
    """Recipe and selection of a single split, in the words of reports."""
    data, how = recipe.data, recipe.train.select
    held_out = data.val_split or f"{data.val_fraction:.0%} of {data.train_split}, held out"
    selected_on = {
        "last": "nothing: the last epoch",
        "best_val": held_out,
        "best_test": str(data.test_split),
    }[how]
    said = f"the checkpoint was picked on {data.test_split}, so figures on it are optimistic"
    return TrainingFacts(
        recipe=recipe.name,
        recipe_hash=recipe.digest(),
        seeds=(recipe.train.seed,),
        selected_on=f"{data.name} {selected_on}" if how != "last" else selected_on,
        leaks=(said,) if how == "best_test" else (),
        protocol_sha256=protocol.digest() if protocol else "",
    )


def make_parts(
    recipe: Recipe,
    root: Path | None,
    on_sample: Callable[[], object] = lambda: None,
    fold: int | None = None,
) -> Parts:
    """Read, split and pack a recipe's data.

    Args:
        recipe: What to train.
        root: The data set's folder; None looks below ``MIEN_DATA_ROOT``.
        on_sample: Called for each packed sample, for a progress bar.
        fold: Which fold of the recipe's protocol, from 0; not needed where it has one fold alone.

    Raises:
        MienError: Data or recipe do not fit.
    """
    if recipe.data.protocol is not None:
        study = make_study(recipe, root)
        return fold_parts(study, study.numbered(fold), on_sample)
    if fold is not None:
        raise MienError(f"{recipe.name} has no data.protocol, so it has no folds")
    dataset = read_dataset(recipe, root)
    protocol, samples = make_protocol(recipe, dataset)
    spec = model_spec(recipe, dataset, training_facts(recipe, protocol))
    cropper_of = partial(cropper_for, dataset, faces=recipe.data.faces)
    crops = how_faces_are_found(dataset, recipe.data.faces)
    return pack_parts(recipe, spec, protocol, samples, cropper_of, on_sample, crops)


def make_protocol(recipe: Recipe, dataset: FaceDataset) -> tuple[Protocol, dict[str, list[Sample]]]:
    """Who learns, who selects, who is reported; test labels are read only for paper parity."""
    data, parity = recipe.data, recipe.train.select == "best_test"
    train = labelled(dataset.split(data.train_split))
    if data.test_split is not None and data.drop_leaks:
        tested = {content_key(s) for s in dataset.split(data.test_split)}
        train = [s for s in train if content_key(s) not in tested]
    group, group_by = grouping(train)
    if data.val_split is not None:
        val = labelled(dataset.split(data.val_split))
    else:
        train, val = hold_out(train, data.val_fraction, data.split_seed, group)
    samples = {"train": train, "val": val}
    if data.test_split is not None and parity:
        samples["test"] = labelled(dataset.split(data.test_split))
    said = (f"the checkpoint was picked on the reported split {data.test_split}",) if parity else ()
    held_out = data.val_split or f"{data.val_fraction:.0%} of it held out"
    protocol = Protocol(
        name=f"{data.name}: {data.train_split}, {held_out}",
        parts={part: tuple(s.id for s in members) for part, members in samples.items()},
        select_on="test" if parity else "val",
        report_on="test",
        group_by=group_by,
        leaks=said,
    )
    return protocol, samples
