"""Bars or points side by side: published beside measured, or pictures of each class."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mien.core.errors import MienError

Values = Sequence[float | None]

COLORS = ("#b9bcbe", "#0f6a9e", "#c93b12")
"""Light, middle and dark also without colours."""
HATCHES = ("", "", "//")
MARKERS = ("D", "o", "^")


@dataclass(frozen=True)
class BarPanel:
    """One group of bars.

    Attributes:
        title: Above it.
        names: One a place on the axis.
        series: Name -> a value a place; None leaves the place empty.
        intervals: Name -> (low, high) a place, or None.
    """

    title: str
    names: Sequence[str]
    series: Mapping[str, Values]
    intervals: Mapping[str, Sequence[tuple[float, float] | None]] = field(default_factory=dict)


def bars_figure(panels: Sequence[BarPanel], ylabel: str, from_zero: bool = True) -> Figure:
    """Draw panels of upright bars, or of points, with the same axis of values.

    Args:
        panels: At least one, none without places.
        ylabel: With the unit.
        from_zero: Draw bars, from zero up. Else points on an axis that begins a little below the least value:
            the length of a cut bar would mislead, the place of a point does not.

    Raises:
        MienError: There is nothing to draw.
    """
    values = [v for p in panels for series in p.series.values() for v in series if v is not None]
    if not values:
        raise MienError("a figure of bars needs at least one value")
    n_columns = min(2, len(panels))
    n_rows = math.ceil(len(panels) / n_columns)
    widest = max(len(panel.names) for panel in panels)
    figure = Figure(figsize=(max(4.2, 1.6 + 0.62 * widest) * n_columns, 3.4 * n_rows), layout="constrained")
    axes = list(figure.subplots(n_rows, n_columns, squeeze=False, sharey=True).flat)
    for place, panel in zip(axes, panels, strict=False):
        _draw(place, panel, as_bars=from_zero)
        place.set_ylabel(ylabel)
    for spare in axes[len(panels) :]:
        spare.remove()
    lows = [low for p in panels for some in p.intervals.values() for low in (i[0] for i in some if i)]
    if not from_zero:
        least, most = min([*values, *lows]), max(values)
        axes[0].set_ylim(bottom=max(0.0, least - 0.35 * max(most - least, 0.05 * most)))
    n = len(panels[0].series)
    if n > 1:
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper right", ncols=n, frameon=False, fontsize="small")
    return figure


def _draw(axes: Axes, panel: BarPanel, as_bars: bool) -> None:
    n = len(panel.series)
    width = 0.8 / n
    for i, (name, values) in enumerate(panel.series.items()):
        places = [k + (i - (n - 1) / 2) * width for k in range(len(values))]
        drawn = [(x, v) for x, v in zip(places, values, strict=True) if v is not None]
        xs, heights = [x for x, _ in drawn], [v for _, v in drawn]
        look = i % len(COLORS)
        if as_bars:
            axes.bar(
                xs,
                heights,
                width * 0.94,
                color=COLORS[look],
                hatch=HATCHES[look],
                edgecolor="white",
                label=name,
            )
        else:
            axes.scatter(xs, heights, 36, color=COLORS[look], marker=MARKERS[look], zorder=3, label=name)
        for x, value, interval in zip(places, values, panel.intervals.get(name, ()), strict=False):
            if value is not None and interval is not None:
                axes.vlines(x, *interval, color="black", linewidth=1)
    axes.set_xticks(range(len(panel.names)), panel.names, rotation=40, ha="right", fontsize="small")
    axes.set_title(panel.title, fontsize="medium")
    axes.grid(axis="y", alpha=0.25)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
