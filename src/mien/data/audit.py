"""What is wrong with a data set before anybody trains on it: copies, leaks, blank pictures, counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mien.core.records import Sample
from mien.data.datasets import FaceDataset
from mien.data.hashing import Fingerprint, grouped, read_fingerprints
from mien.data.near_duplicates import near_duplicates

UNLABELLED = "(none)"
BLANK_SPAN = 8  # grey levels; the faintest real picture of FER2013 spans 48, its blank ones at most 3


@dataclass(frozen=True)
class NearCopy:
    """Two different pictures of one photograph.

    Attributes:
        ids: Sample ids; a picture with exact copies stands here once, under the id of the first.
        score: Correlation of their fine detail, up to 1.
        mirrored: Whether one is the mirror image of the other.
        same_label: Whether all samples of both pictures have one label.
    """

    ids: tuple[str, str]
    score: float
    mirrored: bool
    same_label: bool


@dataclass(frozen=True)
class Audit:
    """What was found in a data set.

    Attributes:
        name: Registry name of the set.
        n: Number of samples.
        n_distinct: Number of different pictures among those that can be read.
        counts: Samples per split and label name.
        published: Published number of samples per split; empty where there is none.
        differences: What differs from the published numbers, one line each.
        unreadable: Error by sample id.
        blank: Ids of pictures that show nothing (fewer than BLANK_SPAN grey levels).
        exact: Groups of two ids or more that have the very same pixels.
        exact_across: For each split, how many of its samples have an exact copy in each split (itself
            included).
        exact_conflicts: The groups of `exact` whose labels differ.
        near: Near copies; None where they were not looked for.
        near_across: As `exact_across`, with exact and near copies together; None where not looked for.
    """

    name: str
    n: int
    n_distinct: int
    counts: Mapping[str, Mapping[str, int]]
    published: Mapping[str, int]
    differences: tuple[str, ...]
    unreadable: Mapping[str, str]
    blank: tuple[str, ...]
    exact: tuple[tuple[str, ...], ...]
    exact_across: Mapping[str, Mapping[str, int]]
    exact_conflicts: tuple[tuple[str, ...], ...]
    near: tuple[NearCopy, ...] | None
    near_across: Mapping[str, Mapping[str, int]] | None

    @property
    def n_extra(self) -> int:
        """Samples that repeat the pixels of an earlier one."""
        return sum(len(group) - 1 for group in self.exact)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data for JSON."""
        return asdict(self) | {"n_extra": self.n_extra}


def audit(dataset: FaceDataset, near: bool = True, on_sample: Callable[[], object] = lambda: None) -> Audit:
    """Look for what makes results on a data set wrong or hard to compare.

    Args:
        dataset: Any data set that has been read.
        near: Also look for near duplicates; the time for that grows with the square of the number of
            pictures.
        on_sample: Called for each sample read and for each picture compared, for a progress bar.
    """
    samples = {s.id: s for s in dataset.samples}
    prints, unreadable = read_fingerprints(dataset.samples, on_sample)
    pictures = grouped((i, p.sha256) for i, p in prints.items())
    exact = tuple(group for group in pictures if len(group) > 1)
    links = near_links(pictures, prints, on_sample) if near else None
    return Audit(
        name=dataset.info.name,
        n=len(dataset.samples),
        n_distinct=len(pictures),
        counts=count(dataset),
        published=dict(dataset.published),
        differences=differences(dataset),
        unreadable=unreadable,
        blank=tuple(i for i, p in prints.items() if p.span < BLANK_SPAN),
        exact=exact,
        exact_across=across(pictures, [], samples),
        exact_conflicts=tuple(group for group in exact if len({samples[i].label for i in group}) > 1),
        near=None if links is None else tuple(_near_copy(link, pictures, samples) for link in links),
        near_across=None if links is None else across(pictures, [link[:2] for link in links], samples),
    )


def leaks(dataset: FaceDataset, test_split: str, near: bool = False) -> set[str]:
    """Ids of samples in other splits that are copies of a sample of the test split.

    Args:
        dataset: Any data set that has been read.
        test_split: The split to be reported on.
        near: Count near copies, mirror images among them, as well as exact ones.

    Raises:
        MienError: The set has no such split.
    """
    tested = {s.id for s in dataset.split(test_split)}
    prints, _ = read_fingerprints(dataset.samples)
    pictures = grouped((i, p.sha256) for i, p in prints.items())
    seen = {place for place, group in enumerate(pictures) if not tested.isdisjoint(group)}
    if near:
        pairs = [link[:2] for link in near_links(pictures, prints)]
        seen |= {b if a in seen else a for a, b in pairs if (a in seen) != (b in seen)}
    return {i for place in seen for i in pictures[place]} - tested


def count(dataset: FaceDataset) -> dict[str, dict[str, int]]:
    """Samples per split and label name; labels without a sample count 0."""
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for sample in dataset.samples:
        counts[sample.split][sample.label] += 1
    table = {}
    for split, found in counts.items():
        table[split] = {name: found[place] for place, name in enumerate(dataset.labels.names)}
        if found[-1]:
            table[split][UNLABELLED] = found[-1]
    return table


def differences(dataset: FaceDataset) -> tuple[str, ...]:
    """What differs from the published number of samples, one line per split."""
    found = Counter(s.split for s in dataset.samples)
    return tuple(
        f"{split}: {n:,} samples published, {found[split]:,} found"
        for split, n in dataset.published.items()
        if found[split] != n
    )


Link = tuple[int, int, float, bool]
"""Two places in a list of different pictures, the score of their likeness, and whether one is mirrored."""


def near_links(
    pictures: Sequence[tuple[str, ...]],
    prints: Mapping[str, Fingerprint],
    on_picture: Callable[[], object] = lambda: None,
) -> list[Link]:
    """Near copies among different pictures, blank ones left out.

    Args:
        pictures: Ids of the samples that show each picture.
        prints: Fingerprints by sample id.
        on_picture: For a progress bar.
    """
    places = [i for i, group in enumerate(pictures) if prints[group[0]].span >= BLANK_SPAN]
    pairs = near_duplicates([prints[pictures[i][0]].thumbnail for i in places], on_picture)
    return [(places[p.first], places[p.second], round(p.score, 4), p.mirrored) for p in pairs]


def across(
    pictures: Sequence[tuple[str, ...]], links: Sequence[tuple[int, int]], samples: Mapping[str, Sample]
) -> dict[str, dict[str, int]]:
    """For each split, how many of its samples have a copy in each split.

    Args:
        pictures: Ids of the samples that show each picture.
        links: Places of pictures that count as copies of one another.
        samples: By id.
    """
    splits = list(dict.fromkeys(s.split for s in samples.values()))
    here = [Counter(samples[i].split for i in group) for group in pictures]
    reach = [Counter(counter) for counter in here]
    for a, b in links:
        reach[a] += here[b]
        reach[b] += here[a]
    table = {a: dict.fromkeys(splits, 0) for a in splits}
    for own, copies in zip(here, reach, strict=True):
        for split, n in own.items():
            for other in splits:
                itself = 1 if other == split else 0
                if copies[other] > itself:
                    table[split][other] += n
    return table


def _near_copy(link: Link, pictures: Sequence[tuple[str, ...]], samples: Mapping[str, Sample]) -> NearCopy:
    a, b, score, mirrored = link
    labels: Collection[int] = {samples[i].label for i in (*pictures[a], *pictures[b])}
    return NearCopy((pictures[a][0], pictures[b][0]), score, mirrored, len(labels) == 1)
