"""The faces that a model is wrong about with the most confidence, to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.metrics.classification import MISSED
from mien.metrics.predictions import Predictions
from mien.report.thumbnails import picture_thumbnail

N_SHOWN = 24
_OF_ONE_KIND = 4
_SIDE_PX = 112


@dataclass(frozen=True)
class Mistake:
    """One face that was judged wrongly.

    Attributes:
        picture: Data URI of the crop that the model saw.
        sample: Its id.
        truth: Its label.
        said: What the model said.
        confidence: How sure it was, 0..1.
        of_truth: What it gave the true label, 0..1.
    """

    picture: str
    sample: str
    truth: str
    said: str
    confidence: float
    of_truth: float


def surest_mistakes(predictions: Predictions, n: int, of_one_kind: int = _OF_ONE_KIND) -> list[int]:
    """Rows of the wrong answers with the highest confidence, surest first.

    Args:
        predictions: Of a split; faces that were not found are left out.
        n: At most so many.
        of_one_kind: At most so many of one truth taken for one other label, so that the commonest confusion
            does not fill the gallery.
    """
    said, truth = predictions.predicted, predictions.truth
    wrong = np.flatnonzero((said != truth) & (said != MISSED))
    confidence = predictions.probabilities[wrong, said[wrong]]
    seen: Counter[tuple[int, int]] = Counter()
    chosen = []
    for row in wrong[np.argsort(-confidence, kind="stable")]:
        kind = (int(truth[row]), int(said[row]))
        seen[kind] += 1
        if seen[kind] <= of_one_kind:
            chosen.append(int(row))
    return chosen[:n]


def worst_mistakes(
    predictions: Predictions, crops: Sequence[NDArray[Any]], n: int = N_SHOWN
) -> list[Mistake]:
    """The surest mistakes with their faces.

    Args:
        predictions: Of a split.
        crops: [N] as the model saw them: uint8 grey or RGB, or colour and depth (the colour is shown).
        n: At most so many.
    """
    found = []
    for row in surest_mistakes(predictions, n):
        shares, truth = predictions.probabilities[row], int(predictions.truth[row])
        said = int(shares.argmax())
        crop = crops[row]
        colours = crop if crop.ndim == 2 else crop[:, :, :3]
        found.append(
            Mistake(
                picture_thumbnail(np.ascontiguousarray(colours, dtype=np.uint8), _SIDE_PX),
                predictions.ids[row],
                predictions.labels[truth],
                predictions.labels[said],
                float(shares[said]),
                float(shares[truth]),
            )
        )
    return found
