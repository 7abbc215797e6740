"""Robustness curves: how a score falls as pictures get smaller, blurred, turned..."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from matplotlib.figure import Figure

from mien.core.errors import MienError
from mien.metrics.report import RobustnessCurve

# The sets of up to five models stay apart in colour, in dashes and in marks.
STYLES = (
    ("#0f6a9e", "-", "o"),
    ("#c93b12", "--", "s"),
    ("#7b9e6b", "-.", "^"),
    ("#8879fb", ":", "D"),
    ("#909395", "-", "v"),
)


def robustness_figure(
    models: Mapping[str, Sequence[RobustnessCurve]], score: Literal["accuracy", "uar"] = "accuracy"
) -> Figure:
    """Draw one panel per kind of disturbance, one line per model.

    Args:
        models: Curves by the model's name.
        score: What is drawn.

    Raises:
        MienError: There is no curve.
    """
    kinds = list(dict.fromkeys(curve.kind for curves in models.values() for curve in curves))
    if not kinds:
        raise MienError("a robustness figure needs at least one curve")
    n_columns = min(3, len(kinds))
    n_rows = math.ceil(len(kinds) / n_columns)
    figure = Figure(figsize=(3.6 * n_columns, 2.9 * n_rows), layout="constrained")
    panels = figure.subplots(n_rows, n_columns, squeeze=False).flat
    for panel, kind in zip(panels, kinds, strict=False):
        for (name, curves), (color, dash, mark) in zip(models.items(), _styles(len(models)), strict=True):
            for curve in (c for c in curves if c.kind == kind):
                values = [100 * v for v in getattr(curve, score)]
                panel.plot(
                    curve.values, values, color=color, linestyle=dash, marker=mark, markersize=4, label=name
                )
                panel.set_xlabel(f"{kind} ({curve.unit})" if curve.unit else kind)
        panel.set_ylim(0, 100)
        panel.set_ylabel("accuracy (%)" if score == "accuracy" else "UAR (%)")
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    for panel in list(figure.axes)[len(kinds) :]:
        panel.remove()
    figure.axes[0].legend(frameon=False, fontsize="small", loc="lower left")
    return figure


def _styles(n: int) -> list[tuple[str, str, str]]:
    return [STYLES[i % len(STYLES)] for i in range(n)]
