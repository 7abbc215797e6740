"""``mien crossval``: a recipe on every fold of its protocol, and one report over all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def crossval(
    recipe: Annotated[str, typer.Argument(help="A recipe's name (see `mien recipes`) or a YAML file.")],
    data_root: Annotated[
        Path | None, typer.Option(help="Folder of the data set, as its authors hand it out.")
    ] = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="Where the folds go; runs/<recipe> when left out.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change one key, e.g. --set data.protocol.folds=5. Repeatable."),
    ] = None,
    row: Annotated[str, typer.Option(help="One of the recipe's ablations, instead of the recipe.")] = "",
    folds_only: Annotated[
        str, typer.Option(help="Run only these folds, with commas, counted from 0, e.g. 0,1.")
    ] = "",
    jobs: Annotated[
        int,
        typer.Option(min=1, help="Folds trained side by side; they share the threads."),
    ] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep finished folds, go on with the others.")
    ] = False,
) -> None:
    """Train and score a recipe on each fold of its protocol (`data.protocol`), and pool the folds.

    The folder then holds protocol.json (the folds, frozen: who is where), one run folder per fold with its
    model, report.json and predictions.csv, and over all finished folds report.json, report.html, report.csv,
    predictions.csv and folds.csv: pooled counts, mean and standard deviation over folds, and intervals that
    draw whole people where they are known.

    Example: mien crossval synthetic-rgbd_folds_small --data-root ~/synthetic_rgbd --folds-only 0
    """
    from mien import api
    from mien.cli.console import progress_bar, say
    from mien.cli.evaluate import show_report
    from mien.core.recipe import ablation
    from mien.engine.display import live_folds
    from mien.report.evaluation import write_report
    from mien.report.folds import fold_sentence, write_folds
    from mien.report.page import write_text

    loaded = api.load_recipe(recipe, set_ or [])
    if row:
        loaded = ablation(loaded, row)
    folder, only = run_dir or Path("runs") / loaded.name, _numbers(folds_only)
    with progress_bar("reading pictures") as tick, live_folds(len(only) or None) as listener:
        report, predictions = api.crossval(
            loaded,
            data_root,
            folder,
            only=only,
            jobs=jobs,
            resume=resume,
            listener=listener,
            on_sample=tick,
        )
    show_report(report)
    write_report(report, folder)
    write_text(folder / "predictions.csv", predictions.to_csv())
    if report.folds is not None:
        say(fold_sentence(report.folds))
        write_folds(report.folds, folder / "folds.csv")
    say(f"report: {folder / 'report.html'}")


def _numbers(text: str) -> list[int]:
    from mien.core.errors import MienError

    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise MienError(
            f"--folds-only {text}: expected whole numbers with commas, for example 0,1"
        ) from error
