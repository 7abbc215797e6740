"""Curves over one quantity: sweeps of a parameter, schedules, functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mien.core.errors import MienError
from mien.plots.robustness import STYLES


@dataclass(frozen=True)
class Curve:
    """One line.

    Attributes:
        name: In the legend.
        x: Places.
        y: Values.
        low: Lower ends of the intervals of `y`; empty for none.
        high: Upper ends.
        right: Whether it is read on the axis at the right.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    right: bool = False


def lines_figure(
    curves: Sequence[Curve], xlabel: str, ylabel: str, right_label: str = "", marks: bool = True
) -> Figure:
    """Draw curves that differ in colour, dashes and marks.

    Args:
        curves: At least one.
        xlabel: With the unit.
        ylabel: With the unit.
        right_label: Of the axis at the right, with the unit.
        marks: Whether the points themselves are drawn.

    Raises:
        MienError: There is no curve.
    """
    if not curves:
        raise MienError("a figure of curves needs at least one curve")
    figure = Figure(figsize=(5.6, 3.7), layout="constrained")
    left = figure.subplots()
    right = left.twinx() if any(curve.right for curve in curves) else None
    for i, curve in enumerate(curves):
        colour, dashes, mark = STYLES[i % len(STYLES)]
        axes: Axes = right if curve.right and right is not None else left
        axes.plot(
            curve.x,
            curve.y,
            dashes,
            color=colour,
            marker=mark if marks else "",
            markersize=4.5,
            label=curve.name + (" (right)" if curve.right else ""),
        )
        if len(curve.low):
            axes.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)
    left.set_xlabel(xlabel)
    left.set_ylabel(ylabel)
    left.grid(alpha=0.25)
    left.spines["top"].set_visible(False)
    if right is None:
        left.spines["right"].set_visible(False)
    else:
        right.set_ylabel(right_label)
        right.spines["top"].set_visible(False)
    handles = [line for axes in (left, right) if axes is not None for line in axes.get_lines()]
    left.legend(handles=handles, frameon=False, fontsize="small")
    return figure
