"""A matrix of one value per class and column, such as FDRL's mean Intra-W (its Figure 6)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mien.core.errors import MienError


def class_values_figure(
    values: NDArray[np.floating], labels: Sequence[str], columns: Sequence[str], title: str = ""
) -> Figure:
    """Draw a matrix with its values; classes without samples are grey.

    Args:
        values: [K, M]; NaN where there is none.
        labels: K names.
        columns: M names.
        title: Of the colour scale.

    Raises:
        MienError: Names and matrix do not fit, or it holds no value.
    """
    if values.shape != (len(labels), len(columns)) or not np.isfinite(values).any():
        raise MienError(f"{len(labels)} x {len(columns)} values are needed, got {list(values.shape)}")
    figure = Figure(figsize=(2.4 + 0.68 * len(columns), 1.2 + 0.42 * len(labels)), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor("#d8dadc")
    shown = axes.imshow(np.ma.masked_invalid(values), cmap="Blues", aspect="auto")
    figure.colorbar(shown, ax=axes, label=title)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(labels)), labels)
    dark = 0.5 * (np.nanmin(values) + np.nanmax(values))
    for row, column in np.ndindex(values.shape):
        value = values[row, column]
        if np.isfinite(value):
            ink = "white" if value > dark else "black"
            axes.text(column, row, f"{value:.3g}", ha="center", va="center", fontsize="x-small", color=ink)
    return figure
