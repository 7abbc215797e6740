"""Histograms of the similarity to each class's vector: its own class (filled) against all others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.palette import label_colors


def similarity_figure(
    edges: NDArray[np.floating], counts: NDArray[np.int64], labels: Sequence[str]
) -> Figure:
    """Draw one panel per vector; each group's bars add up to 100 %.

    Args:
        edges: [bins + 1].
        counts: [K vectors, K classes, bins].
        labels: K names.

    Raises:
        MienError: Names and counts do not fit.
    """
    k = len(labels)
    if counts.shape != (k, k, len(edges) - 1):
        raise MienError(f"{k} labels need counts [{k}, {k}, {len(edges) - 1}], got {list(counts.shape)}")
    n_columns = min(4, k)
    n_rows = -(-k // n_columns)
    figure = Figure(figsize=(3.1 * n_columns, 2.3 * n_rows + 0.4), layout="constrained")
    panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True).ravel()
    colors = label_colors(labels)
    for vector, label in enumerate(labels):
        axes, own = panels[vector], counts[vector, vector]
        others = counts[vector].sum(axis=0) - own
        if own.sum():
            axes.stairs(100 * own / own.sum(), edges, fill=True, color=colors[label], alpha=0.7, label=label)
        if others.sum():
            axes.stairs(100 * others / others.sum(), edges, color="#1b1f24", label="other classes")
        axes.set_title(label, fontsize="medium")
        axes.set_ylabel("% of the group")
        axes.spines[["top", "right"]].set_visible(False)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, fontsize="x-small")
    for axes in panels[k:]:
        axes.remove()
    figure.supxlabel("similarity", fontsize="medium")
    return figure
