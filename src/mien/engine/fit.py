"""Train a recipe: build, learn, validate, select, save; resume from any kill."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mien.core.errors import MienError
from mien.core.recipe import Recipe, TrainChoice
from mien.core.specs import ModelSpec
from mien.data.protocols import Protocol
from mien.data.sampling import epoch_order
from mien.engine import checkpoint as ckpt
from mien.engine.calibrate import calibrated
from mien.engine.distill import load_teachers
from mien.engine.loop import Learner, TrainingStep, TrainState, make_objective, n_steps, train_one_epoch
from mien.engine.optimiser import begins, compute_dtype, make_optimizer
from mien.engine.parts import Parts
from mien.engine.predict import logits_of
from mien.engine.processes import of_first
from mien.engine.run_folder import BEST, epoch_file, open_run, save_progress, selected_file
from mien.engine.shared_classes import start_with_shared_classes
from mien.methods import Method
from mien.metrics.classification import accuracy, confusion, uar
from mien.nets.layout import memory_format


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
        run_dir: Gets ``recipe.json``, ``protocol.json``, ``last.safetensors``, ``best.safetensors`` and
            ``history.json``.
        resume: Go on with the run in the folder; start one where there is none.
        listener: Hears of every step and epoch.

    Returns:
        The selected model, in eval mode, with its temperature fitted on the validation part.

    Raises:
        MienError: The folder holds another run or cannot be written, or the training diverged.
    """
    listener = listener or Listener()
    train = recipe.train
    n_seen = len(epoch_order(parts.train.labels, train.sampler, torch.Generator()))
    if not n_steps(n_seen, train.batch_size):
        raise MienError(f"{parts.protocol.name}: an epoch of {n_seen} samples is too few to learn from")
    learner = make_learner(recipe, parts)
    state = open_run(run_dir, recipe, parts.protocol, learner, resume)
    listener.on_start(state, n_seen, train.epochs)
    while state.epoch < train.epochs and not _out_of_patience(state, train):
        started = time.perf_counter()
        keeper = Keeper(run_dir, learner, recipe, parts, state)
        row = train_one_epoch(
            learner, parts.train, recipe, parts.spec.input, state, listener.on_step, keeper.check
        )
        keeper.check()
        state.epoch += 1
        row |= {"epoch": state.epoch, **keeper.told, "seconds": time.perf_counter() - started}
        state.history.append(row)
        if learner.accelerator.is_main_process:
            save_progress(run_dir, learner, state, recipe)
            if state.epoch in train.keep_epochs:
                weights = learner.kept.state_dict()
                ckpt.save_model(run_dir / epoch_file(state.epoch), weights, parts.spec, recipe)
        listener.on_epoch(state)
    learner.accelerator.wait_for_everyone()  # for the first process's files
    bundle = _finish(run_dir, recipe, parts, state, learner.accelerator.is_main_process)
    learner.accelerator.wait_for_everyone()
    return bundle


@dataclass(eq=False)
class Keeper:
    """Validates during an epoch and keeps the weights wherever they are the best so far.

    Attributes:
        told: The epoch's ``val_*``: of its last validation, or of the one whose weights were kept.
    """

    run_dir: Path
    learner: Learner
    recipe: Recipe
    parts: Parts
    state: TrainState
    told: dict[str, float] = field(default_factory=dict)
    _kept_one: bool = False

    def check(self) -> None:
        """Validate the weights as they are."""
        accelerator, train = self.learner.accelerator, self.recipe.train
        found = _validate(self.learner, self.parts) if accelerator.is_main_process else {}
        row = of_first(found, accelerator)
        better = _is_better(self.state, train, row)
        if better or not self._kept_one:
            self.told = row
        if better:
            self._kept_one = True
            self.state.best_score, self.state.best_epoch = selection_score(train, row), self.state.epoch + 1
            if self.learner.accelerator.is_main_process:
                weights = self.learner.kept.state_dict()
                path = self.run_dir / selected_file(self.recipe)
                ckpt.save_model(path, weights, self.parts.spec, self.recipe)


def make_learner(recipe: Recipe, parts: Parts) -> Learner:
    """Method, optimiser and weight average on their device, in the recipe's precision."""
    train = recipe.train
    set_seed(train.seed)
    # Accelerate keeps one precision for the life of a process, so the Learner switches it for each run
    accelerator = Accelerator(mixed_precision="no", step_scheduler_with_optimizer=False)
    method = ckpt.build_method(recipe, len(parts.spec.labels), parts.spec.input)
    if recipe.init_from is not None:
        start = recipe.init_from
        if recipe.init_classes == "shared":
            start_with_shared_classes(method, start, recipe, parts.spec)
        else:
            start_from(method, start, recipe.init_parts, parts.spec.labels)
    objective = make_objective(method, recipe, len(parts.spec.labels), parts.spec.input)
    if train.sam_rho and objective.moves():
        raise MienError(
            f"train.sam_rho asks for two passes a step, and the loss {', '.join(objective.moves())} would "
            "count each sample twice: choose one of them"
        )
    method.to(accelerator.device, memory_format=memory_format(method))
    objective.to(accelerator.device)
    ema = None
    if train.ema_decay:
        ema = AveragedModel(method, multi_avg_fn=get_ema_multi_avg_fn(train.ema_decay), use_buffers=True)
    optimizer = make_optimizer(train, method, objective)
    step, optimizer = accelerator.prepare(TrainingStep(method, objective), optimizer)
    dtype = compute_dtype(train)
    scaler = torch.amp.GradScaler(accelerator.device.type, enabled=dtype == torch.float16)
    teachers = None
    if recipe.distill is not None:
        teachers = load_teachers(recipe.distill, parts.spec, accelerator.device)
    return Learner(method, objective, step, optimizer, ema, accelerator, dtype, teachers, scaler)


