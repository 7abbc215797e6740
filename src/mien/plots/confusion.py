"""Confusion matrix: shares of each true class, with the counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mien.core.errors import MienError


def confusion_figure(confusion: NDArray[np.int64], labels: Sequence[str], title: str = "") -> Figure:
    """Draw a confusion matrix, each row scaled to 100 %.

    Args:
        confusion: Counts, [K, K]; rows are the truth.
        labels: K names.
        title: Above the matrix.

    Raises:
        MienError: The matrix is not K x K.
    """
    k = len(labels)
    if confusion.shape != (k, k):
        raise MienError(f"{k} labels need a confusion matrix [{k}, {k}], got {list(confusion.shape)}")
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    side = 1.6 + 0.72 * k
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(k), labels, rotation=40, ha="right")
    axes.set_yticks(range(k), labels)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(title)
    for row, column in np.ndindex(k, k):
        axes.text(
            column,
            row,
            f"{100 * shares[row, column]:.0f} %\n{confusion[row, column]}",
            ha="center",
            va="center",
            fontsize="small",
            color="white" if shares[row, column] > 0.55 else "black",
        )
    return figure
