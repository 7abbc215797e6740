from __future__ import annotations

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.plots.bars import BarPanel, bars_figure
from mien.plots.lines import Curve, lines_figure
from mien.plots.matrices import MatrixPanel, matrices_figure
from mien.plots.pictures import depth_figure, maps_figure, pictures_figure


def test_bars_leave_what_is_not_known_empty() -> None:
    panel = BarPanel(
        "a", ["x", "y"], {"published": [80.0, None], "measured": [70.0, 75.0]}, {"measured": [(68, 72), None]}
    )
    figure = bars_figure([panel, panel, panel], "%", from_zero=False)
    assert len(figure.axes) == 3
    assert [len(points.get_offsets()) for points in figure.axes[0].collections[:1]] == [1]
    assert len(figure.axes[0].patches) == 0, "a bar that does not begin at zero would mislead"
    assert len(bars_figure([panel], "%").axes[0].patches) == 3
    assert figure.axes[0].get_ylim()[0] < 68
    assert figure.axes[0].get_ylabel() == "%"
    with pytest.raises(MienError, match="at least one value"):
        bars_figure([BarPanel("a", ["x"], {"published": [None]})], "%")


def test_curves_have_units_and_a_second_axis() -> None:
    curves = [Curve("a", [1, 2], [3, 4], [2, 3], [4, 5]), Curve("b", [1, 2], [1, 16], right=True)]
    figure = lines_figure(curves, "kernel (pixels)", "accuracy (%)", "coverage (times)")
    left, right = figure.axes
    assert (left.get_xlabel(), left.get_ylabel(), right.get_ylabel()) == (
        "kernel (pixels)", "accuracy (%)", "coverage (times)",
    )  # fmt: skip
    assert len(left.get_legend().get_texts()) == 2
    with pytest.raises(MienError):
        lines_figure([], "x", "y")


def test_matrices_stand_side_by_side_and_unknown_cells_stay_empty() -> None:
    shares = np.array([[90.0, 10.0], [np.nan, np.nan]])
    figure = matrices_figure([MatrixPanel("published", ["a", "b_c"], shares)] * 3)
    assert len(figure.axes) == 3
    assert [text.get_text() for text in figure.axes[0].texts] == ["90.0", "10.0"]
    assert figure.axes[0].get_xticklabels()[1].get_text() == "b c"
    with pytest.raises(MienError, match="need a matrix"):
        matrices_figure([MatrixPanel("m", ["a"], shares)])


def test_pictures_maps_and_depth() -> None:
    grey = np.zeros((4, 4), np.uint8)
    assert len(pictures_figure({"a": grey, "b": grey}, n_columns=1).axes) == 2
    figure = maps_figure({"m": np.arange(6.0).reshape(2, 3), "large": np.ones((20, 20))}, "windows")
    assert [t.get_text() for t in figure.axes[0].texts] == ["0", "1", "2", "3", "4", "5"]
    assert list(figure.axes[1].texts) == []
    assert depth_figure(grey, np.full((4, 4), 600.0)).axes[2].get_ylabel() == "mm"
    with pytest.raises(MienError):
        pictures_figure({})
    with pytest.raises(MienError):
        maps_figure({}, "")
