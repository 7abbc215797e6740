"""``mien ablate``: the rows of a recipe's ablation table, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def ablate(
    recipe: Annotated[str, typer.Argument(help="A recipe's name (see `mien recipes`) or a YAML file.")],
    data_root: Annotated[
        Path | None, typer.Option(help="Folder of the data set, as its authors hand it out.")
    ] = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="Where the runs go; runs/ablate-<recipe> when left out.")
    ] = None,
    rows: Annotated[
        str, typer.Option(help="Rows, with commas: full is the recipe itself. All of them when left out.")
    ] = "",
    seeds: Annotated[str, typer.Option(help="Training seeds, with commas.")] = "0,1",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Change one key, e.g. --set train.epochs=5. Repeatable.")
    ] = None,
) -> None:
    """Train and score the rows of a recipe's ablation table, each with each seed, under equal budget.

    The table (ablation.md, .csv, .json) stands in the run folder when all is done. Typed again, a stopped
    command goes on where it was; finished runs are kept.

    Example: mien ablate fer2013_arm_small --data-root ~/fer2013 --rows full,baseline --seeds 0,1,2
    """
    from mien import api
    from mien.cli.console import progress_bar, say, show_table
    from mien.engine.display import live_display
    from mien.metrics.ablation import FULL
    from mien.report.ablation import COLUMNS, row_cells, write_ablation

    loaded = api.load_recipe(recipe, set_ or [])
    folder = run_dir or Path("runs") / f"ablate-{loaded.name}"
    wanted = [row.strip() for row in rows.split(",") if row.strip()] or [FULL, *loaded.ablations]
    with progress_bar("reading pictures") as tick, live_display() as listener:
        table = api.ablate(
            loaded,
            data_root,
            folder,
            wanted,
            _seeds(seeds),
            listener=listener,
            on_run=lambda row, seed: say(f"{loaded.name}: {row}, seed {seed}"),
            on_sample=tick,
        )
    show_table(COLUMNS, [row_cells(row) for row in table.rows])
    say(f"{table.n} samples of {table.data} {table.split}; commonest class {table.chance:.1%}")
    write_ablation(table, folder)
    say(f"table: {folder / 'ablation.md'}")


def _seeds(text: str) -> list[int]:
    from mien.core.errors import MienError

    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise MienError(f"--seeds {text}: expected whole numbers with commas, for example 0,1,2") from error
