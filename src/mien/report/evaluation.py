"""The report of `mien evaluate`: one json, one self-contained html page, one csv row per class."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from markupsafe import Markup

from mien.core.palette import label_colors
from mien.metrics.classification import precisions
from mien.metrics.conformal import ConformalFigures
from mien.metrics.predictions import Predictions
from mien.metrics.report import Report
from mien.report.folds import fold_sentence
from mien.report.learning import Learning
from mien.report.mistakes import Mistake
from mien.report.page import percent, render, write_text
from mien.report.svg import Bar, bar_chart, line_chart, reliability_diagram


def write_report(
    report: Report,
    folder: Path,
    predictions: Predictions | None = None,
    *,
    mistakes: Sequence[Mistake] = (),
    learning: Learning | None = None,
) -> list[Path]:
    """Write ``report.json``, ``report.html``, ``report.csv``, and ``groups.csv`` where people are told apart.

    Args:
        report: What to write.
        folder: Is made where it does not exist; earlier reports in it are replaced.
        predictions: What the model said about each sample, for ``predictions.csv``.
        mistakes: Faces for the page's gallery, see `worst_mistakes`.
        learning: How the model learned, see `read_learning`.

    Returns:
        The files.

    Raises:
        MienError: The folder cannot be written.
    """
    texts = {
        "report.json": report.to_json() + "\n",
        "report.html": report_html(report, mistakes, learning),
        "report.csv": report_csv(report),
    }
    if report.demographics:
        texts["groups.csv"] = groups_csv(report)
    if predictions is not None:
        texts["predictions.csv"] = predictions.to_csv()
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]


def report_html(report: Report, mistakes: Sequence[Mistake] = (), learning: Learning | None = None) -> str:
    """The page as text; arguments as `write_report`."""
    calibration = report.calibration
    return render(
        "evaluation.html.j2",
        {
            "report": report,
            "matrix": _matrix_rows(report),
            "recall_bars": bar_chart(_recall_bars(report), "Recall of each class with its 95 % interval"),
            "reliability": reliability_diagram(calibration.bins, "Reliability diagram")
            if calibration
            else None,
            "curves": [
                line_chart(
                    c.values,
                    [("accuracy", c.accuracy), ("UAR", c.uar)],
                    f"{c.kind} ({c.unit})".replace(" ()", ""),
                )
                for c in report.robustness
            ],
            "protocol": protocol_sentences(report),
            "mistakes": mistakes,
            "learning": learning,
            "precisions": [None if np.isnan(p) else float(p) for p in precisions(report.matrix)],
            "selective": _selective_chart(report),
            "worst_covered": lambda sets: _worst_covered(report, sets),
        },
    )


def report_csv(report: Report) -> str:
    """One row per class: support, recall with its interval, precision, F1, and what it was taken for."""
    matrix = report.matrix
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    taken_for = [f"predicted_{name}" for name in report.labels]
    writer.writerow(
        ["label", "n", "n_missed", "recall", "recall_low", "recall_high", "precision", "f1", *taken_for]
    )
    for k, label in enumerate(report.labels):
        low, high = report.intervals.recalls[k] or (None, None)
        n_predicted = int(matrix[:, k].sum())
        precision = float(matrix[k, k] / n_predicted) if n_predicted else None
        figures = (report.recalls[k], low, high, precision, report.f1[k])
        n = int(matrix[k].sum()) + report.missed[k]
        writer.writerow(
            [
                label,
                n,
                report.missed[k],
                *("" if f is None else f"{f:.6f}" for f in figures),
                *matrix[k].tolist(),
            ]
        )
    return out.getvalue()


def groups_csv(report: Report) -> str:
    """One row per group of people."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    ends = ("low", "high")
    figures = [f"{name}{end}" for name in ("accuracy", "uar", "gap") for end in ("", "_low", "_high")]
    writer.writerow(["attribute", "group", "n", "n_subjects", *figures])
    for demographic in report.demographics:
        for group in demographic.groups:
            gap = (
                [None] * 3 if group.gap is None else [group.gap.value, *(getattr(group.gap, e) for e in ends)]
            )
            row = (group.accuracy, *group.accuracy_interval, group.uar, *group.uar_interval, *gap)
            people = "" if group.n_subjects is None else group.n_subjects
            told = [demographic.attribute, group.group, group.n, people]
            writer.writerow([*told, *("" if figure is None else f"{figure:.6f}" for figure in row)])
    return out.getvalue()


def protocol_sentences(report: Report) -> list[str]:
    """What was scored, and what picked the checkpoint, in plain words."""
    protocol = report.protocol
    said = [
        f"Scored on {protocol.split} of {report.data}: {report.n:,} samples"
        + (
            f", in {report.n_missed:,} of which no face was found (each counts as a wrong answer)."
            if report.n_missed
            else "."
        ),
    ]
    if report.selected_on != "unknown":
        said.append(f"The checkpoint was selected on {report.selected_on}.")
    else:
        said.append("What the checkpoint was selected on is not known.")
    if report.folds is not None:
        said.append(fold_sentence(report.folds))
    if protocol.select_on == protocol.report_on:
        said.append(
            "The part that picked the checkpoint is the part that is reported: these figures are too high."
        )
    return said


def _matrix_rows(report: Report) -> list[dict[str, object]]:
    """Rows of the confusion table: shares of all samples of a true class, missed faces included."""
    rows = []
    for label, counts, missed in zip(report.labels, report.confusion, report.missed, strict=True):
        n = sum(counts) + missed
        cells = [(count, count / n if n else 0.0) for count in (*counts, missed)]
        rows.append({"label": label, "n": n, "cells": cells[:-1], "missed": cells[-1]})
    return rows


def _recall_bars(report: Report) -> list[Bar]:
    colors = label_colors(report.labels)
    support = np.add(report.matrix.sum(axis=1), report.missed)
    return [
        Bar(label, recall, interval, colors[label], f"{percent(recall)} of {n:,}" if n else "no samples")
        for label, recall, interval, n in zip(
            report.labels, report.recalls, report.intervals.recalls, support.tolist(), strict=True
        )
    ]


def _selective_chart(report: Report) -> Markup | None:
    """Accuracy of the answers against the share of faces that are answered."""
    figures = report.selective
    if figures is None or len(figures.coverage) < 2:
        return None
    shares = [round(100 * share) for share in figures.coverage]
    return line_chart(shares, [("accuracy", figures.accuracy)], "answered (%)")


def _worst_covered(report: Report, sets: ConformalFigures) -> str:
    """The class whose truth the sets hold least often."""
    known = [(c, label) for c, label in zip(sets.class_coverage, report.labels, strict=True) if c is not None]
    coverage, label = min(known)
    return f"{label} {percent(coverage)}"
