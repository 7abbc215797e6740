"""Protocols: which samples teach, which select, which are reported. A protocol is a thing one can read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from mien.core.errors import MienError
from mien.core.records import Sample


@dataclass(frozen=True)
class Protocol:
    """Who is in which part.

    Attributes:
        name: Shown in reports.
        parts: Sample ids per part: ``train``, ``val``, and ``test`` where there is one.
        select_on: The part that picks the checkpoint.
        report_on: The part that is reported.
        group_by: What never stands in two parts at once.
        leaks: What the protocol leaks, one line each; empty for an honest one.
    """

    name: str
    parts: dict[str, tuple[str, ...]]
    select_on: str
    report_on: str
    group_by: str
    leaks: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.select_on == self.report_on and not self.leaks:
            raise MienError(
                f"protocol {self.name} selects and reports on {self.report_on!r}: it must say so in leaks"
            )

    def digest(self) -> str:
        """sha256 over the parts and their ids."""
        text = "\n".join(f"{part}\t{i}" for part in sorted(self.parts) for i in self.parts[part])
        return hashlib.sha256(text.encode()).hexdigest()


def hold_out(
    samples: Sequence[Sample], fraction: float, seed: int, group: Callable[[Sample], Hashable]
) -> tuple[list[Sample], list[Sample]]:
    """Split samples in two, class by class, without parting a group.

    Groups are drawn at random until a class has its share; a group with several classes counts for the class
    of its first sample by id.

    Args:
        samples: What to split.
        fraction: Share of the second part, 0..1.
        seed: Same seed, same split, whatever the order of `samples` in memory.
        group: Key of what must stay together (a subject, a picture's content hash).

    Returns:
        The rest and the held-out part, each in the order of `samples`.

    Raises:
        MienError: A part would be empty.
    """
    groups: dict[Hashable, list[Sample]] = {}
    for sample in sorted(samples, key=lambda s: s.id):
        groups.setdefault(group(sample), []).append(sample)
    by_class: dict[int, list[list[Sample]]] = {}
    for members in groups.values():
        by_class.setdefault(members[0].label, []).append(members)
    rng = np.random.default_rng(seed)
    held: set[str] = set()
    for label in sorted(by_class):
        candidates = by_class[label]
        wanted = fraction * sum(map(len, candidates))
        taken = 0
        for place in rng.permutation(len(candidates)):
            if taken >= wanted:
                break
            held.update(s.id for s in candidates[place])
            taken += len(candidates[place])
    rest, part = [s for s in samples if s.id not in held], [s for s in samples if s.id in held]
    if not rest or not part:
        raise MienError(
            f"{len(samples)} samples in {len(groups)} groups cannot be split with fraction {fraction}"
        )
    return rest, part
