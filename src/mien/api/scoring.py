"""Score models, and compare what was scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.api.models import open_predictor

if TYPE_CHECKING:
    from mien.engine.evaluate import Scored
    from mien.metrics.comparison import Comparison
    from mien.metrics.report import Report


def evaluate(model: str, data: str, split: str, data_root: Path | None = None, **options: Any) -> Report:
    """The report of `score`; arguments as there."""
    return score(model, data, split, data_root, **options).report


def score(
    model: str,
    data: str,
    split: str,
    data_root: Path | None = None,
    *,
    faces: str = "auto",
    detector: str = "auto",
    robustness: bool = False,
    mirrored: bool = False,
    sets_from: str | None = None,
    rename: Mapping[str, str] | None = None,
    on_sample: Callable[[], object] = lambda: None,
) -> Scored:
    """Score a model on a split of a data set.

    Args:
        model: An embedded model's name, an ONNX file, or a run folder.
        data: Registry name of the data set.
        split: The set's own name of the split.
        data_root: Its folder; None looks below ``MIEN_DATA_ROOT``.
        faces: ``ready`` takes pictures as crops, ``find`` finds the faces, ``auto`` does what fits the set.
        detector: Which detector finds.
        robustness: Also score under growing disturbances.
        mirrored: Average the logits of each crop and of its mirror image.
        sets_from: Another split, on which conformal sets are calibrated; None makes none.
        rename: Other names for the set's labels.
        on_sample: Called for each picture read.

    Returns:
        The report, and what the model said about each sample.

    Raises:
        MienError: Model and data do not fit, or one of them is not there.
    """
    from mien.data.classes import rename_classes
    from mien.data.crops import cropper_for
    from mien.data.datasets import load_dataset
    from mien.engine.evaluate import evaluate as evaluate_model

    predictor, weights = open_predictor(model)
    dataset = load_dataset(data, data_root)
    if rename:
        dataset = rename_classes(dataset, rename)
    cropper = cropper_for(dataset, predictor.spec.input, faces, detector)
    return evaluate_model(
        predictor,
        dataset,
        split,
        cropper,
        weights=weights,
        robustness=robustness,
        mirrored=mirrored,
        sets_from=sets_from,
        on_sample=on_sample,
    )


def compare(paths: Sequence[Path], *, common: bool = False, against_first: bool = False) -> Comparison:
    """Figures of scored runs side by side, and which differences are beyond chance.

    Args:
        paths: Folders of `mien evaluate --report`, runs of `mien ablate`, or `mien crossval`; at least two.
        common: Compare on the samples that all share, where these are not all.
        against_first: Only the first against each other one.

    Raises:
        MienError: A folder holds no scored run, or label spaces or samples differ.
    """
    from mien.report.comparison import compare as compare_runs

    return compare_runs(paths, common, against_first)
