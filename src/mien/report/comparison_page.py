"""The page of a comparison."""

from __future__ import annotations

from mien.metrics.comparison import Comparison
from mien.report.comparison_words import gap_words, method_words, p_words, summary, verdict
from mien.report.page import percent, points, render
from mien.report.svg import Bar, interval_chart

COLOR = "#1f77b4"


def comparison_html(comparison: Comparison) -> str:
    """The page as text."""
    runs = comparison.runs
    return render(
        "comparison.html.j2",
        {
            "comparison": comparison,
            "summary": summary(comparison),
            "verdicts": [
                (pair.beyond_chance, verdict(pair, comparison))
                for pair in sorted(comparison.pairs, key=lambda pair: pair.p_adjusted)
            ],
            "method": method_words(comparison),
            "charts": [
                ("Accuracy", interval_chart(
                    [Bar(r.name, r.accuracy, r.accuracy_interval, COLOR, percent(r.accuracy)) for r in runs],
                    "Accuracy of each run with its 95 % interval",
                )),
                ("UAR (mean recall)", interval_chart(
                    [Bar(r.name, r.uar, r.uar_interval, COLOR, percent(r.uar)) for r in runs],
                    "UAR of each run with its 95 % interval",
                )),
            ],
            "matrix": _matrix(comparison),
            "gap_words": gap_words,
            "p_words": p_words,
        },
    )  # fmt: skip


def _matrix(comparison: Comparison) -> list[dict[str, object]]:
    """Accuracy of the row's run minus that of the column's; None on the diagonal and where not compared."""
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for pair in comparison.pairs:
        for sign, place in ((1, (pair.a, pair.b)), (-1, (pair.b, pair.a))):
            ahead = sign * (pair.folds.mean if pair.folds is not None else pair.accuracy.value) > 0
            low, high = sorted((sign * pair.accuracy.low, sign * pair.accuracy.high))
            cells[place] = {
                "value": points(sign * pair.accuracy.value),
                "interval": f"{points(low)} to {points(high)}",
                "kind": ("better" if ahead else "worse") if pair.beyond_chance else "open",
            }
    names = [run.name for run in comparison.runs]
    return [{"name": a, "cells": [cells.get((a, b)) for b in names]} for a in names]
