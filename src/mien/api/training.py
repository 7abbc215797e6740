"""Train recipes: once, on folds, row by row, over settings, or only to try them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.api.extras import need_train_extra
from mien.api.models import export
from mien.api.recipes import list_recipes, load_recipe
from mien.api.scoring import evaluate
from mien.core.errors import MienError
from mien.core.recipe import Recipe

if TYPE_CHECKING:
    from mien.core.search_space import Dimension
    from mien.engine.crossval import FoldListener
    from mien.engine.fit import Bundle, Listener
    from mien.metrics.ablation import AblationTable
    from mien.metrics.predictions import Predictions
    from mien.metrics.report import Report
    from mien.metrics.tuning import TuningTable


def fit(
    recipe: Recipe,
    data_root: Path | None,
    run_dir: Path,
    *,
    resume: bool = False,
    listener: Listener | None = None,
    on_sample: Callable[[], object] = lambda: None,
    fold: int | None = None,
) -> Bundle:
    """Train a recipe and save its curves.

    Args:
        recipe: What to train.
        data_root: The data set's folder; None looks below ``MIEN_DATA_ROOT``.
        run_dir: Where the run goes.
        resume: Go on with a killed run.
        listener: Hears of every step and epoch.
        on_sample: Called for each picture read.
        fold: Which fold of the recipe's protocol, from 0, where it has several.

    Raises:
        MienError: Recipe, data or folder do not fit; [train] is not installed.
    """
    need_train_extra()
    from mien.engine.fit import fit as learn
    from mien.engine.parts import make_parts
    from mien.plots.curves import training_curves

    bundle = learn(recipe, make_parts(recipe, data_root, on_sample, fold), run_dir, resume, listener)
    if os.environ.get("RANK", "0") == "0":  # of several processes, one draws
        figure = training_curves(bundle.state.history, bundle.state.best_epoch)
        figure.savefig(run_dir / "curves.png", dpi=120)
    return bundle


def dry_run(recipe: Recipe, listener: Listener | None = None, exported: bool = True) -> Bundle:
    """Run a recipe's small version from training to export, on a drawn look-alike of its data set.

    Its numbers mean nothing; that it ends does. Nothing is kept. A recipe that needs the run of another
    one (``init_from: runs/NAME``, or a teacher) has that one run first.

    Args:
        recipe: What to try.
        listener: Hears of every step and epoch.
        exported: Export the model and score the file; else the run is scored.

    Raises:
        MienError: The recipe would not run, or its data set has no look-alike.
    """
    need_train_extra()
    from tempfile import TemporaryDirectory

    from mien.engine.dry_run import N_FACES_PER_CLASS

    with TemporaryDirectory() as name:
        folder = Path(name)
        small = _small(recipe, folder)
        data = _look_alike(small, folder, N_FACES_PER_CLASS)
        fold = 0 if small.data.protocol is not None else None
        bundle = fit(small, data, folder / "run", listener=listener, fold=fold)
        model, split = folder / "run", recipe.data.test_split
        if exported:
            model = export(model, folder / "small.onnx")[0]
        if split is not None:
            evaluate(str(model), recipe.data.name, split, data, faces="ready")
        return bundle


def _small(recipe: Recipe, folder: Path) -> Recipe:
    """A recipe made small, once the runs that it needs, and those that these need, are in the folder."""
    from mien.engine.dry_run import N_FACES_PER_CLASS, runs_needed, small_version, with_run

    small = small_version(recipe)
    for place, path in runs_needed(recipe).items():
        start = Path(path).name
        if start not in list_recipes():
            raise MienError(f"{place}: {path} is no run of a recipe that comes with mien")
        if not (folder / start).exists():
            first = _small(load_recipe(start), folder)
            fit(first, _look_alike(first, folder, N_FACES_PER_CLASS), folder / start)
        small = with_run(small, place, str(folder / start))
    return small


def _look_alike(recipe: Recipe, folder: Path, n_per_class: int) -> Path:
    """The folder of a recipe's drawn data set, written if it is not there yet."""
    from mien.data.fake import write_fake

    data = folder / recipe.data.name
    return data if data.exists() else write_fake(recipe.data.name, data, n_per_class)


