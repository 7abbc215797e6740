"""Variance within and between classes (EMMA, Table 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassVariance:
    """How far points lie apart, in squared units of theirs.

    Attributes:
        intra: Of each class, the mean squared distance to the class's mean; None without samples.
        inter: Mean squared distance of the classes' means to the mean of those; None below two classes.
        n: Samples of each class.
    """

    intra: tuple[float | None, ...]
    inter: float | None
    n: tuple[int, ...]


def class_variance(points: NDArray[np.floating], truth: NDArray[np.int64], n_classes: int) -> ClassVariance:
    """Intra- and inter-class variance, summed over dimensions.

    Every class counts alike between classes, however many samples it has; one without samples is left out.

    Args:
        points: [N, D].
        truth: [N].
        n_classes: K.
    """
    intra: list[float | None] = []
    means, counts = [], []
    for k in range(n_classes):
        own = points[truth == k].astype(np.float64)
        counts.append(len(own))
        if len(own) == 0:
            intra.append(None)
            continue
        means.append(own.mean(axis=0))
        intra.append(float(np.square(own - means[-1]).sum(axis=1).mean()))
    inter = None
    if len(means) > 1:
        centres = np.stack(means)
        inter = float(np.square(centres - centres.mean(axis=0)).sum(axis=1).mean())
    return ClassVariance(tuple(intra), inter, tuple(counts))
