"""Calibration: does a confidence of 0.8 mean right four times out of five (Guo et al., ICML 2017)?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import MienError

TEMPERATURE_RANGE = (0.05, 20.0)
"""Where `fit_temperature` looks; data that are always or never right have no finite optimum."""


@dataclass(frozen=True)
class ReliabilityBin:
    """The faces of similar confidence.

    Attributes:
        n: Number of faces.
        confidence: Their mean confidence, 0..1.
        accuracy: Share of them that is right, 0..1.
    """

    n: int
    confidence: float
    accuracy: float


def reliability_bins(probabilities: ArrayLike, labels: ArrayLike, n_bins: int = 15) -> list[ReliabilityBin]:
    """Sort faces by the confidence of the predicted class and cut them into bins of equal mass.

    Faces of equal confidence stay in one bin, so the result does not depend on the order of the samples.

    Args:
        probabilities: [N, K].
        labels: True classes, [N].
        n_bins: Number of bins; there are fewer when confidences repeat or N is smaller.

    Returns:
        Bins of rising confidence; none is empty.

    Raises:
        MienError: There are no samples, or shapes do not fit.
    """
    n, confidence, right = _bin_sums(probabilities, labels, n_bins)
    return [
        ReliabilityBin(int(n_b), float(c / n_b), float(r / n_b))
        for n_b, c, r in zip(n, confidence, right, strict=True)
        if n_b
    ]


def expected_calibration_error(probabilities: ArrayLike, labels: ArrayLike, n_bins: int = 15) -> float:
    """ECE = sum_b n_b / N |accuracy_b - confidence_b| over bins of equal mass, 0..1.

    Args:
        probabilities: [N, K].
        labels: True classes, [N].
        n_bins: Number of bins.

    Raises:
        MienError: As `reliability_bins`.
    """
    n, confidence, right = _bin_sums(probabilities, labels, n_bins)
    return float(np.abs(right - confidence).sum() / n.sum())


def negative_log_likelihood(logits: ArrayLike, labels: ArrayLike, temperature: float = 1.0) -> float:
    """Mean of -log softmax(logits / temperature)[label].

    Args:
        logits: [N, K].
        labels: True classes, [N].
        temperature: Greater than 0.

    Raises:
        MienError: There are no samples, or shapes do not fit.
    """
    scores, truth = _rows(logits, labels)
    return _nll(scores, truth, temperature)


def fit_temperature(logits: ArrayLike, labels: ArrayLike) -> float:
    """The temperature that minimises the negative log-likelihood of softmax(logits / temperature).

    Args:
        logits: [N, K], from data that neither taught nor is reported.
        labels: True classes, [N].

    Returns:
        A number within `TEMPERATURE_RANGE`.

    Raises:
        MienError: There are no samples, or shapes do not fit.
    """
    from scipy.optimize import minimize_scalar

    scores, truth = _rows(logits, labels)
    low, high = np.log(TEMPERATURE_RANGE)
    # Convex in 1 / temperature, so it has one minimum in log temperature too.
    found = minimize_scalar(
        lambda log_t: _nll(scores, truth, float(np.exp(log_t))),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-8},
    )
    return float(np.exp(found.x))


def _nll(scores: NDArray[np.float64], truth: NDArray[np.int64], temperature: float) -> float:
    scaled = scores / temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    log_total = np.log(np.exp(scaled).sum(axis=1))
    return float((log_total - scaled[np.arange(len(truth)), truth]).mean())


def _bin_sums(
    probabilities: ArrayLike, labels: ArrayLike, n_bins: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Faces, sum of confidences and number of right answers per bin, [n_bins] each."""
    scores, truth = _rows(probabilities, labels)
    if n_bins < 1:
        raise MienError(f"calibration needs at least one bin, got {n_bins}")
    confidence = scores.max(axis=1)
    right = scores.argmax(axis=1) == truth
    rank = np.searchsorted(np.sort(confidence), confidence, side="left")  # equal confidences share a rank
    place = rank * n_bins // len(truth)
    return (
        np.bincount(place, minlength=n_bins).astype(np.int64),
        np.bincount(place, weights=confidence, minlength=n_bins).astype(np.float64),
        np.bincount(place, weights=right, minlength=n_bins).astype(np.float64),
    )


def _rows(scores: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    values = np.asarray(scores, dtype=np.float64)
    truth = np.asarray(labels, dtype=np.int64)
    if values.ndim != 2 or truth.shape != values.shape[:1]:
        raise MienError(f"expected scores [N, K] and labels [N], got {values.shape} and {truth.shape}")
    if not len(truth):
        raise MienError("there are no samples to score")
    if truth.min() < 0 or truth.max() >= values.shape[1]:
        raise MienError(f"labels must lie in 0..{values.shape[1] - 1}, got {truth.min()}..{truth.max()}")
    return values, truth
