"""Which samples an epoch sees, and in which order."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Sampler = Literal["shuffle", "weighted", "mrr"]


def epoch_order(labels: Tensor, how: Sampler, generator: torch.Generator) -> Tensor:
    """Indices of one epoch's samples; the next call with the same generator gives the next epoch's.

    Args:
        labels: int64 [N], at least one; classes that have no sample are left out of account.
        how: ``shuffle`` takes every sample once. ``weighted`` draws N with replacement, each with probability
            in proportion to 1 / n_class. ``mrr``, minimal random resampling (Shi and Zhu, arXiv 2103.10189,
            section 4.4), draws from each class, without replacement, as many as the rarest class has.
        generator: Of the draw.

    Returns:
        int64 [N], or with ``mrr`` [classes present * size of the rarest].
    """
    if how == "shuffle":
        return torch.randperm(len(labels), generator=generator)
    counts = torch.bincount(labels)
    if how == "weighted":
        per_sample = counts.double().reciprocal()[labels]
        return torch.multinomial(per_sample, len(labels), replacement=True, generator=generator)
    present = counts.nonzero().flatten()
    n_min = int(counts[present].min())
    drawn = torch.cat([_draw((labels == k).nonzero().flatten(), n_min, generator) for k in present])
    return drawn[torch.randperm(len(drawn), generator=generator)]


def _draw(places: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """As many as n of the places, without replacement."""
    return places[torch.randperm(len(places), generator=generator)[:n]]
