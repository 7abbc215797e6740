"""Score any model on a split of any data set: one Report, the same for a checkpoint and an exported file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
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
from mien.engine.robustness import DISTURBANCES, Disturbance
from mien.faces.preprocess import to_batch
from mien.metrics.classification import accuracy, confusion, uar
from mien.metrics.predictions import Predictions
from mien.metrics.provenance import ProtocolFacts, Provenance, installed_versions
from mien.metrics.report import Clusters, Figures, Report, RobustnessCurve, build_report, part_figures


@dataclass(frozen=True, eq=False)
class TestPart:
    """The crops of a split, with their truth in the model's labels.

    Attributes:
        ids: [N] sample ids.
        truth: int64 [N].
        crops: N crops at the model's size.
        detected: bool [N]; False where a face had to be found and was not.
        n_outside: Samples left out because the model does not know their label.
    """

    ids: tuple[str, ...]
    truth: NDArray[np.int64]
    crops: tuple[ImageArray | RgbdArray, ...]
    detected: NDArray[np.bool_]
    n_outside: int

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
    return TestPart(tuple(s.id for s in known), truth, tuple(crops), found, len(samples) - len(known))


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
    """One evaluation: its figures, and what the model said about each sample."""

    report: Report
    predictions: Predictions


def evaluate(
    predictor: Predictor,
    dataset: FaceDataset,
    split: str,
    cropper: Cropper,
    *,
    weights: Path | None = None,
    robustness: bool = False,
    copied: Collection[str] | None = None,
    protocol: ProtocolFacts | None = None,
    clusters_of: Callable[[Sequence[str]], Clusters | None] = lambda ids: None,
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
        copied: Ids that the second figure leaves out, where `copies_elsewhere` was called before.
        protocol: Who taught and who is scored; None: the fixed split of that name.
        clusters_of: Sample ids -> what they depend on one another by; None: nothing.
        on_sample: Called for each picture read, for a progress bar.

    Returns:
        The report and the predictions. The report's second figure leaves out the samples of which an exact or
        near copy stands in another split.

    Raises:
        MienError: Model and data do not fit.
    """
    started = time.perf_counter()
    spec = predictor.spec
    part = crop_split(dataset, split, spec, cropper, on_sample)
    scores = probabilities_of(predictor, part.crops)
    scores[~part.detected] = np.nan
    curves = [disturbed(predictor, part, how) for how in DISTURBANCES] if robustness else []
    provenance = _provenance(spec, dataset, protocol or _protocol(spec, dataset, split)).model_copy(
        update={
            "model_sha256": hashlib.sha256(weights.read_bytes()).hexdigest() if weights else "",
            "data_hash": part.digest(),
            "duration_s": time.perf_counter() - started,
            "notes": _notes(part, spec),
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
        clusters=clusters_of(part.ids),
    )
    return Scored(report, Predictions(spec.labels, part.ids, part.truth, scores))


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
