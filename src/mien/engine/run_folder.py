"""A run's folder: what is written while a recipe trains, and how a killed run goes on from there."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from mien.core.errors import MienError
from mien.core.recipe import Recipe
from mien.core.recipe_difference import differing
from mien.data.protocols import Protocol
from mien.engine import checkpoint as ckpt
from mien.engine.loop import Learner, TrainState

BEST = "best.safetensors"
LAST = "last.safetensors"
SELECTED = "selected.safetensors"
"""The selected weights as they were learnt, where those of the start are mixed into `BEST`."""


def epoch_file(epoch: int) -> str:
    """Name of the weights of an epoch (from 1) that ``train.keep_epochs`` keeps."""
    return f"epoch-{epoch:04d}.safetensors"


def selected_file(recipe: Recipe) -> str:
    """Name of the file that selected weights go to while a recipe trains."""
    return SELECTED if recipe.train.start_share else BEST


def open_run(run_dir: Path, recipe: Recipe, protocol: Protocol, learner: Learner, resume: bool) -> TrainState:
    """Start a run, or go on with the one in the folder.

    Args:
        run_dir: Made if missing.
        recipe: What is trained.
        protocol: Who is in which part.
        learner: Gets the weights and moments of the run that goes on.
        resume: Go on where a run stopped; one that stopped before its first epoch ended starts anew.

    Raises:
        MienError: The folder holds a run and `resume` was not asked for, or its recipe or data are others, or
            it is damaged or cannot be written.
    """
    last = run_dir / LAST
    if last.exists():
        if not resume:
            raise MienError(f"{run_dir} holds a run: give another --run-dir, or go on with it by --resume")
        _check_same_data(run_dir / "protocol.json", protocol)
        return _load_progress(last, recipe, learner)
    if learner.accelerator.is_main_process:
        try:
            run_dir.mkdir(parents=True, exist_ok=True)
            (run_dir / "recipe.json").write_text(recipe.model_dump_json(indent=2) + "\n")
            facts = asdict(protocol) | {"sha256": protocol.digest()}
            (run_dir / "protocol.json").write_text(json.dumps(facts) + "\n")
        except OSError as error:
            raise MienError(f"{run_dir} cannot be written: {error.strerror}") from error
    return TrainState()


def save_progress(run_dir: Path, learner: Learner, state: TrainState, recipe: Recipe) -> None:
    """Write all that a resumed run needs, and the history apart for people and plots.

    Raises:
        MienError: The folder cannot be written.
    """
    moments, plain = ckpt.flatten_optimizer(learner.optimizer.state_dict())
    tensors = ckpt.under("method.", learner.method.state_dict()) | ckpt.under("optimizer.", moments)
    tensors |= ckpt.under("objective.", learner.objective.state_dict())
    if learner.ema is not None:
        tensors |= ckpt.under("ema.", learner.ema.state_dict())
    scaler = learner.scaler.state_dict()
    progress = json.dumps({"state": asdict(state), "optimizer": plain, "scaler": scaler})
    metadata = {ckpt.STATE_KEY: progress, ckpt.RECIPE_KEY: recipe.model_dump_json()}
    ckpt.save_tensors(run_dir / LAST, tensors, metadata)
    try:
        write_whole(run_dir / "history.json", json.dumps(state.history, indent=1) + "\n")
    except OSError as error:
        raise MienError(f"{run_dir} cannot be written: {error.strerror}") from error


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)


def _check_same_data(path: Path, protocol: Protocol) -> None:
    try:
        before = json.loads(path.read_text())["sha256"]
    except (OSError, ValueError, KeyError) as error:
        raise MienError(f"{path} is missing or damaged, so the run cannot be resumed") from error
    if before != protocol.digest():
        raise MienError(
            f"{path.parent} was started on other samples than {protocol.name!r} has now: resume it with the "
            "data it was started on, or give another --run-dir"
        )


def _load_progress(path: Path, recipe: Recipe, learner: Learner) -> TrainState:
    tensors, metadata = ckpt.load_tensors(path)
    _check_same_recipe(ckpt.read_recipe(metadata, path), recipe, path)
    try:
        saved = json.loads(metadata[ckpt.STATE_KEY])
        moments = ckpt.unflatten_optimizer(ckpt.subset(tensors, "optimizer."), saved["optimizer"])
        state, scaler = TrainState(**saved["state"]), saved["scaler"]
    except (KeyError, ValueError, TypeError) as error:
        raise MienError(f"{path} holds no training state, so the run cannot be resumed") from error
    ckpt.load_weights(learner.method, ckpt.subset(tensors, "method."), path)
    learner.objective.load_state_dict(ckpt.subset(tensors, "objective."))
    learner.optimizer.load_state_dict(moments)
    if scaler:
        learner.scaler.load_state_dict(scaler)
    if learner.ema is not None:
        learner.ema.load_state_dict(ckpt.subset(tensors, "ema."))
    return state


def _check_same_recipe(before: Recipe, now: Recipe, path: Path) -> None:
    changes = differing(before, now)
    # More epochs only continue a run whose earlier epochs did not depend on how many there would be.
    knows_its_end = now.train.schedule in ("cosine", "one_cycle") or now.train.mixup_off_epochs
    if set(changes) == {"train.epochs"} and not knows_its_end:
        return
    if changes:
        listed = "; ".join(f"{key} was {old!r}, is {new!r}" for key, (old, new) in changes.items())
        raise MienError(f"{path.parent} was started with another recipe: {listed}")