def crossval(
    recipe: Recipe,
    data_root: Path | None,
    run_dir: Path,
    *,
    only: Sequence[int] = (),
    jobs: int = 1,
    resume: bool = False,
    listener: FoldListener | None = None,
    on_sample: Callable[[], object] = lambda: None,
) -> tuple[Report, Predictions]:
    """Train and score a recipe on the folds of its protocol, and pool them.

    Args:
        recipe: With ``data.protocol``.
        data_root: The data set's folder; None looks below ``MIEN_DATA_ROOT``.
        run_dir: Gets ``protocol.json`` and one run folder per fold. Finished folds in it are kept.
        only: Numbers of the folds to run, from 0; empty runs all.
        jobs: Processes that train side by side, each with its share of the threads.
        resume: Go on with the cross-validation in the folder.
        listener: Hears of every fold and epoch.
        on_sample: Called for each picture packed, with one process.

    Returns:
        The report over all finished folds, and what their models said about each test sample.

    Raises:
        MienError: Recipe, data or folder do not fit; [train] is not installed.
    """
    need_train_extra()
    from mien.engine.crossval import FoldListener, open_study, pooled, run_fold
    from mien.engine.fold_workers import run_in_processes

    listener = listener or FoldListener()
    study = open_study(recipe, data_root, run_dir, resume, only)
    numbers = list(dict.fromkeys(only)) or list(range(len(study.folds.folds)))
    if jobs > 1 and len(numbers) > 1:
        run_in_processes(recipe, data_root, run_dir, numbers, jobs, listener)
    else:
        for number in numbers:
            run_fold(study, run_dir, number, listener, on_sample)
    return pooled(study, run_dir)


def ablate(
    recipe: Recipe,
    data_root: Path | None,
    out_dir: Path,
    rows: Sequence[str],
    seeds: Sequence[int],
    *,
    listener: Listener | None = None,
    on_run: Callable[[str, int], object] = lambda row, seed: None,
    on_sample: Callable[[], object] = lambda: None,
) -> AblationTable:
    """Train and score rows of a recipe's ablation table, each with each seed; goes on where it was stopped.

    Args:
        recipe: Names its ablations and a test split.
        data_root: The data set's folder; None looks below ``MIEN_DATA_ROOT``.
        out_dir: Gets one run folder per row and seed.
        rows: ``full`` for the recipe itself, or names of its ablations.
        seeds: Training seeds.
        listener: Hears of every step and epoch.
        on_run: (row, seed) before each run.
        on_sample: Called for each picture read.

    Raises:
        MienError: Recipe, data or folder do not fit; [train] is not installed.
    """
    need_train_extra()
    from mien.engine.ablate import ablate as run_ablation

    return run_ablation(recipe, data_root, out_dir, rows, seeds, listener, on_run, on_sample)


def tune(
    recipe: Recipe,
    data_root: Path | None,
    out_dir: Path,
    space: Sequence[Dimension],
    n_trials: int,
    *,
    seed: int = 0,
    listener: Listener | None = None,
    on_trial: Callable[[int, dict[str, Any]], object] = lambda number, values: None,
    on_sample: Callable[[], object] = lambda: None,
) -> TuningTable:
    """Search for good settings of a recipe; goes on where it was stopped.

    Args:
        recipe: What is trained.
        data_root: The data set's folder; None looks below ``MIEN_DATA_ROOT``.
        out_dir: Gets the study, one run folder per trial, and ``best.yaml``.
        space: What to vary, see `mien.core.search_space.parse_dimension`.
        n_trials: How many settings in all, those of earlier calls included.
        seed: Of the search.
        listener: Hears of every step and epoch.
        on_trial: (number, values) before each.
        on_sample: Called for each picture read.

    Raises:
        MienError: Recipe, space, data or folder do not fit; every trial failed; [train] is not installed.
    """
    need_train_extra()
    from mien.engine.tune import Search
    from mien.engine.tune import tune as search

    what = Search(recipe, tuple(space), seed)
    return search(what, data_root, out_dir, n_trials, listener, on_trial, on_sample)
