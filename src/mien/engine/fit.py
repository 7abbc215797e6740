"""Train a recipe: build, learn, validate, select, save; resume from any kill."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mien.core.errors import MienError
from mien.core.recipe import Recipe, TrainChoice
from mien.core.specs import Calibration, ModelSpec
from mien.data.batches import Packed
from mien.data.protocols import Protocol
from mien.data.transforms import normalise
from mien.engine import checkpoint as ckpt
from mien.engine.loop import Learner, TrainingStep, TrainState, n_steps, train_one_epoch
from mien.engine.parts import Parts
from mien.methods import Method
from mien.metrics.calibration import fit_temperature
from mien.metrics.classification import accuracy, confusion, uar


@dataclass(frozen=True)
class Listener:
    """What a display hears of a run; every field may be replaced.

    Attributes:
        on_start: (state, samples per epoch, epochs) before the first epoch of this process.
        on_step: (samples, loss) after each batch.
        on_epoch: (state) after each epoch.
    """

    on_start: Callable[[TrainState, int, int], object] = lambda state, n, epochs: None
    on_step: Callable[[int, float], object] = lambda n, loss: None
    on_epoch: Callable[[TrainState], object] = lambda state: None


@dataclass(frozen=True)
class Bundle:
    """A trained model and what made it."""

    method: Method
    spec: ModelSpec
    recipe: Recipe
    protocol: Protocol
    state: TrainState
    run_dir: Path


def fit(
    recipe: Recipe, parts: Parts, run_dir: Path, resume: bool = False, listener: Listener | None = None
) -> Bundle:
    """Train a recipe on ready parts.

    Args:
        recipe: What to do.
        parts: Packed train, val (and test for paper parity) with their protocol.
        run_dir: Gets ``recipe.yaml``, ``protocol.json``, ``last.safetensors``, ``best.safetensors``, ``history.json``.
        resume: Go on from ``last.safetensors`` where there is one.
        listener: Hears of every step and epoch.

    Returns:
        The selected model, in eval mode, with its temperature fitted on the validation part.

    Raises:
        MienError: The folder holds another run, or there is nothing to resume.
    """
    listener = listener or Listener()
    train = recipe.train
    learner = make_learner(recipe, parts)
    state = _open_run(run_dir, recipe, parts.protocol, learner, resume)
    listener.on_start(state, len(parts.train), train.epochs)
    while state.epoch < train.epochs and not _out_of_patience(state, train):
        started = time.perf_counter()
        row = train_one_epoch(learner, parts.train, recipe, parts.spec.input, state, listener.on_step)
        state.epoch += 1
        row |= {"epoch": state.epoch, **_validate(learner, parts), "seconds": time.perf_counter() - started}
        state.history.append(row)
        if _is_better(state, train, row):
            state.best_score, state.best_epoch = _score(train, row), state.epoch
            if learner.accelerator.is_main_process:
                ckpt.save_model(run_dir / "best.safetensors", _weights(learner), parts.spec, recipe)
        if learner.accelerator.is_main_process:
            _save_last(run_dir, learner, state)
        listener.on_epoch(state)
    return _finish(run_dir, recipe, parts, state)


def make_learner(recipe: Recipe, parts: Parts) -> Learner:
    """Method, optimiser and weight average on their device, in the recipe's precision."""
    train = recipe.train
    set_seed(train.seed)
    precision = "bf16" if wants_bf16(train) else "no"
    accelerator = Accelerator(mixed_precision=precision, step_scheduler_with_optimizer=False)
    method = ckpt.build_method(recipe, len(parts.spec.labels), parts.spec.input.n_channels)
    if recipe.init_from is not None:
        source, _, _ = ckpt.load_model(Path(recipe.init_from))
        method.load_state_dict(source.state_dict())
    method.to(accelerator.device, memory_format=torch.channels_last)
    groups = method.param_groups(train.weight_decay)
    optimizer: torch.optim.Optimizer
    if train.optimizer == "sgd":
        optimizer = torch.optim.SGD(groups, lr=train.lr, momentum=train.momentum, nesterov=train.momentum > 0)
    else:
        optimizer = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[train.optimizer](
            groups, lr=train.lr
        )
    ema = None
    if train.ema_decay:
        ema = AveragedModel(method, multi_avg_fn=get_ema_multi_avg_fn(train.ema_decay), use_buffers=True)
    step, optimizer = accelerator.prepare(TrainingStep(method), optimizer)
    return Learner(method, step, optimizer, ema, accelerator)


def wants_bf16(train: TrainChoice) -> bool:
    """Whether to compute in bf16: as told, or with ``auto`` where the hardware multiplies bf16 natively."""
    if train.precision != "auto":
        return train.precision == "bf16"
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _weights(learner: Learner) -> dict[str, Tensor]:
    """The weights that are validated and kept: the average where there is one."""
    return (learner.method if learner.ema is None else learner.ema.module).state_dict()


