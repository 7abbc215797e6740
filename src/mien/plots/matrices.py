"""Confusion matrices side by side, published beside measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mien.core.errors import MienError


@dataclass(frozen=True)
class MatrixPanel:
    """One matrix.

    Attributes:
        title: Above it.
        labels: K names.
        shares: Per cent of each true class, [K, K]; rows are the truth; NaN for a cell that is not known.
    """

    title: str
    labels: Sequence[str]
    shares: ArrayLike


def matrices_figure(panels: Sequence[MatrixPanel], n_columns: int = 2) -> Figure:
    """Draw matrices in one scale of greys and blues that also reads without colour.

    Args:
        panels: At least one.
        n_columns: Beside one another.

    Raises:
        MienError: There is none, or one is not K x K.
    """
    if not panels:
        raise MienError("a figure of confusion matrices needs at least one")
    n_columns = min(n_columns, len(panels))
    n_rows = math.ceil(len(panels) / n_columns)
    side = 1.5 + 0.56 * max(len(panel.labels) for panel in panels)
    figure = Figure(figsize=(side * n_columns, side * n_rows), layout="constrained")
    axes = list(figure.subplots(n_rows, n_columns, squeeze=False).flat)
    for place, panel in zip(axes, panels, strict=False):
        _draw(place, panel)
    for spare in axes[len(panels) :]:
        spare.remove()
    return figure


def _draw(axes: Axes, panel: MatrixPanel) -> None:
    shares, k = np.asarray(panel.shares, dtype=np.float64), len(panel.labels)
    if shares.shape != (k, k):
        raise MienError(f"{k} labels need a matrix [{k}, {k}], got {list(shares.shape)}")
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    names = [label.replace("_", " ") for label in panel.labels]
    axes.set_xticks(range(k), names, rotation=45, ha="right", fontsize="small")
    axes.set_yticks(range(k), names, fontsize="small")
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(panel.title, fontsize="medium")
    for row, column in np.ndindex(k, k):
        share = shares[row, column]
        if not np.isnan(share):
            axes.text(
                column,
                row,
                f"{share:.1f}",
                ha="center",
                va="center",
                fontsize=7,
                color="white" if share > 55 else "black",
            )
