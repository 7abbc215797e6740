"""``mien train``: one recipe, one run folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Annotated

import typer


def train(
    recipe: Annotated[str, typer.Argument(help="A recipe's name (see `mien recipes`) or a YAML file.")],
    data_root: Annotated[
        Path | None, typer.Option(help="Folder of the data set, as its authors hand it out.")
    ] = None,
    run_dir: Annotated[
        Path | None, typer.Option(help="Where the run goes; runs/<recipe> when left out.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Change one key, e.g. --set train.epochs=5. Repeatable.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a killed run stopped.")] = False,
    fold: Annotated[
        int | None, typer.Option(help="Train one fold of the recipe's protocol, counted from 0.")
    ] = None,
    dry: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Try every step in seconds: small network, drawn faces, nothing kept."
        ),
    ] = False,
) -> None:
    """Train a recipe: learn, select on a held-out part, fit the temperature, save weights and curves.

    The run folder then holds best.safetensors (the selected model), last.safetensors (for --resume),
    recipe.json, protocol.json (who was in which part), history.json and curves.png.

    On several processes or graphics cards: `torchrun --nproc_per_node 2 -m mien train RECIPE ...` (or by
    `accelerate launch`); each learns from its share of every batch.

    Example: mien train fer2013_baseline_resnet18 --data-root ~/fer2013 --run-dir runs/base
    """
    with spoken_by_the_first_process():
        _train(recipe, data_root, run_dir, set_ or [], resume, fold, dry)


@contextmanager
def spoken_by_the_first_process() -> Iterator[None]:
    """Of several processes that train together, only the first one speaks; all of them complain."""
    if os.environ.get("RANK", "0") == "0":
        yield
        return
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        yield


def _train(
    recipe: str,
    data_root: Path | None,
    run_dir: Path | None,
    changes: list[str],
    resume: bool,
    fold: int | None,
    dry: bool,
) -> None:
    from mien import api
    from mien.cli.console import progress_bar, say
    from mien.engine.display import live_display

    loaded = api.load_recipe(recipe, changes)
    if dry:
        with live_display() as listener:
            bundle = api.dry_run(loaded, listener)
        say(f"{loaded.name} runs from data to export: {bundle.state.step} steps on drawn faces, nothing kept")
        return
    folder = run_dir or Path("runs") / loaded.name
    with progress_bar("reading pictures") as tick, live_display() as listener:
        bundle = api.fit(
            loaded, data_root, folder, resume=resume, listener=listener, on_sample=tick, fold=fold
        )
    best = bundle.state.history[bundle.state.best_epoch - 1]
    held_out = bundle.protocol.parts.get("val")
    watched = f"{len(held_out)} held-out samples" if held_out else "the test part, since nothing is held out"
    say(
        f"best epoch {bundle.state.best_epoch}: val accuracy {best['val_accuracy']:.2%}, UAR "
        f"{best['val_uar']:.2%} on {watched}; temperature {bundle.spec.calibration.temperature:.3f}"
    )
    say(f"model: {folder / 'best.safetensors'}")
    if loaded.data.protocol is not None:
        return
    say(f"next:  mien evaluate {folder} --data {loaded.data.name} --split {loaded.data.test_split or 'test'}")
