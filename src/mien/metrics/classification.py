"""Classification figures, all derived from one confusion matrix.

Rows are the truth, columns the prediction. A face that the detector missed is no column: it is counted per
class in `missed`, and every figure that takes `missed` counts it as a wrong answer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import MienError

MISSED = -1
"""Stands for the prediction where no face was found."""


def confusion(labels: ArrayLike, predictions: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    """Count truth against prediction.

    Args:
        labels: True classes, [N], 0..K-1.
        predictions: Predicted classes, [N], 0..K-1, or `MISSED` (left out here; see `missed_faces`).
        n_classes: K.

    Returns:
        [K, K]; rows are the truth.

    Raises:
        MienError: Lengths differ, or a class lies outside 0..K-1.
    """
    truth, predicted = _checked(labels, predictions, n_classes)
    found = predicted != MISSED
    cells = np.bincount(truth[found] * n_classes + predicted[found], minlength=n_classes * n_classes)
    return cells.reshape(n_classes, n_classes).astype(np.int64)


def missed_faces(labels: ArrayLike, predictions: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    """Number of samples per true class whose prediction is `MISSED`, [K].

    Raises:
        MienError: As `confusion`.
    """
    truth, predicted = _checked(labels, predictions, n_classes)
    return np.bincount(truth[predicted == MISSED], minlength=n_classes).astype(np.int64)


def accuracy(confusion: NDArray[np.int64], missed: NDArray[np.int64] | None = None) -> float:
    """Share of right answers, 0..1.

    Raises:
        MienError: There are no samples.
    """
    return float(np.trace(confusion) / _support(confusion, missed).sum())


def recalls(confusion: NDArray[np.int64], missed: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Share of each true class that was recognised, [K]; NaN for a class without samples.

    Raises:
        MienError: There are no samples.
    """
    support = _support(confusion, missed)
    return _ratio(np.diagonal(confusion), support)


def uar(confusion: NDArray[np.int64], missed: NDArray[np.int64] | None = None) -> float:
    """Unweighted average recall (balanced accuracy): the mean recall over the classes that are present, 0..1.

    Raises:
        MienError: There are no samples.
    """
    return float(np.nanmean(recalls(confusion, missed)))


def f1_scores(confusion: NDArray[np.int64], missed: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """F1 = 2 TP / (2 TP + FP + FN) of each class, [K]; NaN for a class neither present nor predicted.

    Raises:
        MienError: There are no samples.
    """
    support = _support(confusion, missed)
    return _ratio(2 * np.diagonal(confusion), support + confusion.sum(axis=0))


def precisions(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of what was taken for a class that is of it, [K]; NaN for a class never predicted."""
    return _ratio(np.diagonal(confusion), confusion.sum(axis=0))


def matthews(confusion: NDArray[np.int64], missed: NDArray[np.int64] | None = None) -> float:
    """Matthews correlation coefficient of many classes (Gorodkin, Comput. Biol. Chem. 28, 2004), -1..1.

    A missed face counts as an answer that is never right. Where all answers or all truths are one class, the
    quotient is 0 / 0 and the coefficient 0: the answers tell nothing.

    Raises:
        MienError: There are no samples.
    """
    truth = _support(confusion, missed).astype(np.float64)
    n_missed = 0 if missed is None else missed.sum()
    said = np.append(confusion.sum(axis=0), n_missed).astype(np.float64)
    n, hits = truth.sum(), float(np.trace(confusion))
    spread = float((n * n - said @ said) * (n * n - truth @ truth))
    return float((hits * n - truth @ said[:-1]) / np.sqrt(spread)) if spread > 0 else 0.0


def _checked(
    labels: ArrayLike, predictions: ArrayLike, n_classes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    truth = np.asarray(labels, dtype=np.int64)
    predicted = np.asarray(predictions, dtype=np.int64)
    if truth.ndim != 1 or truth.shape != predicted.shape:
        raise MienError(f"expected labels [N] and predictions [N], got {truth.shape} and {predicted.shape}")
    if truth.size and not (0 <= truth.min() and truth.max() < n_classes):
        raise MienError(f"labels must lie in 0..{n_classes - 1}, got {truth.min()}..{truth.max()}")
    if predicted.size and not (predicted.min() >= MISSED and predicted.max() < n_classes):
        raise MienError(
            f"predictions must lie in 0..{n_classes - 1} (or {MISSED}: no face found), "
            f"got {predicted.min()}..{predicted.max()}"
        )
    return truth, predicted


def _support(confusion: NDArray[np.int64], missed: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Samples per true class, missed ones included, [K]."""
    support: NDArray[np.int64] = confusion.sum(axis=1)
    if missed is not None:
        support = support + missed
    if not support.any():
        raise MienError("there are no samples to score")
    return support


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    ratio = np.full(len(whole), np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio
