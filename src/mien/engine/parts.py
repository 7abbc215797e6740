"""From a recipe to the packed parts it learns from, selects on and, for paper parity, is selected by."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.core.errors import MienError
from mien.core.recipe import Recipe
from mien.core.records import Sample
from mien.core.specs import ModelSpec, TrainingFacts
from mien.data.batches import Packed, pack
from mien.data.classes import keep_classes
from mien.data.crops import cropper_for
from mien.data.datasets import FaceDataset, load_dataset
from mien.data.hashing import content_hash
from mien.data.pictures import read_picture
from mien.data.protocols import Protocol, hold_out
from mien.data.soft_labels import calibrated
from mien.data.statistics import channel_statistics
from mien.methods import METHODS, parse_params


@dataclass(frozen=True)
class Parts:
    """Packed parts with their protocol.

    Attributes:
        protocol: Which sample is where.
        spec: The ModelSpec of the model to be trained.
        train: Learnt from.
        val: Held out for selection and calibration.
        select: The part that picks the checkpoint: `val`, or the test part for paper parity.
    """

    protocol: Protocol
    spec: ModelSpec
    train: Packed
    val: Packed
    select: Packed


def model_spec(recipe: Recipe, dataset: FaceDataset) -> ModelSpec:
    """The ModelSpec that a recipe's model will carry."""
    info = METHODS[recipe.method.name]
    return ModelSpec(
        name=recipe.name,
        method=recipe.method.name,
        labels=dataset.labels.names,
        kind=dataset.labels.kind,
        input=recipe.input or info.input,
        trained_on=f"{dataset.info.title}, {recipe.data.train_split}",
        licence=f"terms of the training data: {dataset.info.licence}" if dataset.info.licence else "",
        training=training_facts(recipe),
    )


def training_facts(recipe: Recipe) -> TrainingFacts:
    """Recipe and selection, in the words of reports."""
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
    )


def make_parts(recipe: Recipe, root: Path | None, on_sample: Callable[[], object] = lambda: None) -> Parts:
    """Read, split and pack a recipe's data.

    Args:
        recipe: What to train.
        root: The data set's folder; None looks below ``MIEN_DATA_ROOT``.
        on_sample: Called for each packed sample, for a progress bar.

    Raises:
        MienError: Data or recipe do not fit.
    """
    parse_params(recipe.method.name, recipe.method.params)  # a typo is told before the data are read
    dataset = load_dataset(recipe.data.name, root)
    if recipe.data.classes:
        dataset = keep_classes(dataset, recipe.data.classes)
    spec = model_spec(recipe, dataset)
    protocol, samples = make_protocol(recipe, dataset)
    if recipe.data.soft_weight and recipe.data.soft_labels == "calibrated":
        samples["train"] = calibrated(samples["train"], len(spec.labels))
    packed = {}
    for part, members in samples.items():
        seen = spec.input.widened() if part == "train" and recipe.augment.random_crop else spec.input
        cropper = cropper_for(dataset, seen, recipe.data.faces)
        packed[part] = pack(members, len(spec.labels), seen, cropper, recipe.data.soft_weight, on_sample)
        tell_misses(packed[part], part)
    if recipe.data.normalise != "given":
        spec = normalised_by(packed["train"], spec, recipe.data.normalise == "train_measured")
    return Parts(protocol, spec, packed["train"], packed["val"], packed[protocol.select_on])


def tell_misses(packed: Packed, part: str) -> None:
    """Say in one line of the log that faces were not found.

    Raises:
        MienError: None was.
    """
    n_missed = int((~packed.detected).sum())
    if n_missed == len(packed):
        raise MienError(
            f"no face was found in any of the {n_missed:,} pictures of the part {part}; "
            "if they are face crops already, set data.faces to ready"
        )
    if n_missed:
        logging.getLogger("mien").warning(
            "no face was found in %s of %s pictures of the part %s; the middle of each stands in",
            f"{n_missed:,}",
            f"{len(packed):,}",
            part,
        )


def normalised_by(packed: Packed, spec: ModelSpec, measured_only: bool) -> ModelSpec:
    """The spec with the mean and standard deviation of a packed part."""
    mean, std = channel_statistics(packed, measured_only)
    return spec.model_copy(update={"input": spec.input.model_copy(update={"mean": mean, "std": std})})


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


def labelled(samples: Sequence[Sample]) -> list[Sample]:
    """The samples that have a label."""
    return [s for s in samples if s.label >= 0]


def grouping(samples: Sequence[Sample]) -> tuple[Callable[[Sample], Hashable], str]:
    """Subjects stay together where all are known; else exact copies of a picture do."""
    if all(s.subject is not None for s in samples):
        return lambda s: s.subject, "subject"
    return content_key, "copies of a picture"


def content_key(sample: Sample) -> str:
    """Equal for samples with equal pixels."""
    return content_hash(read_picture(sample.image))
