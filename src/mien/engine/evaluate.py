"""Score any model on a split of any data set: one Report, the same for a checkpoint and an exported file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from mien.core.errors import MienError
from mien.core.labels import project
from mien.core.records import ImageArray, Predictor, RgbdArray
from mien.core.specs import ModelSpec
from mien.data.audit import leaks
from mien.data.crops import Cropper
from mien.data.datasets import FaceDataset
from mien.data.demographics import groups_of
from mien.engine.mirrored import MirroredPredictor
from mien.engine.robustness import DISTURBANCES, Disturbance
from mien.faces.preprocess import to_batch
from mien.metrics.classification import accuracy, confusion, uar
from mien.metrics.predictions import Predictions
from mien.metrics.provenance import ProtocolFacts, Provenance, installed_versions
from mien.metrics.report import (
    CalibrationPart,
    Clusters,
    Figures,
    Report,
    RobustnessCurve,
    build_report,
    part_figures,
)


@dataclass(frozen=True, eq=False)
class TestPart:
    """The crops of a split, with their truth in the model's labels.

    Attributes:
        ids: [N] sample ids.
        truth: int64 [N].
        crops: N crops at the model's size.
        detected: bool [N]; False where a face had to be found and was not.
        n_outside: Samples left out because the model does not know their label.
        subjects: [N] people, empty where the set does not say; () where it never does.
        groups: Attribute of people -> [N] groups, see `groups_of`.
    """

    ids: tuple[str, ...]
    truth: NDArray[np.int64]
    crops: tuple[ImageArray | RgbdArray, ...]
    detected: NDArray[np.bool_]
    n_outside: int
    subjects: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def by_person(self) -> Clusters | None:
        """Samples of a person belong together, where all people are known."""
        return Clusters(self.subjects, "subjects") if self.subjects and all(self.subjects) else None

    def digest(self) -> str:
        """sha256 over ids, labels and crops."""
        total = hashlib.sha256()
        for sample_id, label, crop in zip(self.ids, self.truth, self.crops, strict=True):
            total.update(f"{sample_id}\t{label}\n".encode())
            total.update(np.ascontiguousarray(crop).tobytes())
        return total.hexdigest()


def crop_split(
    dataset: FaceDataset, split: str, spec: ModelSpec, cropper: Cropper, on_sample: Callable[[], object]
) -> TestPart:
    """Read and crop a split.

    Raises:
        MienError: No such split, or none of its labels is the model's.
    """
    samples = dataset.split(split)
    places = project(dataset.labels.names, spec.label_space)
    known = [s for s in samples if s.label >= 0 and places[s.label] >= 0]
    if not known:
        raise MienError(
            f"{spec.name} knows {', '.join(spec.labels)}; {dataset.info.name} {split} has none of them"
        )
    crops, found = [], np.ones(len(known), bool)
    for i, sample in enumerate(known):
        crop, found[i] = cropper(sample)
        crops.append(crop)
        on_sample()
    truth = np.array([places[s.label] for s in known], dtype=np.int64)
    subjects = tuple("" if s.subject is None else str(s.subject) for s in known)
    return TestPart(
        tuple(s.id for s in known),
        truth,
        tuple(crops),
        found,
        len(samples) - len(known),
        subjects if any(subjects) else (),
        groups_of(known),
    )


def probabilities_of(
    predictor: Predictor, crops: Sequence[ImageArray | RgbdArray], batch_size: int = 64
) -> NDArray[np.float64]:
    """Calibrated probabilities [N, K] of ready crops."""
    spec = predictor.spec
    logits = [
        predictor.logits(to_batch(crops[i : i + batch_size], spec.input))
        for i in range(0, len(crops), batch_size)
    ]
    return softmax(np.concatenate(logits).astype(np.float64) / spec.calibration.temperature, axis=1)


@dataclass(frozen=True, eq=False)
class Scored:
    """One evaluation: its figures, what the model said about each sample, and what it saw of it."""

    report: Report
    predictions: Predictions
    crops: tuple[ImageArray | RgbdArray, ...]


MIRRORED = ("each face was also scored as its mirror image and the logits averaged: twice the work",)


def evaluate(
    predictor: Predictor,
    dataset: FaceDataset,
    split: str,
    cropper: Cropper,
    *,
    weights: Path | None = None,
    robustness: bool = False,
    mirrored: bool = False,
    copied: Collection[str] | None = None,
    protocol: ProtocolFacts | None = None,
    clusters_of: Callable[[Sequence[str]], Clusters | None] | None = None,
    sets_from: str | None = None,
    on_sample: Callable[[], object] = lambda: None,
) -> Scored:
    """Score a model on a split.

    Args:
        predictor: The model.
        dataset: The data set.
        split: The set's own name of the split.
        cropper: How a picture becomes a crop; a missed face counts as a wrong answer.
        weights: The weight file, for its hash.
        robustness: Also score under growing disturbances.
        mirrored: Average the logits of each crop and of its mirror image.
        copied: Ids that the second figure leaves out, where `copies_elsewhere` was called before.
        protocol: Who taught and who is scored; None: the fixed split of that name.
        clusters_of: Sample ids -> what they depend on one another by (None: nothing); left out: people, where
            all are known.
        sets_from: Split on which conformal sets are calibrated; it is not reported. None makes none.
        on_sample: Called for each picture read, for a progress bar.

    Returns:
        The report and the predictions. The report's second figure leaves out the samples of which an exact or
        near copy stands in another split.

    Raises:
        MienError: Model and data do not fit.
    """
    started = time.perf_counter()
    spec = predictor.spec
    if mirrored:
        predictor = MirroredPredictor(predictor)
    part = crop_split(dataset, split, spec, cropper, on_sample)
    scores = probabilities_of(predictor, part.crops)
    scores[~part.detected] = np.nan
    held_out = (
        _calibration_of(predictor, dataset, split, sets_from, cropper, on_sample) if sets_from else None
    )
    curves = [disturbed(predictor, part, how) for how in DISTURBANCES] if robustness else []
    provenance = _provenance(spec, dataset, protocol or _protocol(spec, dataset, split)).model_copy(
        update={
            "model_sha256": hashlib.sha256(weights.read_bytes()).hexdigest() if weights else "",
            "data_hash": part.digest(),
            "duration_s": time.perf_counter() - started,
            "mirrored": mirrored,
            "notes": (*(MIRRORED if mirrored else ()), *_notes(part, spec), *_notes_on_sets(spec, sets_from)),
        }
    )
    copied = copies_elsewhere(dataset, split) if copied is None else copied
    report = build_report(
        spec.labels,
        part.truth,
        scores,
        provenance,
        temperature=spec.calibration.temperature,
        second=_without_copies(copied, part, scores),
        robustness=curves,
        clusters=clusters_of(part.ids) if clusters_of else part.by_person(),
        groups=part.groups,
        calibration_part=held_out,
        unsure_below=spec.unsure_below,
    )
    predictions = Predictions(spec.labels, part.ids, part.truth, scores, part.subjects, part.groups)
    return Scored(report, predictions, part.crops)


def _calibration_of(
    predictor: Predictor,
    dataset: FaceDataset,
    split: str,
    sets_from: str,
    cropper: Cropper,
    on_sample: Callable[[], object],
) -> CalibrationPart:
    """The found faces of another split, on which conformal sets are calibrated.

    Raises:
        MienError: It is the reported split, shares samples with it, or no face was found in it.
    """
    if sets_from == split:
        raise MienError(f"{split} is reported, so prediction sets must be calibrated on another split")
    part = crop_split(dataset, sets_from, predictor.spec, cropper, on_sample)
    shared = set(part.ids) & {s.id for s in dataset.split(split)}
    if shared:
        raise MienError(f"{sets_from} and {split} share {len(shared)} samples: calibrate on other ones")
    if not part.detected.any():
        raise MienError(f"no face was found in {sets_from}, so prediction sets cannot be calibrated on it")
    scores = probabilities_of(predictor, part.crops)[part.detected]
    return CalibrationPart(scores, part.truth[part.detected], f"{dataset.info.name} {sets_from}")


def _notes_on_sets(spec: ModelSpec, sets_from: str | None) -> tuple[str, ...]:
    selected_on = spec.training.selected_on if spec.training else ""
    if not sets_from or sets_from not in selected_on.split():
        return ()
    return (
        f"prediction sets were calibrated on {sets_from}, but the checkpoint was selected on {selected_on}: "
        "the sets may hold the truth less often than they promise",
    )


def disturbed(predictor: Predictor, part: TestPart, how: Disturbance) -> RobustnessCurve:
    """Accuracy and UAR under one disturbance at each of its strengths."""
    k = len(predictor.spec.labels)
    rows = []
    for value in how.values:
        crops = [how(crop, value) for crop in part.crops]
        predictions = probabilities_of(predictor, crops).argmax(1)
        predictions[~part.detected] = -1
        matrix = confusion(part.truth[part.detected], predictions[part.detected], k)
        missed = np.bincount(part.truth[~part.detected], minlength=k)
        rows.append((accuracy(matrix, missed), uar(matrix, missed)))
    accuracies, uars = zip(*rows, strict=True)
    return RobustnessCurve(kind=how.kind, unit=how.unit, values=how.values, accuracy=accuracies, uar=uars)


def _provenance(spec: ModelSpec, dataset: FaceDataset, protocol: ProtocolFacts) -> Provenance:
    """Where figures come from, as far as it is known before anything is scored."""
    training = spec.training
    return Provenance(
        model=spec.name,
        data=dataset.info.name if dataset.info.labels else f"{dataset.info.name} {dataset.root.name}",
        protocol=protocol,
        selected_on=training.selected_on if training else "unknown",
        recipe=training.recipe if training else "",
        recipe_hash=training.recipe_hash if training else "",
        seeds=training.seeds if training else (),
        versions=installed_versions(),
        created=datetime.now(UTC).date(),
    )


def _protocol(spec: ModelSpec, dataset: FaceDataset, split: str) -> ProtocolFacts:
    training = spec.training
    return ProtocolFacts(
        name=f"fixed split {split} of {dataset.info.title}",
        split=split,
        select_on=training.selected_on if training else "unknown",
        report_on=split,
        leaks=training.leaks if training else (),
        sha256=training.protocol_sha256 if training else "",
    )


def _notes(part: TestPart, spec: ModelSpec) -> tuple[str, ...]:
    notes = []
    if part.n_outside:
        notes.append(
            f"{part.n_outside} samples left out: their label is none of the model's {len(spec.labels)}"
        )
    shown = set(part.truth.tolist())
    absent = [label for number, label in enumerate(spec.labels) if number not in shown]
    if absent:
        notes.append(
            f"no sample shows {', '.join(absent)}: UAR is the mean recall over the other {len(shown)}"
        )
    flat = sum(not crop[:, :, 3].any() for crop in part.crops) if spec.input.channels == "rgbd" else 0
    if flat:
        how = "as it was trained to" if spec.depth_optional else "which it was not trained to"
        notes.append(f"{flat} samples have no depth: the model judged them by colour alone, {how}")
    return tuple(notes)


def _without_copies(
    copied: Collection[str], part: TestPart, scores: NDArray[np.float64]
) -> dict[str, Figures]:
    """Headline without the samples that have a copy elsewhere; nothing where all or none have one."""
    kept = np.array([i not in copied for i in part.ids])
    if kept.all() or not kept.any():
        return {}
    return {"without_duplicates": part_figures(part.truth[kept], scores[kept], scores.shape[1])}


def copies_elsewhere(dataset: FaceDataset, split: str) -> set[str]:
    """Ids in a split of which an exact or near copy stands in another split; none where there is no other."""
    found: set[str] = set()
    for other in sorted({s.split for s in dataset.samples} - {split}):
        found |= leaks(dataset, other, near=True)
    return found & {s.id for s in dataset.split(split)}
