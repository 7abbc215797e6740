"""What latent features stand for: FDRL's image groups (Figure 3), mean weights of each class (Figure 6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def latent_groups(weights: NDArray[np.floating]) -> list[NDArray[np.int64]]:
    """Samples by the latent feature that weighs most in them.

    Args:
        weights: [N, M].

    Returns:
        For each of the M latents the places of its samples, the heaviest first; may be empty.
    """
    largest = weights.argmax(1)
    groups = []
    for j in range(weights.shape[1]):
        places = np.flatnonzero(largest == j)
        groups.append(places[np.argsort(-weights[places, j], kind="stable")])
    return groups


def group_counts(
    weights: NDArray[np.floating], truth: NDArray[np.int64], n_classes: int
) -> NDArray[np.int64]:
    """How many samples of each class stand in each latent's group.

    Args:
        weights: [N, M].
        truth: [N].
        n_classes: K.

    Returns:
        [M, K].
    """
    return np.array(
        [np.bincount(truth[places], minlength=n_classes) for places in latent_groups(weights)], dtype=np.int64
    )


def class_means(
    values: NDArray[np.floating], truth: NDArray[np.int64], n_classes: int
) -> NDArray[np.float64]:
    """Mean of each column over the samples of each class.

    Args:
        values: [N, M].
        truth: [N].
        n_classes: K.

    Returns:
        [K, M]; NaN for a class without samples.
    """
    out = np.full((n_classes, values.shape[1]), np.nan)
    for k in np.unique(truth):
        out[k] = values[truth == k].mean(axis=0, dtype=np.float64)
    return out