def _validate(learner: Learner, parts: Parts) -> dict[str, float]:
    """Loss, accuracy and UAR on the part that selects, under the names ``val_*``."""
    method = learner.method if learner.ema is None else learner.ema.module
    method.eval()
    logits = []
    packed = parts.select
    with torch.inference_mode(), learner.accelerator.autocast():
        for chunk in packed.images.split(256):
            logits.append(
                method(normalise(chunk, parts.spec.input).to(learner.accelerator.device)).float().cpu()
            )
    scores = torch.cat(logits)
    matrix = confusion(packed.labels.numpy(), scores.argmax(1).numpy(), scores.shape[1])
    loss = torch.nn.functional.cross_entropy(scores, packed.labels).item()
    return {"val_loss": loss, "val_accuracy": accuracy(matrix), "val_uar": uar(matrix)}


def _score(train: TrainChoice, row: dict[str, float]) -> float:
    return -row["val_loss"] if train.select_metric == "loss" else row[f"val_{train.select_metric}"]


def _is_better(state: TrainState, train: TrainChoice, row: dict[str, float]) -> bool:
    return train.select == "last" or state.best_score is None or _score(train, row) > state.best_score


def _out_of_patience(state: TrainState, train: TrainChoice) -> bool:
    return train.patience is not None and state.epoch - state.best_epoch >= train.patience


def _open_run(
    run_dir: Path, recipe: Recipe, protocol: Protocol, learner: Learner, resume: bool
) -> TrainState:
    last = run_dir / "last.safetensors"
    if resume and last.is_file():
        return _load_last(last, recipe, learner)
    if last.exists():
        raise MienError(
            f"{run_dir} holds a run already: give another --run-dir, or go on with it by --resume"
        )
    if learner.accelerator.is_main_process:
        run_dir.mkdir(parents=True, exist_ok=True)
        (run_dir / "recipe.json").write_text(recipe.model_dump_json(indent=2) + "\n")
        (run_dir / "protocol.json").write_text(
            json.dumps(asdict(protocol) | {"sha256": protocol.digest()}) + "\n"
        )
    return TrainState()


def _save_last(run_dir: Path, learner: Learner, state: TrainState) -> None:
    moments, plain = ckpt.flatten_optimizer(learner.optimizer.state_dict())
    tensors = ckpt.under("method.", learner.method.state_dict()) | ckpt.under("optimizer.", moments)
    if learner.ema is not None:
        tensors |= ckpt.under("ema.", learner.ema.state_dict())
    recipe = (run_dir / "recipe.json").read_text()
    metadata = {
        ckpt.STATE_KEY: json.dumps({"state": asdict(state), "optimizer": plain}),
        ckpt.RECIPE_KEY: recipe,
    }
    ckpt.save_tensors(run_dir / "last.safetensors", tensors, metadata)
    unfinished = run_dir / "history.json.tmp"
    unfinished.write_text(json.dumps(state.history, indent=1) + "\n")
    os.replace(unfinished, run_dir / "history.json")


def _load_last(path: Path, recipe: Recipe, learner: Learner) -> TrainState:
    tensors, metadata = ckpt.load_tensors(path)
    before = Recipe.model_validate_json(metadata[ckpt.RECIPE_KEY])
    longer = before.model_copy(
        update={"train": before.train.model_copy(update={"epochs": recipe.train.epochs})}
    )
    if longer.digest() != recipe.digest():
        raise MienError(
            f"{path.parent} was started with another recipe ({path.parent / 'recipe.json'}): {_differing(before, recipe)}"
        )
    if before.digest() != recipe.digest() and recipe.train.schedule == "cosine":
        raise MienError(
            "a cosine schedule ends where it was planned to end; resume with the same train.epochs"
        )
    saved = json.loads(metadata[ckpt.STATE_KEY])
    learner.method.load_state_dict(ckpt.subset(tensors, "method."))
    learner.optimizer.load_state_dict(
        ckpt.unflatten_optimizer(ckpt.subset(tensors, "optimizer."), saved["optimizer"])
    )
    if learner.ema is not None:
        learner.ema.load_state_dict(ckpt.subset(tensors, "ema."))
    return TrainState(**saved["state"])


def _differing(before: Recipe, now: Recipe) -> str:
    old, new = before.model_dump(), now.model_dump()
    flat_old, flat_new = (
        {
            f"{s}.{k}" if isinstance(v, dict) else s: (x if isinstance(v, dict) else v)
            for s, v in tree.items()
            for k, x in (v.items() if isinstance(v, dict) else [("", v)])
        }
        for tree in (old, new)
    )
    changed = [
        f"{k} was {flat_old.get(k)!r}, is {flat_new.get(k)!r}"
        for k in sorted({*flat_old, *flat_new})
        if flat_old.get(k) != flat_new.get(k)
    ]
    return "; ".join(changed)


def _finish(run_dir: Path, recipe: Recipe, parts: Parts, state: TrainState) -> Bundle:
    """Load the selected weights, fit their temperature on the validation part, and save them with it."""
    method, spec, _ = ckpt.load_model(run_dir)
    with torch.inference_mode():
        scores = torch.cat([method(normalise(c, spec.input)) for c in parts.val.images.split(256)])
    temperature = fit_temperature(scores.numpy().astype(np.float64), parts.val.labels.numpy())
    fitted_on = f"{len(parts.val)} samples held out of {recipe.data.train_split} (the part that selected)"
    spec = spec.model_copy(update={"calibration": Calibration(temperature=temperature, fitted_on=fitted_on)})
    ckpt.save_model(run_dir / "best.safetensors", method.state_dict(), spec, recipe)
    return Bundle(method, spec, recipe, parts.protocol, state, run_dir)
