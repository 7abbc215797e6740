"""Folders of scored runs: what `mien evaluate --report`, `mien ablate` and `mien crossval` leave behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from mien.core.errors import MienError
from mien.core.recipe import Recipe
from mien.metrics.classification import confusion, missed_faces
from mien.metrics.predictions import Predictions
from mien.metrics.report import Report

REPORT, PREDICTIONS, RECIPE = "report.json", "predictions.csv", "recipe.json"


@dataclass(frozen=True, eq=False)
class ScoredRun:
    """A run with what it was scored on.

    Attributes:
        name: What it is called beside others.
        folder: Where it lies.
        report: Its figures.
        predictions: What it said about each sample.
        recipe: What trained it; None where the folder holds none that this version reads.
    """

    name: str
    folder: Path
    report: Report
    predictions: Predictions
    recipe: Recipe | None


def read_scored(path: Path) -> ScoredRun:
    """Read a folder, or its ``report.json``.

    Raises:
        MienError: There is none, it is not finished or damaged, or it holds no predictions; the line says
            what it holds and what to do.
    """
    folder = path.parent if path.name == REPORT else path
    if not folder.is_dir():
        raise MienError(f"{path}: there is no such folder")
    if not (folder / REPORT).is_file() or not (folder / PREDICTIONS).is_file():
        raise MienError(f"{folder} {_instead(folder)}")
    report = Report.from_json(_text(folder / REPORT), str(folder / REPORT))
    table = Predictions.from_csv(_text(folder / PREDICTIONS), str(folder / PREDICTIONS))
    if table.labels != report.labels or not _same_answers(table, report):
        raise MienError(
            f"{folder}: {PREDICTIONS} and {REPORT} are of different evaluations: "
            "evaluate again into a new folder"
        )
    return ScoredRun(folder.resolve().name, folder, report, table, _recipe(folder / RECIPE))


def _same_answers(table: Predictions, report: Report) -> bool:
    """Whether the figures are those of the predictions, but for answers that tie once they are rounded."""
    k = len(table.labels)
    counted = confusion(table.truth, table.predicted, k)
    missed = missed_faces(table.truth, table.predicted, k)
    apart = np.abs(counted - report.matrix).sum() + np.abs(missed - np.array(report.missed)).sum()
    return bool(
        np.array_equal(counted.sum(axis=1) + missed, report.matrix.sum(axis=1) + np.array(report.missed))
        and apart <= max(2, len(table.truth) // 500)
    )


def read_runs(paths: Sequence[Path]) -> list[ScoredRun]:
    """Several folders, each with a name of its own.

    Raises:
        MienError: As `read_scored`.
    """
    runs = [read_scored(path) for path in paths]
    names = _names([run.folder.resolve() for run in runs])
    return [replace(run, name=name) for run, name in zip(runs, names, strict=True)]


def _names(folders: Sequence[Path]) -> list[str]:
    """As many of the last parts of each path as tell them apart; a folder given twice is numbered."""
    different = set(folders)
    depth = 1
    while len({f.parts[-depth:] for f in different}) < len(different):
        depth += 1
    names: list[str] = []
    for folder in folders:
        name = "/".join(folder.parts[-depth:])
        again = sum(n == name or n.startswith(f"{name} (") for n in names)
        names.append(f"{name} ({again + 1})" if again else name)
    return names


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MienError(f"{path} cannot be read: {error}") from error


def _recipe(path: Path) -> Recipe | None:
    try:
        return Recipe.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        return None


def _instead(folder: Path) -> str:
    """What a folder without a report or without predictions holds, and what to do with it."""
    scored = sorted(path.parent.name for path in folder.glob(f"*/{PREDICTIONS}"))
    unpooled = list(folder.glob("fold-*"))
    recipe = _recipe(folder / RECIPE)
    if (folder / REPORT).is_file():
        return (
            f"has a {REPORT} but no {PREDICTIONS}, and runs are compared sample by sample: evaluate its "
            "model again with --report"
        )
    if unpooled:
        return (
            "is a cross-validation that was not finished: go on with mien crossval "
            f"{recipe.name if recipe else 'RECIPE'} --run-dir {folder} --resume"
        )
    if scored:
        some = ", ".join(str(folder / name) for name in scored[:3])
        return f"holds runs of which each can be compared: {some}"
    if (folder / "best.safetensors").is_file():
        data, split = (recipe.data.name, recipe.data.test_split) if recipe else ("DATA", None)
        return (
            f"holds a run that was not scored: mien evaluate {folder} --data {data} "
            f"--split {split or 'SPLIT'} --report DIR, then compare DIR"
        )
    if (folder / RECIPE).is_file():
        name = recipe.name if recipe else "RECIPE"
        return f"holds a run that was not finished: go on with mien train {name} --run-dir {folder} --resume"
    return (
        f"holds no run: expected {REPORT} and {PREDICTIONS}, as mien evaluate --report, mien ablate and "
        "mien crossval write them"
    )
