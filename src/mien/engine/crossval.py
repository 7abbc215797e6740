"""Cross-validation: a recipe trained and scored on every fold of its protocol, and the folds pooled.

Each fold is a run folder of its own. A finished fold is kept, an unfinished one goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from mien.core.errors import MienError
from mien.core.recipe import Recipe
from mien.core.recipe_difference import differing
from mien.data.eightfold import origin
from mien.data.fold_file import folds_json
from mien.data.fold_leaks import leak_lines
from mien.data.folds import TEST, TRAIN, VAL, Fold, absent_from_tests
from mien.engine.evaluate import Scored, evaluate
from mien.engine.fit import Bundle, Listener, fit
from mien.engine.fold_parts import PICKED_ON_TEST, Study, fold_facts, fold_parts, fold_protocol, make_study
from mien.engine.predict import TorchPredictor
from mien.engine.run_folder import BEST, LAST, write_whole
from mien.metrics.folds import FoldFigures, fold_table
from mien.metrics.predictions import Predictions, pool
from mien.metrics.provenance import ProtocolFacts, Provenance
from mien.metrics.report import Clusters, Report, build_report

PROTOCOL, RECIPE = "protocol.json", "recipe.json"
PREDICTIONS, REPORT, FIGURES = "predictions.csv", "report.json", "fold.json"


@dataclass(frozen=True)
class FoldListener:
    """What a display hears of a cross-validation; every field may be replaced.

    Attributes:
        on_fold: (number, name) as a fold starts or goes on.
        run: Hears of its steps and epochs.
        on_line: (number, line) of an epoch that ended in another process.
        on_done: (number, figures) as a fold is finished, or found finished.
    """

    on_fold: Callable[[int, str], object] = lambda number, name: None
    run: Listener = field(default_factory=Listener)
    on_line: Callable[[int, str], object] = lambda number, line: None
    on_done: Callable[[int, FoldFigures], object] = lambda number, figures: None


def open_study(
    recipe: Recipe, root: Path | None, run_dir: Path, resume: bool, only: Sequence[int] = ()
) -> Study:
    """Read the data, divide them, and start or reopen the cross-validation's folder.

    Args:
        recipe: With a protocol.
        root: The data set's folder; None looks below ``MIEN_DATA_ROOT``.
        run_dir: Gets ``protocol.json``, the frozen folds, and ``recipe.json``.
        resume: Go on with the folds in the folder.
        only: Numbers of folds that will be run; a wrong one is told before anything is written.

    Raises:
        MienError: There is no such fold, data and recipe do not fit, or the folder holds another
            cross-validation, or one and `resume` was not asked for.
    """
    study = make_study(recipe, root)
    for number in only:
        study.numbered(number)
    fold_protocol(study, study.folds.folds[0])  # a selection that cannot be is told before hours of training
    if (run_dir / PROTOCOL).exists():
        if not resume:
            raise MienError(
                f"{run_dir} holds a cross-validation: give another --run-dir, or go on by --resume"
            )
        _check_same(run_dir, study)
        return study
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        (run_dir / RECIPE).write_text(recipe.model_dump_json(indent=2) + "\n", encoding="utf-8")
        write_whole(run_dir / PROTOCOL, folds_json(study.folds))
    except OSError as error:
        raise MienError(f"{run_dir} cannot be written: {error.strerror}") from error
    return study


def fold_folder(study: Study, run_dir: Path, number: int) -> Path:
    """Where the run of a fold goes: ``fold-00``, with as many digits as the last fold needs."""
    digits = max(2, len(str(len(study.folds.folds) - 1)))
    return run_dir / f"fold-{number:0{digits}d}"


def run_fold(
    study: Study,
    run_dir: Path,
    number: int,
    listener: FoldListener,
    on_sample: Callable[[], object] = lambda: None,
) -> FoldFigures:
    """Train and score one fold; a finished one is read instead.

    Args:
        study: The cross-validation.
        run_dir: Its folder.
        number: Of the fold, from 0.
        listener: Hears of it.
        on_sample: Called for each packed sample.

    Raises:
        MienError: As `fit`, or the folder is damaged.
    """
    fold, folder = study.numbered(number), fold_folder(study, run_dir, number)
    if (folder / FIGURES).exists():
        figures = _figures(folder)
        listener.on_done(number, figures)
        return figures
    listener.on_fold(number, study.folds.name(fold))
    bundle = fit(study.recipe, fold_parts(study, fold, on_sample), folder, True, listener.run)
    scored = score_fold(study, fold, bundle)
    report = scored.report
    figures = FoldFigures(
        name=study.folds.name(fold),
        n_train=len(fold.parts[TRAIN]),
        n_val=len(fold.parts.get(VAL, ())),
        n=report.n,
        accuracy=report.accuracy,
        uar=report.uar,
        best_epoch=bundle.state.best_epoch,
        epochs=bundle.state.epoch,
        minutes=sum(row["seconds"] for row in bundle.state.history) / 60,
    )
    try:
        write_whole(folder / PREDICTIONS, scored.predictions.to_csv())
        write_whole(folder / REPORT, report.to_json() + "\n")
        # written last, since it marks the fold as finished
        write_whole(folder / FIGURES, figures.model_dump_json(indent=1) + "\n")
        (folder / LAST).unlink(missing_ok=True)  # a finished fold never goes on
    except OSError as error:
        raise MienError(f"{folder} cannot be written: {error.strerror}") from error
    listener.on_done(number, figures)
    return figures


def pooled(study: Study, run_dir: Path) -> tuple[Report, Predictions]:
    """All finished folds as one report: their counts added, and the spread of their figures beside.

    Raises:
        MienError: No fold is finished, or one is damaged.
    """
    numbers = [
        i for i in range(len(study.folds.folds)) if (fold_folder(study, run_dir, i) / FIGURES).exists()
    ]
    folders = [fold_folder(study, run_dir, i) for i in numbers]
    table = fold_table([_figures(folder) for folder in folders], len(study.folds.folds))
    read = [_read(folder) for folder in folders]
    reports, tables = [r for r, _ in read], [p for _, p in read]
    predictions = pool(tables)
    done = [study.folds.folds[i] for i in numbers]
    return build_report(
        predictions.labels,
        predictions.truth,
        predictions.probabilities,
        _pooled_provenance(study, done, reports),
        temperature=float(np.mean([r.calibration.temperature if r.calibration else 1.0 for r in reports])),
        clusters=clusters_of(study, predictions.ids),
        groups=predictions.groups,
        folds=table,
    ), predictions


def clusters_of(study: Study, ids: Sequence[str]) -> Clusters:
    """What the scored samples depend on one another by: people where all are known, else pictures."""
    by_id = {s.id: s for s in study.folds.samples}
    if all(s.subject is not None for s in study.folds.samples):
        return Clusters([str(by_id[i].subject) for i in ids], "subjects")
    return Clusters([origin(by_id[i]) for i in ids], "pictures")


def score_fold(study: Study, fold: Fold, bundle: Bundle) -> Scored:
    """A fold's model on the fold's test part."""
    samples = [replace(s, split=TEST) for s in study.folds.members(fold)[TEST]]
    selected_on = fold_facts(study, bundle.protocol).selected_on
    name = study.folds.name(fold)
    return evaluate(
        TorchPredictor(bundle.method, bundle.spec),
        replace(study.dataset, samples=samples),
        TEST,
        study.cropper_of(study.input),
        weights=bundle.run_dir / BEST,
        copied=(),
        protocol=ProtocolFacts(
            name=bundle.protocol.name,
            split=name,
            select_on=selected_on,
            report_on=name,
            leaks=bundle.protocol.leaks,
            sha256=study.sha256,
        ),
        clusters_of=lambda ids: clusters_of(study, ids),
    )


def _pooled_provenance(study: Study, done: Sequence[Fold], reports: Sequence[Report]) -> Provenance:
    """The first fold's provenance, made that of all folds."""
    n = len(study.folds.folds)
    leaks = leak_lines(study.folds, done)
    if study.recipe.train.select == "best_test":
        leaks = (*leaks, PICKED_ON_TEST)
    notes = [*absent_from_tests(study.folds)]
    if len(done) < n:
        notes.insert(0, f"only {len(done)} of {n} folds were run, so this is no full cross-validation")
    split = f"{study.recipe.data.train_split}, {len(done)} of {n} folds" if n > 1 else "its test part"
    hashes = "\n".join(report.data_hash for report in reports)
    told = {"name": study.folds.choice.in_words(), "split": split, "report_on": split, "leaks": leaks}
    changed = {
        "model_sha256": "",
        "data_hash": hashlib.sha256(hashes.encode()).hexdigest(),
        "protocol": reports[0].protocol.model_copy(update=told),
        "duration_s": sum(report.duration_s or 0.0 for report in reports),
        "notes": tuple(notes),
    }
    first = {name: getattr(reports[0], name) for name in Provenance.model_fields}
    return Provenance(**(first | changed))


