"""Selective prediction: how often is the model right if it may keep silent where it is unsure?"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from mien.core.errors import MienError
from mien.core.specs import Frozen
from mien.metrics.intervals import Draw, bootstrap_interval, wilson_interval

Share = Annotated[float, Field(ge=0, le=1)]

POINTS = 20
"""Of the curve that a report keeps."""


class SelectiveFigures(Frozen):
    """Accuracy against coverage, over the faces that were found.

    Attributes:
        coverage: Shares of the faces that are answered, the surest first, rising to 1.
        accuracy: Of the answers, one per coverage.
        aurc: Area under the risk-coverage curve: the mean error over all coverages, 0..1, lower is better.
        aurc_interval: 95 %, bootstrap.
        excess: `aurc` minus the least that any order of these answers could have: what the confidences miss.
    """

    coverage: tuple[Share, ...]
    accuracy: tuple[Share, ...]
    aurc: Share
    aurc_interval: tuple[Share, Share]
    excess: Share


class UnsureFigures(Frozen):
    """What a model's limit of confidence does, over the faces that were found.

    Attributes:
        below: The limit: answers of lower confidence count as unsure.
        coverage: Share of answers at or above it.
        accuracy: Of those; None where there are none.
        accuracy_interval: 95 %, Wilson.
        accuracy_unsure: Of the answers below it; None where there are none.
    """

    below: Share
    coverage: Share
    accuracy: Share | None
    accuracy_interval: tuple[Share, Share] | None
    accuracy_unsure: Share | None


def unsure_figures(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], below: float
) -> UnsureFigures:
    """Score a limit of confidence.

    Args:
        probabilities: [N, K], of found faces, N above 0.
        labels: True classes, [N].
        below: The limit.
    """
    sure, right = probabilities.max(axis=1) >= below, probabilities.argmax(axis=1) == labels
    n, hits = int(sure.sum()), int(right[sure].sum())
    return UnsureFigures(
        below=below,
        coverage=n / len(sure),
        accuracy=hits / n if n else None,
        accuracy_interval=wilson_interval(hits, n) if n else None,
        accuracy_unsure=float(right[~sure].mean()) if n < len(sure) else None,
    )


def confidence_limit(confidence: ArrayLike, right: ArrayLike, wanted: float) -> tuple[float, float, float]:
    """The lowest confidence from which on answers are right as often as wanted.

    The limit that answers most faces with at least that accuracy, halfway between two confidences.

    Args:
        confidence: [N], of the predicted class.
        right: Whether the prediction is right, [N].
        wanted: Accuracy, 0..1.

    Returns:
        The limit, the share of answers at or above it, and their accuracy. Where even the surest are not
        right often enough, the limit is 1 and the share 0: every answer is unsure.

    Raises:
        MienError: As `risks`.
    """
    found = 1 - risks(confidence, right)
    falling = np.sort(np.asarray(confidence, np.float64))[::-1]
    n = len(falling)
    # a limit cannot part equal confidences
    ends = np.append(falling[1:] < falling[:-1], True)
    good = np.flatnonzero(ends & (found >= wanted - 1e-12))
    if not len(good):
        return 1.0, 0.0, 0.0
    last = int(good[-1])
    limit = falling[last] if last + 1 == n else (falling[last] + falling[last + 1]) / 2
    return float(limit), (last + 1) / n, float(found[last])


def risks(confidence: ArrayLike, right: ArrayLike) -> NDArray[np.float64]:
    """Share of wrong answers among the 1, 2, ... N surest, [N].

    Faces of equal confidence have no order: their errors are spread evenly, the mean over all orders.

    Args:
        confidence: [N], of the predicted class.
        right: Whether the prediction is right, [N].

    Raises:
        MienError: There are no samples, or lengths differ.
    """
    sure, hit = np.asarray(confidence, np.float64), np.asarray(right, bool)
    if sure.ndim != 1 or sure.shape != hit.shape or not len(sure):
        raise MienError(f"expected confidences [N] and answers [N], got {sure.shape} and {hit.shape}")
    _, place = np.unique(-sure, return_inverse=True)  # 0 is the surest
    wrong = np.bincount(place, weights=~hit) / np.bincount(place)
    n = len(sure)
    return np.cumsum(wrong[np.sort(place)]) / np.arange(1, n + 1)


def aurc(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Area under the risk-coverage curve (Geifman, Uziel and El-Yaniv, ICLR 2019), 0..1.

    Raises:
        MienError: As `risks`.
    """
    return float(risks(confidence, right).mean())


def selective_figures(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], draw: Draw | None = None
) -> SelectiveFigures:
    """The curve and its area.

    Args:
        probabilities: [N, K], of found faces.
        labels: True classes, [N].
        draw: What a resample draws; None draws single samples.

    Raises:
        MienError: There are no samples.
    """
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    curve, n = risks(sure, right), len(labels)
    ends = np.unique(np.ceil(np.linspace(0, n, min(POINTS, n) + 1)[1:]).astype(int))
    area, best = float(curve.mean()), aurc(right.astype(np.float64), right)
    low, high = bootstrap_interval(aurc, sure, right, draw=draw) if n > 1 else (0.0, 1.0)
    return SelectiveFigures(
        coverage=tuple(float(end / n) for end in ends),
        accuracy=tuple(float(1 - curve[end - 1]) for end in ends),
        aurc=area,
        aurc_interval=(low, high),
        excess=max(area - best, 0.0),
    )
