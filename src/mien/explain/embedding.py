"""Features laid out in the plane: t-SNE (van der Maaten and Hinton, 2008) and UMAP (McInnes et al., 2018)."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError

Reducer = Literal["tsne", "umap"]
MIN_SAMPLES = 5


def to_plane(features: NDArray[np.floating], how: Reducer = "tsne", seed: int = 0) -> NDArray[np.float32]:
    """Lay features out so that near ones stay near.

    Args:
        features: [N, D].
        how: ``tsne`` or ``umap``.
        seed: Same seed, same layout on one machine.

    Returns:
        [N, 2]; distances between far groups mean nothing, and neither do the axes.

    Raises:
        MienError: Too few samples, features that do not differ, another method, or UMAP is not installed.
    """
    if how not in ("tsne", "umap"):
        raise MienError(f"unknown layout {how!r} (known: tsne, umap)")
    if len(features) < MIN_SAMPLES:
        raise MienError(f"a layout needs at least {MIN_SAMPLES} samples, got {len(features)}")
    if not np.isfinite(features).all() or np.ptp(features, axis=0).max() == 0:
        raise MienError("these features are all the same or not finite, so there is nothing to lay out")
    points = _tsne(features, seed) if how == "tsne" else _umap(features, seed)
    return np.asarray(points, dtype=np.float32)


def _tsne(features: NDArray[np.floating], seed: int) -> NDArray[np.floating]:
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(features) - 1) / 3)
    start = "pca" if min(features.shape) >= 2 else "random"
    return TSNE(2, perplexity=perplexity, init=start, random_state=seed).fit_transform(
        np.asarray(features, np.float32)
    )


def _umap(features: NDArray[np.floating], seed: int) -> NDArray[np.floating]:
    with warnings.catch_warnings():  # of its own threads, which a seed turns off
        warnings.simplefilter("ignore")
        try:
            from umap import UMAP
        except ImportError as error:
            raise MienError("UMAP needs umap-learn: pip install 'mien[umap]', or take tsne") from error
        n_neighbors = min(15, len(features) - 1)
        return UMAP(n_neighbors=n_neighbors, init="pca", random_state=seed).fit_transform(features)
