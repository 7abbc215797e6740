"""Learning rate and training size as pure functions of the step and the epoch."""

from __future__ import annotations

import math

from mien.core.recipe import TrainChoice


def lr_at(step: int, train: TrainChoice, steps_per_epoch: int, factor: float = 1.0) -> float:
    """Learning rate of one optimiser step.

    Args:
        step: Optimiser steps taken before, from 0.
        train: Schedule and its constants.
        steps_per_epoch: Optimiser steps in an epoch.
        factor: Of the peak, for a part of the network with its own rate; `lr_min` is the same for all parts.
    """
    peak = train.lr * factor
    if step < train.warmup_iters:
        return peak * (step + 1) / train.warmup_iters
    epoch = step // steps_per_epoch
    if train.schedule == "constant":
        return peak
    if train.schedule == "step":
        return peak * train.gamma ** (epoch // train.step_epochs)
    if train.schedule == "multistep":
        return peak * train.gamma ** sum(epoch >= milestone for milestone in train.milestones)
    if train.schedule == "exponential":
        return peak * train.gamma**epoch
    first, total = train.warmup_iters, train.epochs * steps_per_epoch
    if train.schedule == "one_cycle":
        top = train.rise * (total - 1)
        if step < top:
            return _cosine(train.lr_min, peak, step / top)
        return _cosine(peak, train.lr_min, (step - top) / max(1, total - 1 - top))
    return _cosine(peak, train.lr_min, (step - first) / max(1, total - first))


def _cosine(start: float, end: float, progress: float) -> float:
    """Half a cosine from start to end while progress goes from 0 to 1."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def size_at(epoch: int, train: TrainChoice, full_px: int) -> int:
    """Side of the training crops in an epoch (from 0): the last entry of the size schedule that has begun."""
    begun = [start for start in train.size_schedule if start <= epoch]
    return train.size_schedule[max(begun)] if begun else full_px
