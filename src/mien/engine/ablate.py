"""Rows of a recipe's ablation table, trained and scored under equal budget; finished runs are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from mien.core.errors import MienError
from mien.core.recipe import Recipe, ablation, validate_recipe
from mien.core.registry import suggest
from mien.data.classes import keep_classes
from mien.data.crops import cropper_for
from mien.data.datasets import FaceDataset, load_dataset
from mien.engine import checkpoint as ckpt
from mien.engine.evaluate import copies_elsewhere, evaluate
from mien.engine.fit import Listener, fit
from mien.engine.parts import make_parts, training_facts
from mien.engine.predict import TorchPredictor
from mien.engine.run_folder import BEST
from mien.metrics.ablation import FULL, AblationRow, AblationRun, AblationTable, gap
from mien.metrics.predictions import Predictions
from mien.metrics.provenance import installed_versions
from mien.metrics.report import Report

REPORT, PREDICTIONS = "report.json", "predictions.csv"


@dataclass(frozen=True)
class Finished:
    """A run that is trained and scored."""

    report: Report
    predictions: Predictions
    run: AblationRun
    parameters: int


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
        out_dir: Gets a run folder ``<row>-seed<seed>`` each, with ``report.json`` and ``predictions.csv``. A
            finished one is taken as it is, an unfinished one goes on.
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
            seeded = _with_seed(variant, seed)
            folder = out_dir / f"{row}-seed{seed}"
            if not (folder / REPORT).exists():
                fit(seeded, make_parts(seeded, root, on_sample), folder, resume=True, listener=listener)
                scorer.score(folder)
            done[row][seed] = _read(folder, seeded)
    return _table(recipe, done)


class _Scorer:
    """Scores runs on the recipe's test split, looking for its copies elsewhere only once."""

    def __init__(self, recipe: Recipe, root: Path | None) -> None:
        if recipe.data.test_split is None:
            raise MienError(f"{recipe.name} has no data.test_split to score its rows on")
        self.recipe, self.root, self.split = recipe, root, recipe.data.test_split
        self._data: FaceDataset | None = None
        self._copied: set[str] = set()

    def score(self, folder: Path) -> None:
        """Write a run's predictions, then its report: with the report it is finished."""
        if self._data is None:
            whole = load_dataset(self.recipe.data.name, self.root)
            classes = self.recipe.data.classes
            self._data = keep_classes(whole, classes) if classes else whole
            self._copied = copies_elsewhere(self._data, self.split)
        method, spec, _ = ckpt.load_model(folder)
        cropper = cropper_for(self._data, spec.input, self.recipe.data.faces)
        predictor = TorchPredictor(method, spec)
        scored = evaluate(
            predictor, self._data, self.split, cropper, weights=folder / BEST, copied=self._copied
        )
        (folder / PREDICTIONS).write_text(scored.predictions.to_csv(), encoding="utf-8")
        unfinished = folder / f"{REPORT}.tmp"
        unfinished.write_text(scored.report.to_json() + "\n", encoding="utf-8")
        unfinished.replace(folder / REPORT)


def _variant(recipe: Recipe, row: str) -> Recipe:
    if row == FULL:
        return recipe
    if row not in recipe.ablations:
        known = [FULL, *recipe.ablations]
        raise MienError(f"{recipe.name} has no row {row!r}{suggest(row, known)}; it has: {', '.join(known)}")
    return ablation(recipe, row)


def _with_seed(recipe: Recipe, seed: int) -> Recipe:
    tree = recipe.model_dump(mode="json", exclude={"ablations", "expected"})
    tree["train"]["seed"] = seed
    return validate_recipe(tree, f"{recipe.name}, seed {seed}")


def _read(folder: Path, recipe: Recipe) -> Finished:
    """A finished run.

    Raises:
        MienError: It is damaged, or another recipe's.
    """
    report_path, history_path = folder / REPORT, folder / "history.json"
    try:
        report = Report.from_json(report_path.read_text(encoding="utf-8"), str(report_path))
        table = (folder / PREDICTIONS).read_text(encoding="utf-8")
        history = json.loads(history_path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MienError(f"{folder} is damaged ({error}): delete it and run again") from error
    if report.recipe_hash != recipe.digest():
        raise MienError(f"{folder} holds a run with other settings: delete it, or give another --run-dir")
    method, _, _ = ckpt.load_model(folder)
    scores = [row[f"val_{recipe.train.select_metric}"] for row in history]
    best = int(np.argmin(scores) if recipe.train.select_metric == "loss" else np.argmax(scores)) + 1
    run = AblationRun(
        seed=recipe.train.seed,
        accuracy=report.accuracy,
        uar=report.uar,
        best_epoch=len(history) if recipe.train.select == "last" else best,
        epochs=len(history),
        minutes=sum(row["seconds"] for row in history) / 60,
    )
    predictions = Predictions.from_csv(table, str(folder / PREDICTIONS))
    return Finished(report, predictions, run, sum(p.numel() for p in method.parameters()))


def _table(recipe: Recipe, done: dict[str, dict[int, Finished]]) -> AblationTable:
    full = {seed: one.predictions for seed, one in done.get(FULL, {}).items()}
    rows = []
    for name, by_seed in done.items():
        own = {seed: one.predictions for seed, one in by_seed.items()}
        rows.append(
            AblationRow(
                name=name,
                changes=recipe.ablations.get(name, {}),
                parameters=next(iter(by_seed.values())).parameters,
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
