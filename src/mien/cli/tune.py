"""``mien tune``: search for good settings of a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

DEFAULT_SPACE = ("train.lr=1e-4..1e-2:log", "train.weight_decay=1e-5..1e-1:log")


def tune(
    recipe: Annotated[str, typer.Argument(help="A recipe's name (see `mien recipes`) or a YAML file.")],
    data_root: Annotated[
        Path | None, typer.Option(help="Folder of the data set, as its authors hand it out.")
    ] = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="Where the trials go; runs/tune-<recipe> when left out.")
    ] = None,
    space: Annotated[
        list[str] | None,
        typer.Option(
            help="What to vary: key=low..high, key=low..high:log or key=a|b|c; whole numbers stay whole. "
            f"Repeatable; {' and '.join(DEFAULT_SPACE)} when left out."
        ),
    ] = None,
    trials: Annotated[int, typer.Option(help="How many settings to try, earlier calls included.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the search; trainings keep the recipe's own.")] = 0,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Change one key, e.g. --set train.epochs=5. Repeatable.")
    ] = None,
) -> None:
    """Search for good settings of a recipe (Optuna: TPE, hopeless trials stopped at the median).

    The score is the one that selects the checkpoint, on the part held out for it; the test split is never
    looked at. Typed again, a stopped command goes on where it was, and a higher --trials adds to it. The run
    folder gets best.yaml (the recipe with the best values), tuning.md, .csv, .json, tuning.png, and study.db
    for Optuna's own tools.

    Example: mien tune fer2013_arm_small --data-root ~/fer2013 --set train.epochs=3
    --space train.lr=1e-4..1e-2:log --space "train.batch_size=32|64|128" --trials 30

    Then: mien train runs/tune-fer2013-arm-small/best.yaml --data-root ~/fer2013 --run-dir runs/best
    """
    from mien import api
    from mien.cli.console import progress_bar, say, show_table
    from mien.core.search_space import parse_dimension
    from mien.engine.display import live_display
    from mien.report.tuning import tuning_rows, write_tuning

    loaded = api.load_recipe(recipe, set_ or [])
    folder = run_dir or Path("runs") / f"tune-{loaded.name}"
    dimensions = [parse_dimension(text) for text in space or DEFAULT_SPACE]

    def begun(number: int, values: dict[str, Any]) -> None:
        told = (f"{k}={v:.6g}" if isinstance(v, float) else f"{k}={v}" for k, v in values.items())
        say(f"trial {number}: {', '.join(told)}")

    with progress_bar("reading pictures") as tick, live_display() as listener:
        table = api.tune(
            loaded,
            data_root,
            folder,
            dimensions,
            trials,
            seed=seed,
            listener=listener,
            on_trial=begun,
            on_sample=tick,
        )
    columns, rows = tuning_rows(table)
    show_table(columns, rows)
    say(f"score: {table.metric} on {table.selected_on}")
    write_tuning(table, folder)
    say(f"best:  mien train {folder / 'best.yaml'}")
