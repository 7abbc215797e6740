"""Crops to what the table says of them: calibrated probabilities and, where asked for, compounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mien.core.records import Face, FaceResult, ImageArray, Predictor, RgbdArray
from mien.faces.preprocess import to_batch
from mien.faces.quality import UNRELIABLE
from mien.runtime.compound import CompoundReader
from mien.runtime.engine_onnx import calibrated_probabilities


def face_scores(
    crops: Sequence[ImageArray | RgbdArray], predictor: Predictor, compounds: CompoundReader | None = None
) -> NDArray[np.float32]:
    """Judge ready crops, all at once.

    Args:
        crops: As `mien.faces.align` cuts them out for the model.
        predictor: The model.
        compounds: How the model tells compound emotions; None: they are not asked for.

    Returns:
        [B, K + n_compounds]: probabilities and, behind them, intensities of compounds.
    """
    spec = predictor.spec
    batch = to_batch(crops, spec.input)
    if compounds is None:
        return calibrated_probabilities(predictor.logits(batch), spec.calibration.temperature)
    logits, intensities = compounds.predict(predictor, batch)
    shares = calibrated_probabilities(logits, spec.calibration.temperature)
    return np.concatenate([shares, intensities], axis=1)


def face_row(
    place: tuple[str, int | None, float | None],
    number: int,
    face: Face,
    scores: NDArray[np.float32],
    labels: tuple[str, ...],
    compounds: tuple[str, ...] = (),
    *,
    warnings: tuple[str, ...] = (),
    unsure_below: float | None = None,
) -> FaceResult:
    """The row of a face.

    Args:
        place: Input, frame and timestamp in seconds.
        number: Its face_id.
        face: The detection.
        scores: [K + n_compounds] of `face_scores`.
        labels: The model's.
        compounds: Those that were asked for.
        warnings: About the face, see `mien.faces.quality`.
        unsure_below: The model's limit of confidence; None: it has none.
    """
    shares, intensities = np.split(scores, [len(labels)])
    faint = unsure_below is not None and float(shares.max()) < unsure_below
    unsure = faint or not UNRELIABLE.isdisjoint(warnings)
    row = FaceResult(*place, "ok", "", number, face, labels, shares, warnings=warnings, unsure=unsure)
    return replace(row, compounds=compounds, intensities=intensities) if compounds else row
