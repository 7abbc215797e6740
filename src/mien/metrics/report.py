"""The Report: every figure of one evaluation, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, ValidationError, model_validator

from mien.core.errors import MienError
from mien.core.specs import Frozen
from mien.metrics.calibration import ReliabilityBin, expected_calibration_error, reliability_bins
from mien.metrics.classification import (
    MISSED,
    accuracy,
    confusion,
    f1_scores,
    matthews,
    missed_faces,
    precisions,
    recalls,
    uar,
)
from mien.metrics.clusters import draws_of
from mien.metrics.conformal import ConformalFigures, conformal_figures
from mien.metrics.demographics import Demographic, demographics
from mien.metrics.folds import FoldTable
from mien.metrics.headline import headline_intervals
from mien.metrics.intervals import Draw, bootstrap_interval
from mien.metrics.provenance import Provenance, written_by_another_version
from mien.metrics.selective import SelectiveFigures, UnsureFigures, selective_figures, unsure_figures

Share = Annotated[float, Field(ge=0, le=1)]
Interval = tuple[Share, Share]


class Intervals(Frozen):
    """95 % intervals.

    Attributes:
        accuracy: Wilson; bootstrap over `drawn` where those are not samples.
        uar: Bootstrap over `drawn`.
        recalls: As `accuracy`, per class; None for a class without samples.
        drawn: What the bootstrap draws: ``samples``, or what keeps samples together that depend on one
            another, such as ``subjects``.
    """

    accuracy: Interval
    uar: Interval
    recalls: tuple[Interval | None, ...]
    drawn: str = "samples"


class CalibrationFigures(Frozen):
    """How far confidences can be believed, over the faces that were found.

    Attributes:
        ece: Expected calibration error, bins of equal mass.
        ece_interval: 95 %, bootstrap, recentred on `ece`.
        temperature: The temperature already applied to the scored probabilities.
        bins: The reliability diagram.
    """

    ece: Share
    ece_interval: Interval
    temperature: float
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True)
class Clusters:
    """Samples that depend on one another, and are drawn together for intervals.

    Attributes:
        of: Name of each sample's cluster, [N].
        called: What a cluster is, in the plural: ``subjects``.
    """

    of: Sequence[str]
    called: str


@dataclass(frozen=True, eq=False)
class CalibrationPart:
    """Samples that are not reported, on which conformal sets are calibrated.

    Attributes:
        probabilities: [n, K], of found faces.
        truth: True classes, [n].
        called: What they are, in words.
    """

    probabilities: NDArray[np.float64]
    truth: NDArray[np.int64]
    called: str


class Figures(Frozen):
    """The headline of a part of the samples."""

    n: int
    accuracy: Share
    uar: Share


class RobustnessCurve(Frozen):
    """Figures under a growing disturbance.

    Attributes:
        kind: What was changed: ``size``, ``blur``, ``rotation``...
        unit: Unit of `values`: ``px``, ``deg``...
        values: How much, in the order of the curve.
        accuracy: One per value.
        uar: One per value.
    """

    kind: str
    unit: str
    values: tuple[float, ...]
    accuracy: tuple[Share, ...]
    uar: tuple[Share, ...]

    @model_validator(mode="after")
    def _one_figure_per_value(self) -> RobustnessCurve:
        if not len(self.values) == len(self.accuracy) == len(self.uar) > 0:
            raise ValueError(f"the {self.kind} curve needs one accuracy and one UAR per value")
        return self


class Report(Provenance):
    """One evaluation.

    A face that the detector missed is a wrong answer in every figure but those of confidence (calibration,
    selective prediction, conformal sets), which are over the faces that were found.

    Attributes:
        labels: K label names, in the order of rows and columns.
        n: Samples.
        n_detected: Samples with a face found (all of them for ready-made crops).
        n_missed: Samples without.
        missed: Missed samples per true class, [K].
        confusion: Counts of the found faces, [K, K]; rows are the truth.
        accuracy: Right answers / n.
        uar: Mean recall over the classes present.
        recalls: Per class; None for a class without samples.
        f1: Per class; None for a class neither present nor predicted.
        intervals: 95 % intervals.
        calibration: None when no face was found.
        second: Headlines of parts of the samples by name, e.g. ``without_duplicates``.
        robustness: Curves under disturbances.
        folds: Of a cross-validation, whose counts are pooled here; None for a single split.
        precisions: Per class; None for a class never predicted. () in reports of versions before it.
        mcc: Matthews correlation coefficient, -1..1; None in reports of versions before it.
        selective: Accuracy against coverage; None when no face was found, or before this version.
        conformal: Prediction sets, where they were calibrated on samples that are not reported.
        demographics: Figures per gender, age band, ethnicity, where the data set says them.
        unsure: What the model's own limit of confidence does; None where it has none.
    """

    labels: tuple[str, ...]
    n: int
    n_detected: int
    n_missed: int
    missed: tuple[int, ...]
    confusion: tuple[tuple[int, ...], ...]
    accuracy: Share
    uar: Share
    recalls: tuple[Share | None, ...]
    f1: tuple[Share | None, ...]
    intervals: Intervals
    calibration: CalibrationFigures | None = None
    second: dict[str, Figures] = Field(default_factory=dict)
    robustness: tuple[RobustnessCurve, ...] = ()
    folds: FoldTable | None = None
    precisions: tuple[Share | None, ...] = ()
    mcc: float | None = Field(default=None, ge=-1, le=1)
    selective: SelectiveFigures | None = None
    conformal: tuple[ConformalFigures, ...] = ()
    demographics: tuple[Demographic, ...] = ()
    unsure: UnsureFigures | None = None

    @property
    def matrix(self) -> NDArray[np.int64]:
        """The confusion matrix as an array, [K, K]."""
        return np.array(self.confusion, dtype=np.int64)

    def to_json(self) -> str:
        """Indented JSON."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str, source: str = "report") -> Report:
        """Parse and validate.

        Args:
            text: JSON written by `to_json`.
            source: Named in the error.

        Raises:
            MienError: The text is no valid Report.
        """
        try:
            report = cls.model_validate_json(text)
            if {len(report.confusion), *map(len, report.confusion), len(report.missed)} != {
                len(report.labels)
            }:
                raise MienError(f"{source} is damaged: its confusion matrix does not fit its labels")
            return report
        except ValidationError as error:
            other = written_by_another_version(text, cls)
            if other:
                raise MienError(f"{source} {other}") from error
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise MienError(f"{source} is not a report of mien evaluate: {where}: {first['msg']}") from error


