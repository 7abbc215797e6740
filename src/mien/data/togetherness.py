"""People and sequences that stand in more than one split: a model tested on them has met them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from mien.core.records import Sample


@dataclass(frozen=True)
class Spread:
    """How things that should stay in one split are spread.

    Attributes:
        n: How many there are.
        n_samples: Samples of which the set says what they belong to.
        across: Samples per split of each that stands in several, by name.
    """

    n: int
    n_samples: int
    across: Mapping[str, Mapping[str, int]]


def spread(samples: Sequence[Sample], key: Callable[[Sample], Hashable | None]) -> Spread:
    """Which groups of samples stand in more than one split.

    Args:
        samples: Of a whole set.
        key: What a sample belongs to; None where that is not known.
    """
    groups: dict[Hashable, Counter[str]] = defaultdict(Counter)
    for sample in samples:
        name = key(sample)
        if name is not None:
            groups[name][sample.split] += 1
    across = {str(name): dict(counts) for name, counts in groups.items() if len(counts) > 1}
    return Spread(len(groups), sum(sum(counts.values()) for counts in groups.values()), across)


def subject_of(sample: Sample) -> str | None:
    """The person; None where the set does not say."""
    return sample.subject


def sequence_of(sample: Sample) -> str | None:
    """The video or sequence, with its person where known: some sets number the sequences of each anew."""
    if sample.sequence is None or sample.subject is None or sample.sequence.startswith(sample.subject):
        return sample.sequence
    return f"{sample.subject}/{sample.sequence}"
