"""The report of `mien evaluate`: one json, one self-contained html page, one csv row per class."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from mien.core.palette import label_colors
from mien.metrics.predictions import Predictions
from mien.metrics.report import Report
from mien.report.folds import fold_sentence
from mien.report.page import percent, render, write_text
from mien.report.svg import Bar, bar_chart, line_chart, reliability_diagram


def write_report(report: Report, folder: Path, predictions: Predictions | None = None) -> list[Path]:
    """Write ``report.json``, ``report.html``, ``report.csv``, and ``predictions.csv`` where there are some.

    Args:
        report: What to write.
        folder: Is made where it does not exist; earlier reports in it are replaced.
        predictions: What the model said about each sample.

    Returns:
        The files.

    Raises:
        MienError: The folder cannot be written.
    """
    texts = {
        "report.json": report.to_json() + "\n",
        "report.html": report_html(report),
        "report.csv": report_csv(report),
    }
    if predictions is not None:
        texts["predictions.csv"] = predictions.to_csv()
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]


def report_html(report: Report) -> str:
    """The page as text."""
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
        precision = matrix[k, k] / n_predicted if n_predicted else None
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