def start_from(method: Method, path: str | Path, parts: Sequence[str], labels: tuple[str, ...]) -> None:
    """Take weights over from a trained model: all of them, or those of some parts.

    Args:
        method: Gets them.
        path: The model's run folder or file, or an embedded model's name.
        parts: Beginnings of the names of what is taken; empty takes everything.
        labels: Of the method, which the model must share where its classifier is taken.

    Raises:
        MienError: There is no such part, or what is taken does not fit.
    """
    source, spec, _ = ckpt.load_model(path)
    given = source.state_dict()
    if not parts:
        if spec.labels != labels:
            raise MienError(
                f"init_from: {path} tells {', '.join(spec.labels)}; these data have {', '.join(labels)}: "
                "name what to take in init_parts, without the classifier"
            )
        ckpt.load_weights(method, given, Path(path))
        return
    own = method.state_dict()
    for part in parts:
        taken = {name: value for name, value in given.items() if begins(name, part)}
        wanted = {name for name in own if begins(name, part)}
        if not taken or set(taken) != wanted or any(own[n].shape != v.shape for n, v in taken.items()):
            raise MienError(
                f"init_parts: {part!r} of {path} ({spec.method}) does not fit {part!r} of this network"
            )
        own |= taken
    method.load_state_dict(own)


def mix_weights(method: Method, start: Method, share: float) -> None:
    """Move each number of a network towards another one of the same form (Wortsman et al., CVPR 2022, eq. 1).

    Args:
        method: Is changed, its running statistics too.
        start: The other one.
        share: 0 leaves the network as it is, 1 makes it the other.
    """
    theirs = start.state_dict()
    mixed = {
        name: torch.lerp(own, theirs[name].to(own), share) if own.is_floating_point() else own
        for name, own in method.state_dict().items()
    }
    method.load_state_dict(mixed)


def _validate(learner: Learner, parts: Parts) -> dict[str, float]:
    """Loss, accuracy and UAR on the part that selects, under the names ``val_*``."""
    method = learner.kept.eval()
    packed, device = parts.select, learner.accelerator.device
    with learner.autocast():
        scores = logits_of(lambda x: method(x.to(device)), packed.images, parts.spec.input)
    matrix = confusion(packed.labels.numpy(), scores.argmax(1).numpy(), scores.shape[1])
    loss = torch.nn.functional.cross_entropy(scores, packed.labels).item()
    return {"val_loss": loss, "val_accuracy": accuracy(matrix), "val_uar": uar(matrix)}


def selection_score(train: TrainChoice, row: dict[str, float]) -> float:
    """What selects the checkpoint, higher is better, of an epoch's ``val_*`` figures."""
    return -row["val_loss"] if train.select_metric == "loss" else row[f"val_{train.select_metric}"]


def _is_better(state: TrainState, train: TrainChoice, row: dict[str, float]) -> bool:
    return (
        train.select == "last" or state.best_score is None or selection_score(train, row) > state.best_score
    )


def _out_of_patience(state: TrainState, train: TrainChoice) -> bool:
    if train.patience is None:
        return False
    if train.patience_counts == "no_improvement":
        return state.epoch - state.best_epoch >= train.patience
    losses = [row["val_loss"] for row in state.history]
    rises = [later > earlier for earlier, later in pairwise(losses)]
    return len(rises) >= train.patience and all(rises[-train.patience :])


def _finish(run_dir: Path, recipe: Recipe, parts: Parts, state: TrainState, save: bool) -> Bundle:
    """The selected weights, with the start's mixed in, calibrated on the validation part and saved."""
    method, spec, _ = ckpt.load_model(run_dir / selected_file(recipe))
    if recipe.train.start_share and recipe.init_from is not None:
        start, _, _ = ckpt.load_model(recipe.init_from)
        mix_weights(method, start, recipe.train.start_share)
        if save:
            ckpt.save_model(run_dir / BEST, method.state_dict(), spec, recipe)
    if parts.val is None:
        return Bundle(method, spec, recipe, parts.protocol, state, run_dir)
    scores = logits_of(method, parts.val.images, spec.input).numpy()
    part = recipe.data.val_split or f"{recipe.data.train_split}, held out"
    spec = calibrated(spec, scores, parts.val.labels.numpy(), f"{len(parts.val)} samples of {part}")
    if save:
        ckpt.save_model(run_dir / BEST, method.state_dict(), spec, recipe)
    return Bundle(method, spec, recipe, parts.protocol, state, run_dir)
