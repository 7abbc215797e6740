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
    sets_from: Annotated[
        str | None,
        typer.Option(
            help="Also report conformal sets of labels that hold the truth 9 times out of 10, calibrated on "
            "this other split, which neither taught nor selected the model."
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(help="The model's names for the set's labels: smile=happiness,rest=neutral."),
    ] = None,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Also score under blur, rotation, low resolution...")
    ] = False,
    mirrored: Annotated[
        bool, typer.Option("--mirrored", help="Average with the mirror image of each face: twice the work.")
    ] = False,
    pictures: Annotated[
        bool,
        typer.Option("--pictures/--no-pictures", help="Show the surest mistakes on the page, as faces."),
    ] = True,
) -> None:
    """Score a model: accuracy and UAR with 95 % intervals, per class, calibration, and who selected it.

    Where the data set knows the people, intervals draw whole people, and each gender, age band and ethnicity
    has its own figures. The folder of --report is what `mien compare` reads.

    A face that mien has to find and misses counts as a wrong answer. A second figure leaves out the test
    pictures of which a copy stands in another split.

    Example: mien evaluate mien-base --data fer2013 --data-root ~/fer2013 --split PublicTest --report base
    """
    from mien import api
    from mien.cli.console import parse_map, progress_bar, say

    with progress_bar("reading pictures") as tick:
        scored = api.score(
            model,
            data,
            split,
            data_root,
            faces=faces,
            detector=detector,
            robustness=robustness,
            mirrored=mirrored,
            sets_from=sets_from,
            rename=parse_map(labels),
            on_sample=tick,
        )
    show_report(scored.report)
    if report is not None:
        from mien.report.evaluation import write_report
        from mien.report.learning import read_learning
        from mien.report.mistakes import worst_mistakes
        from mien.report.page import write_text

        shown = worst_mistakes(scored.predictions, scored.crops) if pictures else []
        learned = read_learning(Path(model))
        write_report(scored.report, report, scored.predictions, mistakes=shown, learning=learned)
        recipe = Path(model) / "recipe.json"
        if recipe.is_file():  # so that mien compare can say in what two runs differ
            write_text(report / recipe.name, recipe.read_text(encoding="utf-8"))
        say(f"report: {report / 'report.html'}")


def show_report(result: Report) -> None:
    """A report's figures in words, and its confusion matrix."""
    from mien.cli.console import say, show_table

    low, high = result.intervals.accuracy
    scored = f"{result.data} {result.protocol.split}"
    say(f"{result.model} on {scored}: n {result.n}, face found in {result.n_detected}")
    say(f"accuracy {result.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}), UAR {result.uar:.2%}")
    if result.mcc is not None:
        say(f"Matthews correlation (MCC) {result.mcc:.3f}")
    if result.calibration is not None:
        figures = result.calibration
        say(f"calibration error (ECE) {figures.ece:.4f} at temperature {figures.temperature:.3f}")
    if result.selective is not None:
        curve = zip(result.selective.coverage, result.selective.accuracy, strict=True)
        share, right = min(curve, key=lambda point: abs(point[0] - 0.5))
        say(f"answering only the surest {share:.0%}: right {right:.2%} (AURC {result.selective.aurc:.4f})")
    if result.unsure is not None:
        limit = result.unsure
        right = "none" if limit.accuracy is None else f"{limit.accuracy:.2%}"
        say(
            f"sure (confidence {limit.below:.2f} or more) of {limit.coverage:.0%} of the faces: right {right}"
        )
    for sets in result.conformal:
        say(
            f"sets of labels ({sets.score.upper()}, calibrated on {sets.calibrated_on}): hold the truth "
            f"{sets.coverage:.2%} (promised {1 - sets.alpha:.0%}), {sets.mean_size:.2f} labels each"
        )
    for demographic in result.demographics:
        told = ", ".join(f"{g.group} {g.accuracy:.1%} (n {g.n})" for g in demographic.groups)
        say(f"{demographic.attribute.replace('_', ' ')}: {told}")
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
