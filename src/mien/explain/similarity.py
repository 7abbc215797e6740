"""How similar samples are to the vector of each class, by the class that they belong to (EMMA's EmoVecs)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SimilarityHistograms:
    """One histogram for each vector and class.

    Attributes:
        edges: [bins + 1], shared by all.
        counts: int64 [K vectors, K classes, bins].
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]


def similarity_histograms(
    similarity: NDArray[np.floating], truth: NDArray[np.int64], n_bins: int = 40
) -> SimilarityHistograms:
    """Count similarities.

    Args:
        similarity: [N, K], to the vector of each class.
        truth: [N].
        n_bins: Between the least and the largest similarity.
    """
    k = similarity.shape[1]
    edges = np.histogram_bin_edges(similarity, n_bins)
    counts = np.zeros((k, k, n_bins), np.int64)
    for vector in range(k):
        for label in np.unique(truth):
            counts[vector, label] = np.histogram(similarity[truth == label, vector], edges)[0]
    return SimilarityHistograms(np.asarray(edges, np.float64), counts)