def _figures(folder: Path) -> FoldFigures:
    try:
        return FoldFigures.model_validate_json((folder / FIGURES).read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise MienError(f"{folder / FIGURES} is damaged: delete {folder} and go on by --resume") from error


def _read(folder: Path) -> tuple[Report, Predictions]:
    try:
        report = (folder / REPORT).read_text(encoding="utf-8")
        table = (folder / PREDICTIONS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MienError(f"{folder} is damaged: delete it and go on by --resume") from error
    return Report.from_json(report, str(folder / REPORT)), Predictions.from_csv(
        table, str(folder / PREDICTIONS)
    )


def _check_same(run_dir: Path, study: Study) -> None:
    """Refuse to go on with other folds, other data or another recipe."""
    try:
        before = Recipe.model_validate_json((run_dir / RECIPE).read_text(encoding="utf-8"))
        sha256 = json.loads((run_dir / PROTOCOL).read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError) as error:
        raise MienError(f"{run_dir} is damaged, so it cannot be gone on with") from error
    changes = differing(before, study.recipe)
    if changes:
        listed = "; ".join(f"{key} was {old!r}, is {new!r}" for key, (old, new) in changes.items())
        raise MienError(f"{run_dir} was started with another recipe: {listed}")
    if sha256 != study.sha256:
        raise MienError(
            f"{run_dir} was started on other samples than {study.dataset.root} holds now: go on with the "
            "data it was started on, or give another --run-dir"
        )
