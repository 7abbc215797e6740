"""Features in the plane, one panel for each checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.palette import label_colors

MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "h", "p")
PANEL_IN = 4.6


def embedding_figure(
    layouts: Mapping[str, NDArray[np.floating]], truth: NDArray[np.int64], labels: Sequence[str]
) -> Figure:
    """Draw layouts side by side, samples in the colour and mark of their class.

    Args:
        layouts: Name of the checkpoint -> [N, 2].
        truth: [N].
        labels: K names.

    Raises:
        MienError: There is no layout.
    """
    if not layouts:
        raise MienError("an embedding figure needs at least one layout")
    n_columns = min(3, len(layouts))
    n_rows = -(-len(layouts) // n_columns)
    figure = Figure(figsize=(PANEL_IN * n_columns, PANEL_IN * n_rows + 0.6), layout="constrained")
    panels = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    colors = label_colors(labels)
    for axes, (name, points) in zip(panels, layouts.items(), strict=False):
        for k, label in enumerate(labels):
            own = points[truth == k]
            if len(own):
                mark = MARKS[k % len(MARKS)]
                axes.scatter(*own.T, s=14, marker=mark, color=colors[label], alpha=0.75, lw=0, label=label)
        axes.set_title(name, fontsize="medium")
        axes.set(xticks=[], yticks=[])
        axes.set_aspect("equal", adjustable="datalim")
    for axes in panels[len(layouts) :]:
        axes.remove()
    handles, names = panels[0].get_legend_handles_labels()
    width = 0.085 * max(map(len, names)) + 0.4  # inches of the longest name with its mark
    figure.legend(
        handles,
        names,
        loc="outside upper center",
        ncols=max(1, min(len(names), int(PANEL_IN * n_columns / width))),
        frameon=False,
        fontsize="small",
        columnspacing=1,
        handletextpad=0.2,
    )
    return figure
