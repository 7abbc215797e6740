"""Pictures and maps in a grid, with titles; numbers in the cells of small maps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mien.core.errors import MienError

_READABLE = 12
"""Maps up to this side have their numbers written in their cells."""


def pictures_figure(
    panels: Mapping[str, NDArray[np.uint8]], n_columns: int = 4, side_inches: float = 2.0
) -> Figure:
    """Draw pictures, each under its title.

    Args:
        panels: Title -> [H, W] grey or [H, W, 3] RGB.
        n_columns: Beside one another.
        side_inches: Of one panel.

    Raises:
        MienError: There is none.
    """
    if not panels:
        raise MienError("a figure of pictures needs at least one")
    n_columns = min(n_columns, len(panels))
    n_rows = math.ceil(len(panels) / n_columns)
    figure = Figure(figsize=(side_inches * n_columns, (side_inches + 0.25) * n_rows), layout="constrained")
    places = list(figure.subplots(n_rows, n_columns, squeeze=False).flat)
    for place, (title, picture) in zip(places, panels.items(), strict=False):
        place.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        place.set_title(title, fontsize="small")
    for place in places:
        place.set_axis_off()
    return figure


def maps_figure(
    panels: Mapping[str, NDArray[np.float64]], unit: str, ticks: Sequence[Sequence[str]] = ()
) -> Figure:
    """Draw maps of numbers side by side, each with its own scale.

    Args:
        panels: Title -> [H, W].
        unit: What the numbers are.
        ticks: Names of the rows and of the columns, the same for all; empty numbers them from 1.

    Raises:
        MienError: There is none.
    """
    if not panels:
        raise MienError("a figure of maps needs at least one")
    figure = Figure(figsize=(4.1 * len(panels), 3.8), layout="constrained")
    places = figure.subplots(1, len(panels), squeeze=False)[0]
    for place, (title, values) in zip(places, panels.items(), strict=True):
        shown = place.imshow(values, cmap="viridis", vmin=0)
        place.set_title(title, fontsize="medium")
        figure.colorbar(shown, ax=place, shrink=0.8, label=unit)
        if max(values.shape) > _READABLE:
            continue
        for axis, n, names in zip("yx", values.shape, ticks or ((), ()), strict=True):
            place.set(**{f"{axis}ticks": range(n), f"{axis}ticklabels": names or range(1, n + 1)})
        for row, column in np.ndindex(values.shape):
            value = values[row, column]
            light = value > 0.6 * values.max()
            place.text(column, row, f"{value:.3g}", ha="center", va="center", fontsize="small",
                       color="black" if light else "white")  # fmt: skip
    return figure


def depth_figure(image: NDArray[np.uint8], depth_mm: NDArray[np.floating]) -> Figure:
    """Draw a picture and the depth that lies on it.

    Args:
        image: [H, W] grey or [H, W, 3] RGB.
        depth_mm: [H, W], 0 where nothing was measured.
    """
    figure = Figure(figsize=(6.8, 3.3), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.imshow(image, cmap="gray", vmin=0, vmax=255)
    left.set_title("picture", fontsize="medium")
    shown = right.imshow(np.where(depth_mm > 0, depth_mm, np.nan), cmap="viridis_r")
    right.set_title("depth", fontsize="medium")
    figure.colorbar(shown, ax=right, shrink=0.8, label="mm")
    for axes in (left, right):
        axes.set_axis_off()
    return figure
