"""Charts as inline SVG, by small pure functions. The page's CSS colours axes and lines, light or dark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from mien.metrics.calibration import ReliabilityBin
from mien.metrics.intervals import wilson_interval


def tag(name: str, *children: str, **attributes: object) -> Markup:
    """One element; texts and attribute values are escaped, ``_`` in attribute names becomes ``-``.

    A trailing ``_`` in an attribute's name is dropped (``class_``).
    """
    pairs = (
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"' for key, value in attributes.items()
    )
    return Markup(f"<{name}{''.join(pairs)}>{Markup('').join(children)}</{name}>")


@dataclass(frozen=True)
class Bar:
    """One bar of a share, with its interval.

    Attributes:
        label: At its left.
        value: 0..1; None draws no bar.
        interval: Lower and upper end, drawn as a whisker.
        color: Fill.
        note: At its right.
    """

    label: str
    value: float | None
    interval: tuple[float, float] | None
    color: str
    note: str


def bar_chart(bars: Sequence[Bar], title: str) -> Markup:
    """Horizontal bars of shares on an axis from 0 to 100 %."""
    left, right, row, width = 110, 150, 30, 720
    span, bottom = width - left - right, row * len(bars)

    def x(share: float) -> float:
        return left + share * span

    grid = [
        _vertical(x(s), 0, bottom, "grid") + _label(x(s), bottom + 16, f"{100 * s:.0f} %")
        for s in _quarters()
    ]
    drawn = []
    for i, bar in enumerate(bars):
        middle = i * row + row / 2
        drawn.append(_label(left - 10, middle + 4, bar.label, anchor="end", class_="name"))
        if bar.value is not None:
            drawn.append(
                tag("rect", x=left, y=middle - 9, width=bar.value * span, height=18, rx=2, fill=bar.color)
            )
        if bar.interval is not None:
            drawn.append(_whisker(x(bar.interval[0]), x(bar.interval[1]), middle))
        drawn.append(_label(width - right + 12, middle + 4, bar.note, anchor="start"))
    return _chart(width, bottom + 24, title, grid + drawn)


def interval_chart(rows: Sequence[Bar], title: str) -> Markup:
    """Shares as points with their intervals, each under its name, on an axis cut to where they lie."""
    edge, row, width = 8, 46, 440
    ends = [end for bar in rows for end in (bar.interval or ())] + [
        b.value for b in rows if b.value is not None
    ]
    ticks = _ticks(min(ends, default=0.0), max(ends, default=1.0))
    bottom = row * len(rows) + 6

    def x(share: float) -> float:
        return edge + 14 + (share - ticks[0]) / (ticks[-1] - ticks[0]) * (width - 2 * edge - 28)

    parts = [
        _vertical(x(t), 0, bottom, "grid") + _label(x(t), bottom + 16, f"{100 * t:.4g} %") for t in ticks
    ]
    for i, bar in enumerate(rows):
        text, line = i * row + 18, i * row + 34
        parts.append(_label(edge, text, bar.label, anchor="start", class_="name"))
        parts.append(_label(width - edge, text, bar.note, anchor="end"))
        if bar.interval is not None:
            parts.append(_whisker(x(bar.interval[0]), x(bar.interval[1]), line))
        if bar.value is not None:
            parts.append(tag("circle", cx=x(bar.value), cy=line, r=5, fill=bar.color))
    return _chart(width, bottom + 24, title, parts)


def reliability_diagram(bins: Sequence[ReliabilityBin], title: str) -> Markup:
    """Accuracy against confidence with the diagonal of perfect calibration and 95 % intervals (Wilson)."""
    left, top, side = 70, 10, 300
    parts = _square_axes(left, top, side, "confidence", "accuracy")
    parts.append(tag("line", x1=left, y1=top + side, x2=left + side, y2=top, class_="ideal"))
    points = []
    for b in bins:
        px, py = left + b.confidence * side, top + (1 - b.accuracy) * side
        low, high = wilson_interval(b.accuracy * b.n, b.n)
        parts.append(_vertical(px, top + (1 - high) * side, top + (1 - low) * side, "whisker"))
        said = tag(
            "title", f"{b.n} faces: confidence {100 * b.confidence:.1f} %, right {100 * b.accuracy:.1f} %"
        )
        points.append(tag("circle", said, cx=px, cy=py, r=4.5, class_="point"))
    path = " ".join(f"{left + b.confidence * side:.1f},{top + (1 - b.accuracy) * side:.1f}" for b in bins)
    parts.append(tag("polyline", points=path, class_="line"))
    return _chart(left + side + 26, top + side + 48, title, parts + points)


def line_chart(values: Sequence[float], lines: Sequence[tuple[str, Sequence[float]]], x_name: str) -> Markup:
    """Shares (0..1) against a quantity; the first line is drawn solid, the others dashed."""
    left, top, width, height = 48, 10, 250, 170
    lowest, highest = min(values), max(values)
    reach = (highest - lowest) or 1.0

    def place(value: float, share: float) -> tuple[float, float]:
        return left + (value - lowest) / reach * width, top + (1 - share) * height

    parts: list[Markup] = []
    for share in _quarters():
        y = top + (1 - share) * height
        parts.append(tag("line", x1=left, x2=left + width, y1=y, y2=y, class_="grid"))
        parts.append(_label(left - 6, y + 4, f"{100 * share:.0f} %", anchor="end"))
    for value in _few(values):
        parts.append(_label(place(value, 0)[0], top + height + 18, f"{value:g}"))
    parts.append(_label(left + width / 2, top + height + 38, x_name))
    for i, (name, shares) in enumerate(lines):
        ends = [place(v, s) for v, s in zip(values, shares, strict=True)]
        style = "line" if i == 0 else "line second"
        parts.append(tag("polyline", points=" ".join(f"{px:.1f},{py:.1f}" for px, py in ends), class_=style))
        for (px, py), v, s in zip(ends, values, shares, strict=True):
            said = tag("title", f"{name} at {v:g}: {100 * s:.1f} %")
            parts.append(
                tag("circle", said, cx=px, cy=py, r=3.5, class_="point" if i == 0 else "point second")
            )
    return _chart(
        left + width + 16, top + height + 46, f"{' and '.join(n for n, _ in lines)} against {x_name}", parts
    )


def stacked_area(
    times: NDArray[np.float64],
    shares: NDArray[np.float64],
    runs: Sequence[slice],
    end: float,
    colors: Sequence[str],
) -> Markup:
    """Shares that add up to 1, stacked over time; stretches to the size of its box.

    Args:
        times: [P] seconds, rising.
        shares: [P, K].
        runs: Stretches of points without a gap between them; between two runs nothing is drawn.
        end: The right edge in seconds; the left edge is 0.
        colors: K colours, the lowest layer first.
    """
    width, height = 1000.0, 100.0
    tops = height * (1 - np.cumsum(shares, axis=1))
    layers = []
    for run in runs:
        x = times[run] * width / max(end, 1e-9)
        if len(x) == 1:  # a lone moment still shows, as a hair line
            x = np.array([x[0] - 0.8, x[0] + 0.8])
        below = np.full(len(x), height)
        for k, color in enumerate(colors):
            above = np.broadcast_to(tops[run, k], x.shape)
            outline = zip(np.append(x, x[::-1]), np.append(above, below[::-1]), strict=True)
            layers.append(tag("polygon", points=" ".join(f"{a:.1f},{b:.1f}" for a, b in outline), fill=color))
            below = above
    return tag(
        "svg",
        *layers,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def _chart(width: float, height: float, title: str, parts: Iterable[Markup]) -> Markup:
    return tag(
        "svg",
        tag("title", title),
        *parts,
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        class_="chart-svg",
        style=f"max-width:{width:g}px",
    )


def _square_axes(left: float, top: float, side: float, x_name: str, y_name: str) -> list[Markup]:
    parts = [tag("rect", x=left, y=top, width=side, height=side, class_="frame")]
    for share in _quarters():
        x, y = left + share * side, top + (1 - share) * side
        parts += [
            _vertical(x, top, top + side, "grid"),
            tag("line", x1=left, x2=left + side, y1=y, y2=y, class_="grid"),
            _label(x, top + side + 18, f"{100 * share:.0f} %"),
            _label(left - 6, y + 4, f"{100 * share:.0f} %", anchor="end"),
        ]
    parts.append(_label(left + side / 2, top + side + 38, x_name))
    middle = top + side / 2
    parts.append(_label(14, middle, y_name, transform=f"rotate(-90 14 {middle:g})"))
    return parts


def _whisker(low: float, high: float, y: float) -> Markup:
    ends = [_vertical(x, y - 4, y + 4, "whisker") for x in (low, high)]
    return Markup("").join([tag("line", x1=low, x2=high, y1=y, y2=y, class_="whisker"), *ends])


def _vertical(x: float, y1: float, y2: float, class_: str) -> Markup:
    return tag("line", x1=x, x2=x, y1=y1, y2=y2, class_=class_)


def _label(x: float, y: float, text: str, anchor: str = "middle", **attributes: object) -> Markup:
    return tag("text", text, x=x, y=y, text_anchor=anchor, **attributes)


def _quarters() -> tuple[float, ...]:
    return (0.0, 0.25, 0.5, 0.75, 1.0)


def _ticks(low: float, high: float) -> list[float]:
    """Round shares from below `low` to above `high`, at most seven, at least two."""
    step = next((s for s in (0.005, 0.01, 0.02, 0.05, 0.1) if high - low <= 5 * s), 0.2)
    first, last = int(np.floor(low / step)), int(np.ceil(high / step))
    return [round(i * step, 6) for i in range(first, max(last, first + 1) + 1)]


def _few(values: Sequence[float], most: int = 7) -> Sequence[float]:
    """At most about `most` of the values, evenly picked, both ends among them."""
    if len(values) <= most:
        return values
    return [values[i] for i in np.linspace(0, len(values) - 1, most).round().astype(int)]


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)
