"""A recipe's folds: what all of them share, and the packed parts of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from mien.core.errors import MienError
from mien.core.recipe import Recipe
from mien.core.records import Sample
from mien.core.specs import InputSpec, TrainingFacts
from mien.data.crops import Cropper, cropper_for
from mien.data.datasets import FaceDataset
from mien.data.eightfold import altering, origin
from mien.data.fold_file import folds_for, folds_sha256
from mien.data.fold_leaks import protocol_of
from mien.data.folds import TEST, VAL, Fold, FoldSet
from mien.data.protocols import Protocol
from mien.engine.packing import Parts, labelled, model_spec, pack_parts, read_dataset
from mien.methods import METHODS, parse_params

PICKED_ON_TEST = "the checkpoint of each fold was picked on its reported part, so figures are too high"


@dataclass(frozen=True, eq=False)
class Study:
    """A recipe with its data and folds.

    Attributes:
        recipe: What is trained on each fold.
        dataset: The data set.
        folds: Its division.
        sha256: Of the division.
        input: What the model sees, before the mean and deviation of a fold's training part.
        cropper_of: How a picture becomes a crop for an input; each picture is read once, however many folds
            it is in.
    """

    recipe: Recipe
    dataset: FaceDataset
    folds: FoldSet
    sha256: str
    input: InputSpec
    cropper_of: Callable[[InputSpec], Cropper]

    def numbered(self, index: int | None) -> Fold:
        """The fold of a number, from 0.

        Raises:
            MienError: There is none of that number, or none was given and there are several.
        """
        folds, name = self.folds.folds, self.recipe.name
        if index is None and len(folds) > 1:
            raise MienError(
                f"{name} has a protocol of {len(folds)} folds: run all of them with `mien crossval`, or one "
                "of them with `mien train --fold 0`"
            )
        if not 0 <= (index or 0) < len(folds):
            raise MienError(f"{name} has folds 0 to {len(folds) - 1}, none of number {index}")
        return folds[index or 0]


def make_study(recipe: Recipe, root: Path | None) -> Study:
    """Read a recipe's data and divide them.

    Raises:
        MienError: The recipe has no protocol, or data and recipe do not fit.
    """
    data = recipe.data
    if data.protocol is None:
        raise MienError(
            f"{recipe.name} has no data.protocol to divide its data by; give one, for example "
            "--set 'data.protocol={name: kfold, folds: 10, group: subject}' --set data.test_split=null"
        )
    dataset = read_dataset(recipe, root)
    folds = folds_for(labelled(dataset.split(data.train_split)), dataset.labels.names, data.protocol)
    info = METHODS[recipe.method.name]
    spec = recipe.input or info.input_for(parse_params(recipe.method.name, recipe.method.params))

    @cache
    def cropper_of(seen: InputSpec) -> Cropper:
        return altering(remembering(cropper_for(dataset, seen, data.faces)))

    return Study(recipe, dataset, folds, folds_sha256(folds), spec, cropper_of)


def remembering(cropper: Cropper) -> Cropper:
    """A cropper that reads each picture once; altered copies share their original's crop."""
    seen: dict[str, tuple[np.ndarray, bool]] = {}

    def crop(sample: Sample) -> tuple[np.ndarray, bool]:
        key = origin(sample)
        if key not in seen:
            seen[key] = cropper(sample)
        return seen[key]

    return crop


def fold_parts(study: Study, fold: Fold, on_sample: Callable[[], object] = lambda: None) -> Parts:
    """The packed parts that a fold is trained with.

    Raises:
        MienError: Its checkpoint would be picked on a validation part that it does not have.
    """
    recipe, protocol = study.recipe, fold_protocol(study, fold)
    samples = study.folds.members(fold)
    if protocol.select_on != TEST and VAL in samples:
        del samples[TEST]
    spec = model_spec(recipe, study.dataset, fold_facts(study, protocol))
    return pack_parts(recipe, spec, protocol, samples, study.cropper_of, on_sample)


def fold_protocol(study: Study, fold: Fold) -> Protocol:
    """A fold as a protocol, with what its selection leaks."""
    how = study.recipe.train.select
    if how == "best_test":
        return protocol_of(study.folds, fold, TEST, (PICKED_ON_TEST,))
    if how == "best_val" and VAL not in fold.parts:
        raise MienError(
            f"{study.recipe.name}: {study.folds.choice.in_words()}: set train.select to last, or to "
            "best_test for paper parity"
        )
    return protocol_of(study.folds, fold, VAL if VAL in fold.parts else "nothing")


def fold_facts(study: Study, protocol: Protocol) -> TrainingFacts:
    """Recipe and selection of a fold, in the words of reports."""
    recipe, choice = study.recipe, study.folds.choice
    held_out = f"{choice.val_fraction:.0%} of each fold's training part, held out by {choice.group}"
    selected_on = {
        "last": "nothing: the last epoch",
        "best_val": f"{recipe.data.name} {held_out}",
        "best_test": f"{recipe.data.name} test part of each fold",
    }[recipe.train.select]
    return TrainingFacts(
        recipe=recipe.name,
        recipe_hash=recipe.digest(),
        seeds=(recipe.train.seed,),
        selected_on=selected_on,
        leaks=protocol.leaks,
        protocol_sha256=study.sha256,
    )