def build_report(
    labels: Sequence[str],
    truth: ArrayLike,
    probabilities: ArrayLike,
    provenance: Provenance,
    *,
    temperature: float = 1.0,
    second: Mapping[str, Figures] | None = None,
    robustness: Sequence[RobustnessCurve] = (),
    clusters: Clusters | None = None,
    folds: FoldTable | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    calibration_part: CalibrationPart | None = None,
    unsure_below: float | None = None,
) -> Report:
    """Compute every figure of an evaluation.

    Args:
        labels: K label names.
        truth: True classes, [N].
        probabilities: [N, K]; a row of NaN where no face was found.
        provenance: Where the figures come from.
        temperature: The temperature already applied to `probabilities`.
        second: Headlines of parts of the samples, see `part_figures`.
        robustness: Curves under disturbances.
        clusters: Which samples depend on one another; None takes all for independent.
        folds: Of a cross-validation.
        groups: Attribute of people -> group of each sample, [N], empty where it is not known.
        calibration_part: Samples to calibrate conformal sets on; None makes none.
        unsure_below: The model's limit of confidence; None: it has none.

    Raises:
        MienError: There are no samples, or shapes do not fit.
    """
    y, scores, predictions = _rows(truth, probabilities, len(labels))
    k = len(labels)
    matrix, missed = confusion(y, predictions, k), missed_faces(y, predictions, k)
    found = predictions != MISSED
    of_found = [c for c, f in zip(clusters.of, found, strict=True) if f] if clusters else []
    draw = draws_of(of_found) if len(set(of_found)) > 1 else None
    people = clusters.of if clusters is not None and clusters.called == "subjects" else None
    return Report(
        **dict(provenance),
        labels=tuple(labels),
        n=len(y),
        n_detected=int(found.sum()),
        n_missed=int(missed.sum()),
        missed=tuple(missed.tolist()),
        confusion=tuple(map(tuple, matrix.tolist())),
        accuracy=accuracy(matrix, missed),
        uar=uar(matrix, missed),
        recalls=_or_none(recalls(matrix, missed)),
        f1=_or_none(f1_scores(matrix, missed)),
        intervals=_intervals(y, predictions, k, clusters),
        calibration=_calibration(scores[found], y[found], temperature, draw) if found.any() else None,
        second=dict(second or {}),
        robustness=tuple(robustness),
        folds=folds,
        precisions=_or_none(precisions(matrix)),
        mcc=matthews(matrix, missed),
        selective=selective_figures(scores[found], y[found], draw) if found.any() else None,
        conformal=_conformal(calibration_part, scores[found], y[found], draw),
        demographics=demographics(y, predictions, groups or {}, k, people),
        unsure=None
        if unsure_below is None or not found.any()
        else unsure_figures(scores[found], y[found], unsure_below),
    )


