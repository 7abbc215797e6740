"""The random draws that changes of pictures are made of, all from one generator on the CPU."""

from __future__ import annotations

import torch
from torch import Tensor

from mien.core.augment import Augment, Change

Gates = dict[Change, Tensor]
"""For each change of an either-or group, bool [B]: which pictures it was picked for."""


def uniform(n: int, reach: float, generator: torch.Generator) -> Tensor:
    """[n] uniform in [-reach, reach]."""
    return (torch.rand(n, generator=generator) * 2 - 1) * reach


def chosen(n: int, probability: float, generator: torch.Generator) -> Tensor:
    """[n] bool."""
    return torch.rand(n, generator=generator) < probability


def either_or(n: int, how: Augment, generator: torch.Generator) -> Gates:
    """Pick at most one change of the group for each of n pictures; nothing is drawn without a group."""
    if not how.one_of:
        return {}
    happens = chosen(n, how.one_of_share, generator)
    which = torch.randint(len(how.one_of), (n,), generator=generator)
    return {change: happens & (which == place) for place, change in enumerate(how.one_of)}


def gate(change: Change, n: int, probability: float, gates: Gates, generator: torch.Generator) -> Tensor:
    """[n] bool: which pictures a change happens to."""
    return gates[change] if change in gates else chosen(n, probability, generator)
