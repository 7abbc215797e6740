"""Train a model on with a user's own pictures: how many there are decides how, and what is decided is said.

Few pictures are cross-validated, since a held-out part of them would tell nothing; then a last model learns
from all of them. More are divided once, into a part that teaches, one that selects and one that is reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mien.core.errors import MienError
from mien.core.recipe import Recipe, validate_recipe
from mien.core.records import Sample
from mien.core.specs import ModelSpec
from mien.data.classes import rename_classes
from mien.data.datasets import FaceDataset, load_dataset
from mien.data.folds import TEST
from mien.data.grouping import GroupKey, content_key, some
from mien.engine import checkpoint as ckpt
from mien.engine.calibrate import LEAST_FACES, calibrated
from mien.engine.crossval import FoldListener, clusters_of, open_study, pooled, run_fold, score_fold
from mien.engine.evaluate import Scored, evaluate
from mien.engine.fit import Bundle, Listener, fit
from mien.engine.fold_parts import Study, fold_parts, make_study
from mien.engine.packing import labelled
from mien.engine.parts import make_parts
from mien.engine.predict import TorchPredictor
from mien.engine.run_folder import BEST
from mien.engine.shared_classes import body_parts
from mien.metrics.predictions import Predictions
from mien.metrics.report import Report

FROZEN_BELOW = 500
"""With fewer pictures only the classifier learns: a whole network would learn them by heart."""
FOLDS_BELOW = 300
"""With fewer pictures a fifth of them is too few to report on."""
FOLDS = 5
LEAST_OF_A_CLASS = 3
"""Different pictures, or people: one to learn, one to pick the checkpoint, one to check."""
AUGMENT = {
    "flip": 0.5,
    "rotate_deg": 12,
    "scale": 0.12,
    "shift": 0.05,
    "brightness": 0.1,
    "contrast": 0.2,
    "blur": 0.1,
    "low_resolution": 0.1,
    "erase": 0.15,
}
"""Random changes of the pictures that teach: those that faces found in photographs come with."""
TEST_NAMES = ("test", "testing")
TRAIN_NAMES = ("train", "training")
VAL_NAMES = ("val", "valid", "validation")

Mode = Literal["auto", "frozen", "full"]


@dataclass(frozen=True)
class Wishes:
    """What a user may say beyond model and data.

    Attributes:
        mode: ``frozen``: the classifier alone learns; ``full``: all of it, the body at a tenth of the rate;
            ``auto``: by the number of pictures.
        epochs: None: by the mode.
        rename: The data's label -> the name that it shall have.
        faces: ``find``, ``ready`` or ``auto``, as `mien.core.recipe.DataChoice` has it.
        name: What the model will be called; None: after the one that it comes from.
        seed: Of training and of the division of the pictures.
    """

    mode: Mode = "auto"
    epochs: int | None = None
    rename: Mapping[str, str] | None = None
    faces: Literal["auto", "find", "ready"] = "auto"
    name: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class Plan:
    """What will be done.

    Attributes:
        recipe: Trained and scored: with a protocol of one division, or of folds.
        final: Trained on all pictures after the folds; None where there is one division.
        said: What was decided and why, a line each.
    """

    recipe: Recipe
    final: Recipe | None
    said: tuple[str, ...]


@dataclass(frozen=True)
class FineTuned:
    """The result.

    Attributes:
        bundle: The model, in an ordinary run folder.
        plan: How it was made.
        before: The model that it comes from, on the same pictures; None where it knows none of the classes.
        after: The new model on pictures that it did not learn from.
        predictions: Of `after`.
        scored: The same with crops, where there was one division.
    """

    bundle: Bundle
    plan: Plan
    before: Report | None
    after: Report
    predictions: Predictions
    scored: Scored | None


def make_plan(model: str, data: str, root: Path | None, wishes: Wishes) -> Plan:
    """Look at the pictures and decide.

    Args:
        model: A run folder, its weight file, or the name of an embedded model.
        data: Registry name of the data set; ``folder`` or ``csv`` for a user's own.
        root: Its folder.
        wishes: What the user wants otherwise.

    Raises:
        MienError: There are too few pictures, or they contradict one another.
    """
    _, spec, source = ckpt.load_model(model)
    dataset = load_dataset(data, root)
    if wishes.rename:
        dataset = rename_classes(dataset, wishes.rename)
    samples = labelled(dataset.samples)
    group, key = _grouping(samples)
    _check(dataset, samples, key, group)
    protocol, said = _protocol(dataset, samples, key, group, wishes.seed)
    frozen = wishes.mode == "frozen" or (wishes.mode == "auto" and len(samples) < FROZEN_BELOW)
    said = [_in_words(spec, dataset, samples), *said, _mode_in_words(frozen, wishes.mode, len(samples))]
    tree = _tree(model, spec, source, dataset, wishes, frozen, len(samples))
    tree["data"]["protocol"] = protocol
    recipe = validate_recipe(tree, "the fine-tuning")
    final = None
    if protocol["name"] == "kfold":
        tree["data"] |= {"protocol": None, "val_fraction": 0.15, "split_seed": wishes.seed}
        final = validate_recipe(tree, "the fine-tuning")
    return Plan(recipe, final, tuple(said))


def finetune(
    model: str,
    plan: Plan,
    root: Path | None,
    run_dir: Path,
    *,
    resume: bool = False,
    listener: Listener | None = None,
    on_sample: Callable[[], object] = lambda: None,
) -> FineTuned:
    """Do what was planned.

    Args:
        model: As for `make_plan`.
        plan: Its result.
        root: As for `make_plan`.
        run_dir: Gets the run; after folds, these too, below ``folds``.
        resume: Go on with the run in the folder.
        listener: Hears of every step and epoch.
        on_sample: Called for each picture read.

    Raises:
        MienError: As `mien.engine.fit.fit`.
    """
    listener = listener or Listener()
    if plan.final is None:
        study = make_study(plan.recipe, root)
        fold = study.numbered(0)
        bundle = fit(plan.recipe, fold_parts(study, fold, on_sample), run_dir, resume, listener)
        scored = score_fold(study, fold, bundle)
        before = _before(model, study, scored.predictions.ids)
        return FineTuned(bundle, plan, before, scored.report, scored.predictions, scored)
    study = open_study(plan.recipe, root, run_dir / "folds", resume)
    for number in range(len(study.folds.folds)):
        run_fold(study, run_dir / "folds", number, FoldListener(run=listener), on_sample)
    report, predictions = pooled(study, run_dir / "folds")
    bundle = fit(plan.final, make_parts(plan.final, root, on_sample), run_dir, resume, listener)
    bundle = _calibrated_by_folds(bundle, report, predictions)
    return FineTuned(bundle, plan, _before(model, study, predictions.ids), report, predictions, None)


def _calibrated_by_folds(bundle: Bundle, report: Report, predictions: Predictions) -> Bundle:
    """The last model with the temperature and limit of the folds' models, each on pictures new to it.

    The few pictures held out for its own selection would tell less.
    """
    found = ~np.isnan(predictions.probabilities).any(axis=1)
    if found.sum() < LEAST_FACES or report.calibration is None:
        return bundle
    scores = np.log(np.clip(predictions.probabilities[found], 1e-9, 1)) * report.calibration.temperature
    spec = calibrated(
        bundle.spec, scores, predictions.truth[found], f"{found.sum()} samples, each by its fold"
    )
    spec = spec.model_copy(update={"basic_statistics": bundle.spec.basic_statistics})
    ckpt.save_model(bundle.run_dir / BEST, bundle.method.state_dict(), spec, bundle.recipe)
    return replace(bundle, spec=spec)


def _before(model: str, study: Study, ids: tuple[str, ...]) -> Report | None:
    """The model that was started from, on the pictures that the new one is reported on."""
    method, spec, _ = ckpt.load_model(model)
    tested = set(ids)
    samples = [replace(s, split=TEST) for s in study.folds.samples if s.id in tested]
    if not set(spec.labels) & {study.dataset.labels.names[s.label] for s in samples}:
        return None
    return evaluate(
        TorchPredictor(method, spec),
        replace(study.dataset, samples=samples),
        TEST,
        study.cropper_of(spec.input),
        copied=(),
        clusters_of=lambda some_ids: clusters_of(study, some_ids),
    ).report


def _grouping(samples: list[Sample]) -> tuple[str, GroupKey]:
    """People stay together where all are known, else copies of a picture."""
    if samples and all(s.subject is not None for s in samples):
        return "subject", lambda s: s.subject
    keys = {s.id: content_key(s) for s in samples}
    return "copies", lambda s: keys[s.id]


def _check(dataset: FaceDataset, samples: list[Sample], key: GroupKey, group: str) -> None:
    """Refuse what no training could use, in words that tell how to mend it."""
    names, where = dataset.labels.names, dataset.root
    counts = Counter(s.label for s in samples)
    if len(counts) < 2:
        only = names[next(iter(counts))] if counts else "none"
        raise MienError(f"{where} has pictures of one class alone ({only}): a model tells at least two apart")
    labels_of: dict[str, dict[int, Sample]] = {}
    for sample in samples:
        labels_of.setdefault(key(sample) if group == "copies" else content_key(sample), {})[sample.label] = (
            sample
        )
    torn = [list(found.values())[:2] for found in labels_of.values() if len(found) > 1]
    if torn:
        shown = "; ".join(f"{a.id} is {names[a.label]}, {b.id} is {names[b.label]}" for a, b in torn[:3])
        raise MienError(f"{len(torn)} pictures stand in {where} with two labels: {shown}: keep one of each")
    called = "people" if group == "subject" else "different pictures"
    for label in sorted(counts):
        n = len({key(s) for s in samples if s.label == label})
        if n < LEAST_OF_A_CLASS:
            raise MienError(
                f"the class {names[label]} has {n} of the {called} it needs ({counts[label]} picture"
                f"{'' if counts[label] == 1 else 's'}): to learn it, to pick a checkpoint and to check "
                f"it takes at least {LEAST_OF_A_CLASS}; add some, or leave the class out"
            )


def _protocol(
    dataset: FaceDataset, samples: list[Sample], key: GroupKey, group: str, seed: int
) -> tuple[dict[str, Any], list[str]]:
    """How the pictures are divided, as a recipe says it, and why."""
    common = {"group": group, "seed": seed, "val_fraction": 0.2}
    splits = sorted({s.split for s in samples})
    test = [name for name in splits if name.lower() in TEST_NAMES]
    train = [name for name in splits if name.lower() in TRAIN_NAMES]
    val = [name for name in splits if name.lower() in VAL_NAMES]
    if len(test) == len(train) == 1:
        _refuse_leaks(samples, test[0], train[0], key, group)
        told = {"name": "fixed", "train": train[0], "test": test[0], "val": val[0] if val else None}
        return common | told, [f"reported on the set's own {test[0]}"]
    if len(splits) > 1:
        raise MienError(
            f"{dataset.root} has the splits {', '.join(splits)}: name them train and test (and val, if you "
            "like), or leave them out"
        )
    together = "people" if group == "subject" else "pictures and their copies"
    if len(samples) >= FOLDS_BELOW:
        told = {"name": "repeated_split", "train_fraction": 0.8, "repeats": 1}
        return common | told, [f"a fifth is held out to report on; {together} are never parted"]
    per_class = Counter(label for label, _ in {(s.label, key(s)) for s in samples})
    folds = max(2, min(FOLDS, *per_class.values()))
    return common | {"name": "kfold", "folds": folds}, [
        f"{len(samples)} pictures are too few to hold a part out: every one is reported by the model of a "
        f"fold that did not learn from it ({folds} folds, {together} never parted); a last model learns from "
        "all of them"
    ]


def _refuse_leaks(samples: list[Sample], test: str, train: str, key: GroupKey, group: str) -> None:
    taught = {key(s) for s in samples if s.split == train}
    leaking = [s.id for s in samples if s.split == test and key(s) in taught]
    if leaking:
        what = "people of" if group == "subject" else "pictures that are also in"
        raise MienError(
            f"{len(leaking)} samples of {test} show {what} {train} ({some(leaking)}): the report would be "
            "too good; take them out of one of the two"
        )


def _tree(
    model: str,
    spec: ModelSpec,
    source: Recipe,
    dataset: FaceDataset,
    wishes: Wishes,
    frozen: bool,
    n: int,
) -> dict[str, Any]:
    """The recipe as plain data, without its protocol."""
    learns = "the classifier" if frozen else "all of it"
    return {
        "name": wishes.name or f"{spec.name}-tuned",
        "about": f"{spec.name} trained on with pictures of one's own, {learns}.",
        "method": source.method.model_dump(mode="json"),
        "input": spec.input.model_dump(mode="json"),
        "data": {
            "name": dataset.info.name,
            "train_split": "all",
            "rename": dict(wishes.rename or {}),
            "drop_leaks": False,
            "faces": wishes.faces,
        },
        "augment": AUGMENT,
        "train": _learning(body_parts(source, spec.input), wishes, frozen, n),
        "loss": None if source.loss is None else [term.model_dump(mode="json") for term in source.loss],
        "init_from": model,
        "init_classes": "shared",
    }


def _learning(body: list[str], wishes: Wishes, frozen: bool, n: int) -> dict[str, Any]:
    """How it learns: a new classifier fast, a trained body slowly or not at all."""
    epochs = wishes.epochs or (40 if frozen else 20)
    pace = {"lr": 0.003, "freeze": body} if frozen else {"lr": 0.001, "lr_factors": dict.fromkeys(body, 0.1)}
    return pace | {
        "epochs": epochs,
        "batch_size": int(np.clip(n // 8, 8, 64)),
        "optimizer": "adamw",
        "weight_decay": 0.05,
        "schedule": "cosine",
        "warmup_iters": 10,
        "label_smoothing": 0.05,
        "class_weights": True,
        "select_metric": "uar",
        "patience": max(5, epochs // 3),
        "seed": wishes.seed,
    }


def _in_words(spec: ModelSpec, dataset: FaceDataset, samples: list[Sample]) -> str:
    counts = Counter(dataset.labels.names[s.label] for s in samples)
    told = ", ".join(f"{name} {counts[name]}" for name in sorted(counts))
    known = [name for name in sorted(counts) if name in spec.labels]
    new = [name for name in sorted(counts) if name not in spec.labels]
    start = f"{spec.name} knows {', '.join(known) or 'none of them'}"
    return f"{len(samples)} labelled pictures: {told}; {start}" + (f"; new: {', '.join(new)}" if new else "")


def _mode_in_words(frozen: bool, mode: Mode, n: int) -> str:
    why = {"auto": f"{n} pictures", "frozen": "--frozen", "full": "--full"}[mode]
    if frozen:
        return f"the classifier alone learns; body and its BatchNorm stay as they are ({why})"
    return f"everything learns, the body at a tenth of the rate ({why})"
