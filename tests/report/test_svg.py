import xml.etree.ElementTree as ET

import numpy as np
import pytest

from mien.metrics.calibration import ReliabilityBin
from mien.report.svg import Bar, bar_chart, interval_chart, line_chart, reliability_diagram, stacked_area, tag


def parsed(markup):
    return ET.fromstring(str(markup))


def test_tag_escapes_everything():
    assert str(tag("text", "<b>&", data_x='"')) == '<text data-x="&#34;">&lt;b&gt;&amp;</text>'
    assert str(tag("g", tag("path"), class_="a")) == '<g class="a"><path></path></g>'


def test_bars_are_as_long_as_their_shares():
    bars = [Bar("anger", 0.5, (0.4, 0.6), "#111111", "half"), Bar("fear", None, None, "#222222", "none")]
    chart = parsed(bar_chart(bars, "Recall"))

    (bar,) = chart.findall("rect")
    assert float(bar.get("width")) == pytest.approx((720 - 110 - 150) / 2)
    assert [t.text for t in chart.findall("text") if t.get("class") == "name"] == ["anger", "fear"]
    assert len([line for line in chart.findall("line") if line.get("class") == "whisker"]) == 3


def test_reliability_points_lie_where_they_should():
    chart = parsed(reliability_diagram([ReliabilityBin(10, 0.5, 1.0), ReliabilityBin(10, 1.0, 0.5)], "title"))
    points = [(float(c.get("cx")), float(c.get("cy"))) for c in chart.findall("circle")]
    assert points == [(70 + 150, 10), (70 + 300, 10 + 150)]


def test_lines_run_from_edge_to_edge():
    chart = parsed(line_chart([12, 24, 48], [("accuracy", [0.0, 0.5, 1.0]), ("UAR", [0, 0, 0])], "size (px)"))
    first, second = chart.findall("polyline")
    assert first.get("points") == "48.0,180.0 131.3,95.0 298.0,10.0"
    assert second.get("class") == "line second"


def test_line_of_one_value_is_drawn():
    assert parsed(line_chart([3], [("accuracy", [0.5])], "x")).find("circle") is not None


def test_stacked_area_fills_the_height_and_leaves_gaps():
    times = np.array([0.0, 1.0, 3.0])
    shares = np.array([[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]])
    chart = parsed(stacked_area(times, shares, [slice(0, 2), slice(2, 3)], 4.0, ["#111111", "#222222"]))
    shapes = [
        [tuple(map(float, pair.split(","))) for pair in polygon.get("points").split()]
        for polygon in chart.findall("polygon")
    ]

    assert len(shapes) == 4  # two layers in two runs
    assert shapes[0] == [(0, 75), (250, 50), (250, 100), (0, 100)]
    assert shapes[1] == [(0, 0), (250, 0), (250, 50), (0, 75)]
    lone = [x for x, _ in shapes[2]]
    assert min(lone) < 750 < max(lone)
    assert max(lone) - min(lone) < 5


def test_intervals_lie_on_an_axis_cut_to_them():
    rows = [Bar("a", 0.62, (0.61, 0.634), "#111111", "62 %"), Bar("b", 0.65, None, "#222222", "65 %")]
    chart = parsed(interval_chart(rows, "Accuracy"))
    ticks = [
        t.text for t in chart.findall("text") if t.text.endswith(" %") and t.get("text-anchor") == "middle"
    ]
    assert ticks == ["61 %", "62 %", "63 %", "64 %", "65 %"]
    places = [float(c.get("cx")) for c in chart.findall("circle")]
    assert places == [pytest.approx(22 + 0.25 * 396), pytest.approx(22 + 396)]
    alone = parsed(interval_chart([Bar("a", 0.5, (0.5, 0.5), "#111111", "")], "one"))
    assert float(alone.find("circle").get("cx")) == pytest.approx(22)
