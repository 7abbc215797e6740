"""What every training starts from: a data set read, its parts packed, and the spec of the model to be."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.core.errors import MienError
from mien.core.recipe import Recipe
from mien.core.records import Sample
from mien.core.specs import InputSpec, ModelSpec, TrainingFacts
from mien.data.batches import Packed, pack
from mien.data.classes import keep_classes, rename_classes
from mien.data.crops import Cropper
from mien.data.datasets import FaceDataset, load_dataset
from mien.data.protocols import Protocol
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
        val: Held out for selection and calibration; None where a paper's protocol holds nothing out.
        select: The part that picks the checkpoint, or is at least watched: `val`, or the test part for paper
            parity.
    """

    protocol: Protocol
    spec: ModelSpec
    train: Packed
    val: Packed | None
    select: Packed


def model_spec(recipe: Recipe, dataset: FaceDataset, facts: TrainingFacts) -> ModelSpec:
    """The ModelSpec that a recipe's model will carry, with the facts of its training."""
    info = METHODS[recipe.method.name]
    params = parse_params(recipe.method.name, recipe.method.params)
    spec = recipe.input or info.input_for(params)
    return ModelSpec(
        name=recipe.name,
        method=recipe.method.name,
        labels=dataset.labels.names,
        kind=dataset.labels.kind,
        input=spec,
        depth_optional=spec.channels == "rgbd" and info.depth_optional(params),
        trained_on=f"{dataset.info.title}, {recipe.data.train_split}",
        licence=f"terms of the training data: {dataset.info.licence}" if dataset.info.licence else "",
        training=facts,
    )


def read_dataset(recipe: Recipe, root: Path | None) -> FaceDataset:
    """A recipe's data set, with the classes that it keeps.

    Raises:
        MienError: Data or recipe do not fit.
    """
    parse_params(recipe.method.name, recipe.method.params)  # a typo is told before the data are read
    dataset = load_dataset(recipe.data.name, root)
    if recipe.data.rename:
        dataset = rename_classes(dataset, recipe.data.rename)
    return keep_classes(dataset, recipe.data.classes) if recipe.data.classes else dataset


def pack_parts(
    recipe: Recipe,
    spec: ModelSpec,
    protocol: Protocol,
    samples: Mapping[str, Sequence[Sample]],
    cropper_of: Callable[[InputSpec], Cropper],
    on_sample: Callable[[], object] = lambda: None,
    crops: str = "",
) -> Parts:
    """Pack what a protocol trains with: the part that learns, the one held out, and the one that selects.

    Args:
        recipe: For targets and normalisation.
        spec: Of the model; gets the training part's mean and standard deviation where the recipe says so.
        protocol: Which sample is where.
        samples: Those of ``train``, and of ``val`` and ``test`` where they are needed to train.
        cropper_of: How a picture becomes a crop for an input; random crops are cut from larger ones.
        on_sample: Called for each packed sample, for a progress bar.
        crops: How the croppers find faces, so that crops can be kept; empty keeps none.
    """
    members = dict(samples)
    if recipe.data.soft_weight and recipe.data.soft_labels == "calibrated":
        members["train"] = calibrated(members["train"], len(spec.labels))
    packed = {}
    for part, some in members.items():
        seen = spec.input.widened() if part == "train" and recipe.augment.random_crop else spec.input
        weight = recipe.data.soft_weight
        packed[part] = pack(some, len(spec.labels), seen, cropper_of(seen), weight, on_sample, crops)
        tell_misses(packed[part], part)
    if recipe.data.normalise != "given":
        spec = normalised_by(packed["train"], spec, recipe.data.normalise == "train_measured")
    val = packed.get("val")
    watched = packed["test"] if protocol.select_on == "test" or val is None else val
    return Parts(protocol, spec, packed["train"], val, watched)


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


def labelled(samples: Sequence[Sample]) -> list[Sample]:
    """The samples that have a label."""
    return [s for s in samples if s.label >= 0]
