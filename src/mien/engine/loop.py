"""The training loop: forward, backward, clip, step. Every method and every data set runs through this one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from mien.core.errors import MienError
from mien.core.recipe import Recipe, TrainChoice
from mien.core.specs import InputSpec
from mien.data.batches import Batch, Packed, batches_of
from mien.data.sampling import epoch_order
from mien.data.transforms import augment, cut_mix, mix, normalise, resize
from mien.engine.distill import Teachers
from mien.engine.optimiser import set_training
from mien.engine.processes import mean_of, own_share, share_of
from mien.engine.schedule import lr_at, size_at
from mien.engine.sharpness import uphill
from mien.losses import Objective, Sizes
from mien.methods import Method


@dataclass(frozen=True)
class StepOutput:
    """What a training step gives the loop.

    Attributes:
        loss: Scalar to minimise.
        logits: [B, K].
        parts: Each term of the loss without its weight, for the log.
    """

    loss: Tensor
    logits: Tensor
    parts: dict[str, Tensor]


class TrainingStep(nn.Module):
    """Method and objective as one forward, so that autocast and data-parallel wrappers reach all of it."""

    def __init__(self, method: Method, objective: Objective) -> None:
        super().__init__()
        self.method = method
        self.objective = objective

    def forward(self, batch: Batch) -> StepOutput:
        """One batch -> loss and logits."""
        outputs = self.method.outputs(batch.x)
        loss, parts = self.objective(outputs, batch)
        return StepOutput(loss, outputs["logits"], parts)


def make_objective(method: Method, recipe: Recipe, n_classes: int, spec: InputSpec) -> Objective:
    """The recipe's loss, or the method's own, sized by one forward of a blank picture.

    Raises:
        MienError: Unknown loss or parameter, or one that needs what the method does not give.
    """
    was_training = method.training
    blank = torch.zeros(1, spec.n_channels, spec.size_px, spec.size_px)
    with torch.no_grad():
        outputs = method.eval().outputs(blank)
    method.train(was_training)
    shapes = {name: tuple(value.shape[1:]) for name, value in outputs.items()}
    return Objective(recipe.loss or method.losses(), Sizes(n_classes, shapes))


@dataclass
class TrainState:
    """Everything that moves while a model learns, besides its weights; saved and restored whole.

    Attributes:
        epoch: Epochs finished.
        step: Optimiser steps taken.
        best_score: Best selection score so far (higher is better); None before the first.
        best_epoch: Epoch (from 1) of that score.
        history: One mapping of numbers per epoch.
    """

    epoch: int = 0
    step: int = 0
    best_score: float | None = None
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Learner:
    """What learns, where and how precisely.

    Attributes:
        method: The network.
        objective: What it learns by, with the state of the losses.
        step: `TrainingStep` of both, wrapped for the device or processes it runs on.
        optimizer: Moves the method's weights.
        ema: Their running average; None without one.
        accelerator: Where it all runs.
        dtype: Type to compute in.
        teachers: What it learns from besides the labels.
        scaler: Scales the loss where the type is fp16, whose small gradients would vanish.
    """

    method: Method
    objective: Objective
    step: nn.Module
    optimizer: torch.optim.Optimizer
    ema: AveragedModel | None
    accelerator: Accelerator
    dtype: torch.dtype = torch.float32
    teachers: Teachers | None = None
    scaler: torch.amp.GradScaler = field(default_factory=lambda: torch.amp.GradScaler("cpu", enabled=False))

    @property
    def kept(self) -> nn.Module:
        """The network that is validated and saved: the weight average where there is one."""
        return self.method if self.ema is None else self.ema.module

    def autocast(self) -> torch.autocast:
        """The precision to compute in, as a context."""
        enabled = self.dtype != torch.float32
        return torch.autocast(self.accelerator.device.type, self.dtype if enabled else None, enabled=enabled)

    def update(self, clip_norm: float | None) -> None:
        """One step of everything that moves, with the gradients as they are, clipped once unscaled."""
        optimizer = getattr(self.optimizer, "optimizer", self.optimizer)  # without accelerate's wrapper
        if clip_norm is not None:
            if self.scaler.is_enabled():
                self.scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(self.method.parameters(), clip_norm)
        self.scaler.step(optimizer)
        self.scaler.update()
        self.objective.end_step()
        if self.ema is not None:
            self.ema.update_parameters(self.method)


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """All randomness of an epoch, from the seed and its number: a resumed run repeats an unbroken one."""
    torch.manual_seed(seed * 1_000_003 + epoch)  # dropout draws from the global generator
    return torch.Generator().manual_seed(seed * 1_000_003 + epoch)


def make_batch(
    packed: Packed,
    places: Tensor,
    recipe: Recipe,
    spec: InputSpec,
    epoch: int,
    class_weight: Tensor | None,
    generator: torch.Generator,
) -> Batch:
    """Cut, augment, resize, mix and normalise one batch."""
    train = recipe.train
    whole, x = augment(packed.images[places], recipe.augment, generator, spec)
    side = size_at(epoch, train, spec.size_px)
    if side != spec.size_px:
        x = resize(x, side)
    target = packed.targets[places]
    if train.label_smoothing:
        target = target * (1 - train.label_smoothing) + train.label_smoothing / target.shape[1]
    if epoch < train.epochs - train.mixup_off_epochs:
        x, target = _mixed(x, target, train, generator)
    weight = None if class_weight is None else class_weight[packed.labels[places]]
    looked_at = recipe.distill is not None and recipe.distill.sees == "whole"
    seen = normalise(whole, spec) if looked_at else None
    return Batch(normalise(x, spec), packed.labels[places], target, weight, seen)


def _mixed(
    x: Tensor, target: Tensor, train: TrainChoice, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """The batch after mixup or CutMix, whichever the recipe wants, or one of both."""
    cut = bool(train.cutmix)
    if train.mixup and train.cutmix:
        cut = bool(torch.randint(2, (1,), generator=generator))
    if cut:
        return cut_mix(x, target, train.cutmix, generator)
    return mix(x, target, train.mixup, generator) if train.mixup else (x, target)


def train_one_epoch(
    learner: Learner,
    packed: Packed,
    recipe: Recipe,
    spec: InputSpec,
    state: TrainState,
    on_step: Callable[[int, float], object],
    on_check: Callable[[], object] = lambda: None,
) -> dict[str, float]:
    """One pass over the training part.

    Args:
        learner: What learns.
        packed: The training part.
        recipe: How.
        spec: The model's input.
        state: `step` moves on.
        on_step: Called with (samples, loss) after each batch.
        on_check: Called where the recipe wants a validation before the epoch's end.

    Returns:
        Mean ``train_loss``, ``train_accuracy`` (against the hard labels, on augmented pictures), ``lr``.
    """
    train = recipe.train
    generator = epoch_generator(train.seed, state.epoch)
    order = epoch_order(packed.labels, train.sampler, generator)
    steps_per_epoch = n_steps(len(order), train.batch_size)
    weight = class_weights(packed) if train.class_weights else None
    sums = torch.zeros(3, dtype=torch.float64)
    set_training(learner.method, train.freeze)
    for n_before, places in enumerate(batches_of(order, train.batch_size)):
        lr = lr_at(state.step, train, steps_per_epoch)
        for group in learner.optimizer.param_groups:
            group["lr"] = lr_at(state.step, train, steps_per_epoch, group.get("lr_factor", 1.0))
        batch = make_batch(packed, places, recipe, spec, state.epoch, weight, generator)
        if learner.teachers is not None:
            with learner.autocast():
                batch = learner.teachers.taught(batch.to(learner.accelerator.device))
        learner.optimizer.zero_grad()
        loss, n_right = backward(learner, batch, train.batch_size // train.accumulate)
        if not math.isfinite(loss):
            raise _diverged(loss, batch, [packed.ids[i] for i in places.tolist()], state, lr)
        if train.sam_rho:
            with uphill(learner.step, train.sam_rho):
                learner.optimizer.zero_grad()
                backward(learner, batch, train.batch_size // train.accumulate)
        learner.update(train.clip_norm)
        state.step += 1
        sums += torch.tensor([loss * len(places), n_right, len(places)], dtype=torch.float64)
        on_step(len(places), loss)
        if is_check(n_before + 1, steps_per_epoch, train.validations):
            on_check()
            set_training(learner.method, train.freeze)
    total, right, n = sums.tolist()
    return {"train_loss": total / n, "train_accuracy": right / n, "lr": lr}


def is_check(n_done: int, n_steps: int, n_checks: int) -> bool:
    """Whether one of an epoch's evenly spread validations, but for the last, follows its step `n_done`."""
    return n_done < n_steps and n_done * n_checks // n_steps > (n_done - 1) * n_checks // n_steps


