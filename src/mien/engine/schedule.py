"""Learning rate and training size as pure functions of the step and the epoch."""

from __future__ import annotations

import math

from mien.core.recipe import TrainChoice


def lr_at(step: int, train: TrainChoice, steps_per_epoch: int) -> float:
    """Learning rate of one optimiser step.

    Args:
        step: Optimiser steps taken before, from 0.
        train: Schedule and its constants.
        steps_per_epoch: Optimiser steps in an epoch.
    """
    if step < train.warmup_iters:
        return train.lr * (step + 1) / train.warmup_iters
    if train.schedule == "constant":
        return train.lr
    if train.schedule == "step":
        return train.lr * train.gamma ** (step // (steps_per_epoch * train.step_epochs))
    total = train.epochs * steps_per_epoch - train.warmup_iters
    progress = min(1.0, (step - train.warmup_iters) / max(1, total))
    return train.lr_min + (train.lr - train.lr_min) * 0.5 * (1 + math.cos(math.pi * progress))


def size_at(epoch: int, train: TrainChoice, full_px: int) -> int:
    """Side of the training crops in an epoch (from 0): the last entry of the size schedule that has begun."""
    begun = [start for start in train.size_schedule if start <= epoch]
    return train.size_schedule[max(begun)] if begun else full_px
