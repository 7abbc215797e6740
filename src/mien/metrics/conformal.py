"""Split conformal prediction: sets of labels that hold the truth as often as they promise.

Samples that neither taught the model nor are reported set one threshold; a new sample's set holds every
label whose score does not exceed it. If the new samples are like those, the truth is in the set with a
probability of at least 1 - alpha, whatever the model (Vovk, Gammerman and Shafer, Algorithmic Learning in a
Random World, 2005).
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from mien.core.errors import MienError
from mien.core.specs import Frozen
from mien.metrics.intervals import Draw, bootstrap_interval, wilson_interval

Share = Annotated[float, Field(ge=0, le=1)]
Score = Literal["lac", "aps"]


class ConformalFigures(Frozen):
    """What the sets of one score are worth on the reported samples, over the faces that were found.

    Attributes:
        score: ``lac`` or ``aps``, see `label_scores`.
        alpha: The sets promise to hold the truth with a probability of at least 1 - alpha.
        calibrated_on: The samples that set the threshold, in words.
        n_calibration: How many there were.
        threshold: Of the scores; None where there were too few, so that every set holds all labels.
        n: Reported samples.
        coverage: Share of them whose set holds the truth.
        coverage_interval: 95 %.
        mean_size: Labels in a set.
        sizes: Number of sets with 0, 1, ... K labels, [K + 1].
        class_coverage: Coverage of each true class; None for a class without samples.
    """

    score: Score
    alpha: Share
    calibrated_on: str
    n_calibration: int
    threshold: float | None
    n: int
    coverage: Share
    coverage_interval: tuple[Share, Share]
    mean_size: float
    sizes: tuple[int, ...]
    class_coverage: tuple[Share | None, ...]


def label_scores(probabilities: ArrayLike, score: Score, seed: int = 0) -> NDArray[np.float64]:
    """How ill each label fits each sample, [N, K]; lower fits better.

    ``lac`` (Sadinle, Lei and Wasserman, JASA 114, 2019): 1 - p, the smallest sets on average. ``aps``
    (Romano, Sesia and Candes, NeurIPS 2020): the probability of all likelier labels and a random part of its
    own, so that sets grow with the doubt about a sample.

    Args:
        probabilities: [N, K].
        score: Which one.
        seed: Of the random parts; same seed, same sets.

    Raises:
        MienError: They are no probabilities.
    """
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 2 or not np.all((p >= 0) & (p <= 1 + 1e-6)):
        raise MienError("conformal sets need probabilities [N, K] of found faces, each in 0..1")
    if score == "lac":
        return 1 - p
    order = np.argsort(-p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=1)
    part = np.random.default_rng(seed).random((len(p), 1))
    scores = np.empty_like(p)
    np.put_along_axis(scores, order, np.cumsum(ranked, axis=1) - ranked + part * ranked, axis=1)
    return scores


def threshold_of(scores: ArrayLike, alpha: float) -> float:
    """The ceil((n + 1)(1 - alpha))-th smallest score of the truths of n calibration samples.

    Args:
        scores: [n].
        alpha: Between 0 and 1, exclusive.

    Returns:
        Infinity where there are too few samples for this alpha.

    Raises:
        MienError: There are no samples, or alpha is out of range.
    """
    s = np.sort(np.asarray(scores, np.float64))
    if not len(s) or not 0 < alpha < 1:
        raise MienError(
            f"conformal sets need calibration samples and 0 < alpha < 1, got {len(s)} and {alpha}"
        )
    rank = int(np.ceil((len(s) + 1) * (1 - alpha) - 1e-9))  # 0.9 * 10 is 9, not a bit more
    return float(s[rank - 1]) if rank <= len(s) else float("inf")


def conformal_figures(
    calibration: tuple[NDArray[np.float64], NDArray[np.int64]],
    reported: tuple[NDArray[np.float64], NDArray[np.int64]],
    score: Score,
    calibrated_on: str,
    alpha: float = 0.1,
    seed: int = 0,
    draw: Draw | None = None,
) -> ConformalFigures:
    """Set the threshold on some samples, and report the sets of others.

    Args:
        calibration: Probabilities [n, K] and true classes [n] of samples that are not reported.
        reported: The same of those that are.
        score: See `label_scores`.
        calibrated_on: The calibration samples in words.
        alpha: How often a set may miss the truth.
        seed: Of the random parts of ``aps``.
        draw: What a resample draws for the interval; None takes samples for independent.

    Raises:
        MienError: One part has no samples, or alpha is out of range.
    """
    (known, truth), (scores, y) = calibration, reported
    if not len(y):
        raise MienError("there are no samples to make sets for")
    threshold = threshold_of(label_scores(known, score, seed)[np.arange(len(truth)), truth], alpha)
    # another seed: the reported samples' random parts must have nothing to do with the calibration's
    sets = label_scores(scores, score, seed + 1) <= threshold
    covered, sizes = sets[np.arange(len(y)), y], sets.sum(axis=1)
    n, hits = np.bincount(y, minlength=scores.shape[1]), np.bincount(y[covered], minlength=scores.shape[1])
    return ConformalFigures(
        score=score,
        alpha=alpha,
        calibrated_on=calibrated_on,
        n_calibration=len(truth),
        threshold=None if np.isinf(threshold) else threshold,
        n=len(y),
        coverage=float(covered.mean()),
        coverage_interval=wilson_interval(int(covered.sum()), len(y))
        if draw is None
        else bootstrap_interval(lambda c: float(c.mean()), covered, draw=draw),
        mean_size=float(sizes.mean()),
        sizes=tuple(np.bincount(sizes, minlength=scores.shape[1] + 1).tolist()),
        class_coverage=tuple(float(h / m) if m else None for h, m in zip(hits, n, strict=True)),
    )