def _diverged(loss: float, batch: Batch, ids: list[str], state: TrainState, lr: float) -> MienError:
    """Why a loss is not finite, as far as can be told: a sample's input, or the step."""
    where = f"step {state.step + 1} (epoch {state.epoch + 1}, learning rate {lr:.2g})"
    bad = [name for name, x in zip(ids, batch.x, strict=True) if not x.isfinite().all()]
    if bad:
        return MienError(
            f"the input of {len(bad)} samples in {where} is not finite: {', '.join(bad[:5])}; drop them"
        )
    named = ", ".join(ids[:8]) + (f" and {len(ids) - 8} more" if len(ids) > 8 else "")
    return MienError(
        f"training diverged: the loss is {loss} in {where}, on the samples {named}; lower train.lr or "
        "lengthen train.warmup_iters"
    )


def backward(learner: Learner, batch: Batch, micro: int) -> tuple[float, int]:
    """Add up a batch's gradients, `micro` samples at a time; gives its mean loss and the number it got right.

    A part counts by its samples, or by their weights, so the sum is the gradient of the whole batch's mean.
    Of several processes, each works on its share of every part.
    """
    loss, n_right = 0.0, 0.0
    accelerator = learner.accelerator
    for part in split_batch(batch, micro):
        own, times = own_share(part, accelerator)
        with learner.autocast():
            output = learner.step(own.to(accelerator.device))
        share = output.loss * (times * share_of(part, batch))
        accelerator.backward(learner.scaler.scale(share))
        loss += share.item()
        n_right += float(times > 0) * int((output.logits.argmax(1).cpu() == own.y.cpu()).sum())
    n = accelerator.num_processes
    return mean_of(loss, accelerator), round(n * mean_of(n_right, accelerator))


def n_steps(n_samples: int, batch_size: int) -> int:
    """Optimiser steps in an epoch; a last batch of one sample is left out."""
    full, rest = divmod(n_samples, batch_size)
    return full + (rest > 1)


def split_batch(batch: Batch, micro: int) -> list[Batch]:
    """Cut a batch for gradient accumulation; a last sample alone joins those before it (BatchNorm)."""
    n = len(batch.y)
    sizes = [micro] * (n // micro) + [n % micro] * (n % micro > 0)
    if micro > 1 and len(sizes) > 1 and sizes[-1] == 1:
        sizes[-2:] = [micro + 1]
    cut: list[Any] = [t.split(sizes) for t in (batch.x, batch.y, batch.target)]
    weights = [None] * len(cut[0]) if batch.weight is None else batch.weight.split(sizes)
    return [Batch(x, y, target, w) for x, y, target, w in zip(*cut, weights, strict=True)]


def class_weights(packed: Packed) -> Tensor:
    """w_k = N / (K n_k), [K]; 0 for a class without samples."""
    counts = torch.bincount(packed.labels, minlength=packed.targets.shape[1]).double()
    weights = len(packed) / (len(counts) * counts.clamp(min=1))
    return torch.where(counts > 0, weights, 0.0).float()
