"""One training on several processes: each learns from its share of every batch.

All processes draw and augment the same batch and take their share of it, and gradients are averaged with
the weights of the shares: so the gradient is that of the whole batch, as in one process, to rounding. Two
things see only a process's own share: batch statistics (BatchNorm's, and those of losses that compare the
samples of a batch or move centres), and dropout's draws. Buffers follow the first process. The first process
validates, and the others take over what it found.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import Tensor

from mien.data.batches import Batch

T = TypeVar("T")


def own_share(batch: Batch, accelerator: Accelerator) -> tuple[Batch, float]:
    """This process's part of a batch, and how often it would fit into the batch.

    Args:
        batch: The same in every process.
        accelerator: Which process this is, of how many.

    Returns:
        The part, and by what its mean loss is multiplied so that the mean over the processes is the mean
        over the batch. With fewer samples than processes, one that goes without learns nothing, from the
        first sample times 0: each process must take part in each exchange.
    """
    n = accelerator.num_processes
    if n == 1:
        return batch, 1.0
    places = torch.arange(len(batch.y)).tensor_split(n)[accelerator.process_index]
    idle = not len(places)
    places = torch.zeros(1, dtype=torch.long) if idle else places
    weight = None if batch.weight is None else batch.weight[places]
    part = Batch(batch.x[places], batch.y[places], batch.target[places], weight)
    return part, 0.0 if idle else n * share_of(part, batch)


def share_of(part: Batch, whole: Batch) -> float:
    """How much a part counts in the mean over a batch."""
    if part.weight is None or whole.weight is None:
        return len(part.y) / len(whole.y)
    return float(part.weight.sum() / whole.weight.sum())


def mean_of(value: float, accelerator: Accelerator) -> float:
    """The mean of a number over the processes."""
    if accelerator.num_processes == 1:
        return value
    told: Tensor = accelerator.reduce(
        torch.tensor(value, dtype=torch.float64, device=accelerator.device), reduction="mean"
    )
    return told.item()


def of_first(value: T, accelerator: Accelerator) -> T:
    """What the first process has, in every process."""
    if accelerator.num_processes == 1:
        return value
    box = [value]
    broadcast_object_list(box)
    return box[0]