def part_figures(truth: ArrayLike, probabilities: ArrayLike, n_classes: int) -> Figures:
    """The headline figures of a part of the samples.

    Args:
        truth: True classes, [N].
        probabilities: [N, K]; a row of NaN where no face was found.
        n_classes: K.

    Raises:
        MienError: As `build_report`.
    """
    y, _, predictions = _rows(truth, probabilities, n_classes)
    matrix, missed = confusion(y, predictions, n_classes), missed_faces(y, predictions, n_classes)
    return Figures(n=len(y), accuracy=accuracy(matrix, missed), uar=uar(matrix, missed))


def _rows(
    truth: ArrayLike, probabilities: ArrayLike, n_classes: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Truth [N], probabilities [N, K] and predictions [N] (`MISSED` for rows of NaN)."""
    y, scores = np.asarray(truth, dtype=np.int64), np.asarray(probabilities, dtype=np.float64)
    if scores.shape != (y.size, n_classes):
        raise MienError(f"expected probabilities [{y.size}, {n_classes}], got {list(scores.shape)}")
    predictions = scores.argmax(axis=1).astype(np.int64)
    predictions[np.isnan(scores).any(axis=1)] = MISSED
    return y, scores, predictions


def _intervals(
    y: NDArray[np.int64], predictions: NDArray[np.int64], n_classes: int, clusters: Clusters | None
) -> Intervals:
    drawn = clusters if clusters is not None and len(set(clusters.of)) > 1 else None
    found = headline_intervals(y, predictions, n_classes, drawn.of if drawn else None)
    return Intervals(
        accuracy=found.accuracy,
        uar=found.uar,
        recalls=found.recalls,
        drawn=drawn.called if drawn else "samples",
    )


def _conformal(
    part: CalibrationPart | None, scores: NDArray[np.float64], y: NDArray[np.int64], draw: Draw | None
) -> tuple[ConformalFigures, ...]:
    if part is None or not len(y):
        return ()
    known = (part.probabilities, part.truth)
    return tuple(
        conformal_figures(known, (scores, y), score, part.called, draw=draw) for score in ("lac", "aps")
    )


def _calibration(
    scores: NDArray[np.float64], y: NDArray[np.int64], temperature: float, draw: Draw | None
) -> CalibrationFigures:
    low, high = 0.0, 1.0  # of a single face nothing is known
    if len(y) > 1:
        low, high = bootstrap_interval(expected_calibration_error, scores, y, recentre=True, draw=draw)
    return CalibrationFigures(
        ece=expected_calibration_error(scores, y),
        ece_interval=(max(low, 0.0), min(high, 1.0)),
        temperature=temperature,
        bins=tuple(reliability_bins(scores, y)),
    )


def _or_none(values: NDArray[np.float64]) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(v) else float(v) for v in values)
