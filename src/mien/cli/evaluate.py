"""``mien evaluate``: one model, one split, one report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.metrics.report import Report


def evaluate(
    model: Annotated[str, typer.Argument(help="An embedded model's name, an .onnx file, or a run folder.")],
    data: Annotated[str, typer.Option(help="Data set (see `mien datasets`).")],
    split: Annotated[str, typer.Option(help="The data set's own name of the split to score.")],
    data_root: Annotated[
        Path | None, typer.Option(help="Folder of the data set; else $MIEN_DATA_ROOT/<data>.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Folder for report.json, report.html, report.csv and predictions.csv.")
    ] = None,
    faces: Annotated[
        str,
        typer.Option(help="ready: pictures are crops; find: find the face in each; auto: as fits the set."),
    ] = "auto",
    detector: Annotated[str, typer.Option(help="auto, yunet, haar or mediapipe.")] = "auto",
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Also score under blur, rotation, low resolution...")
    ] = False,
) -> None:
    """Score a model: accuracy and UAR with 95 % intervals, per class, calibration, and who selected it.

    A face that mien has to find and misses counts as a wrong answer. A second figure leaves out the test
    pictures of which a copy stands in another split.

    Example: mien evaluate mien-base --data fer2013 --data-root ~/fer2013 --split PublicTest --report base
    """
    from mien import api
    from mien.cli.console import progress_bar, say

    with progress_bar("reading pictures") as tick:
        scored = api.score(
            model,
            data,
            split,
            data_root,
            faces=faces,
            detector=detector,
            robustness=robustness,
            on_sample=tick,
        )
    show_report(scored.report)
    if report is not None:
        from mien.report.evaluation import write_report

        write_report(scored.report, report, scored.predictions)
        say(f"report: {report / 'report.html'}")


def show_report(result: Report) -> None:
    """A report's figures in words, and its confusion matrix."""
    from mien.cli.console import say, show_table

    low, high = result.intervals.accuracy
    scored = f"{result.data} {result.protocol.split}"
    say(f"{result.model} on {scored}: n {result.n}, face found in {result.n_detected}")
    say(f"accuracy {result.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}), UAR {result.uar:.2%}")
    if result.calibration is not None:
        figures = result.calibration
        say(f"calibration error (ECE) {figures.ece:.4f} at temperature {figures.temperature:.3f}")
    say(f"selected on: {result.selected_on}")
    for name, part in result.second.items():
        say(f"{name.replace('_', ' ')}: n {part.n}, accuracy {part.accuracy:.2%}, UAR {part.uar:.2%}")
    for line in (*result.protocol.leaks, *result.notes):
        say(f"note: {line}")
    rows = [
        (name, *row, "" if recall is None else f"{recall:.1%}")
        for name, row, recall in zip(result.labels, result.confusion, result.recalls, strict=True)
    ]
    show_table(("truth \\ said", *result.labels, "recall"), rows)
