"""Rows of a recipe's ablation table, trained and scored under equal budget; finished runs are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from mien.core.errors import MienError
from mien.core.recipe import Recipe, ablation, seeded
from mien.core.registry import suggest
from mien.data.crops import cropper_for
from mien.data.datasets import FaceDataset
from mien.engine.evaluate import copies_elsewhere, evaluate
from mien.engine.fit import Bundle, Listener, fit
from mien.engine.packing import read_dataset
from mien.engine.parts import make_parts, training_facts
from mien.engine.predict import TorchPredictor
from mien.engine.run_folder import BEST, write_whole
from mien.metrics.ablation import FULL, AblationRow, AblationRun, AblationTable, gap
from mien.metrics.predictions import Predictions
from mien.metrics.provenance import installed_versions
from mien.metrics.report import Report

REPORT, PREDICTIONS, FIGURES = "report.json", "predictions.csv", "run.json"


@dataclass(frozen=True)
class Finished:
    """A run that is trained and scored."""

    report: Report
    predictions: Predictions
    run: AblationRun


def ablate(
    recipe: Recipe,
    root: Path | None,
    out_dir: Path,
    rows: Sequence[str],
    seeds: Sequence[int],
    listener: Listener | None = None,
    on_run: Callable[[str, int], object] = lambda row, seed: None,
    on_sample: Callable[[], object] = lambda: None,
) -> AblationTable:
    """Train and score every row with every seed.

    Args:
        recipe: With the ablations and a test split.
        root: The data set's folder; None looks below ``MIEN_DATA_ROOT``.
        out_dir: Gets a run folder ``<row>-seed<seed>`` each, with ``report.json``, ``predictions.csv`` and
            ``run.json``. A finished one is taken as it is, an unfinished one goes on.
        rows: ``full`` or names of ablations; the first seeds of all rows run first.
        seeds: At least one.
        listener: Hears of every step and epoch.
        on_run: (row, seed) before each run.
        on_sample: Called for each picture read.

    Raises:
        MienError: Unknown row, no test split, a folder that holds another recipe's run, or as `fit`.
    """
    variants = {row: _variant(recipe, row) for row in rows}
    if not variants or not seeds:
        raise MienError("an ablation needs at least one row and one seed")
    scorer = _Scorer(recipe, root)
    done: dict[str, dict[int, Finished]] = {row: {} for row in variants}
    for seed in dict.fromkeys(seeds):
        for row, variant in variants.items():
            on_run(row, seed)
            trained = seeded(variant, seed)
            folder = out_dir / f"{row}-seed{seed}"
            if not (folder / FIGURES).exists():
                parts = make_parts(trained, root, on_sample)
                scorer.score(fit(trained, parts, folder, resume=True, listener=listener))
            done[row][seed] = _read(folder, trained)
    return _table(recipe, done)


class _Scorer:
    """Scores runs on the recipe's test split, looking for its copies elsewhere only once."""

    def __init__(self, recipe: Recipe, root: Path | None) -> None:
        if recipe.data.test_split is None:
            told = f"{recipe.name} has no data.test_split to score its rows on"
            if recipe.data.protocol is not None:
                told += "; it divides its data into folds: mien crossval runs it, with --row NAME a row of it"
            raise MienError(told)
        self.recipe, self.root, self.split = recipe, root, recipe.data.test_split
        self._data: FaceDataset | None = None
        self._copied: set[str] = set()

    def score(self, bundle: Bundle) -> None:
        """Write a run's predictions, its report, and then its figures: with them it is finished."""
        if self._data is None:
            self._data = read_dataset(self.recipe, self.root)
            self._copied = copies_elsewhere(self._data, self.split)
        spec, folder, history = bundle.spec, bundle.run_dir, bundle.state.history
        scored = evaluate(
            TorchPredictor(bundle.method, spec),
            self._data,
            self.split,
            cropper_for(self._data, spec.input, self.recipe.data.faces),
            weights=folder / BEST,
            copied=self._copied,
        )
        run = AblationRun(
            seed=bundle.recipe.train.seed,
            parameters=sum(p.numel() for p in bundle.method.parameters()),
            accuracy=scored.report.accuracy,
            uar=scored.report.uar,
            best_epoch=bundle.state.best_epoch,
            epochs=len(history),
            minutes=sum(row["seconds"] for row in history) / 60,
        )
        try:
            write_whole(folder / PREDICTIONS, scored.predictions.to_csv())
            write_whole(folder / REPORT, scored.report.to_json() + "\n")
            write_whole(folder / FIGURES, run.model_dump_json(indent=1) + "\n")
        except OSError as error:
            raise MienError(f"{folder} cannot be written: {error.strerror}") from error


def _variant(recipe: Recipe, row: str) -> Recipe:
    if row == FULL:
        return recipe
    if row not in recipe.ablations:
        known = [FULL, *recipe.ablations]
        raise MienError(f"{recipe.name} has no row {row!r}{suggest(row, known)}; it has: {', '.join(known)}")
    return ablation(recipe, row)


def _read(folder: Path, recipe: Recipe) -> Finished:
    """A finished run.

    Raises:
        MienError: It is damaged, or another recipe's.
    """
    try:
        report = Report.from_json((folder / REPORT).read_text(encoding="utf-8"), str(folder / REPORT))
        table = (folder / PREDICTIONS).read_text(encoding="utf-8")
        run = AblationRun.model_validate_json((folder / FIGURES).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MienError(
            f"{folder} is damaged ({' '.join(str(error).split())}): delete it and run again"
        ) from error
    if report.recipe_hash != recipe.digest():
        raise MienError(f"{folder} holds a run with other settings: delete it, or give another --run-dir")
    return Finished(report, Predictions.from_csv(table, str(folder / PREDICTIONS)), run)


def _table(recipe: Recipe, done: dict[str, dict[int, Finished]]) -> AblationTable:
    full = {seed: one.predictions for seed, one in done.get(FULL, {}).items()}
    rows = []
    for name, by_seed in done.items():
        own = {seed: one.predictions for seed, one in by_seed.items()}
        rows.append(
            AblationRow(
                name=name,
                changes=recipe.ablations.get(name, {}),
                runs=tuple(one.run for one in by_seed.values()),
                gap=None if name == FULL else gap(full, own),
            )
        )
    some = next(iter(done[rows[0].name].values())).report
    support = some.matrix.sum(axis=1) + np.array(some.missed)
    facts = training_facts(recipe)
    return AblationTable(
        recipe=recipe.name,
        recipe_hash=recipe.digest(),
        method=recipe.method.name,
        data=recipe.data.name,
        split=str(recipe.data.test_split),
        n=some.n,
        n_classes=len(some.labels),
        chance=float(support.max() / support.sum()),
        selected_on=facts.selected_on,
        leaks=facts.leaks,
        rows=tuple(rows),
        versions=installed_versions(),
        created=datetime.now(UTC).date(),
    )
