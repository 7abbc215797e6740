"""What is wrong with a data set before anybody trains on it: copies, leaks, counts, colours, no faces."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from mien.core.records import ImageArray, Sample
from mien.data.close_look import LEAST_PX, close_up
from mien.data.colour_order import ColourOrder, colour_order, red_over_blue
from mien.data.crops import face_of
from mien.data.datasets import FaceDataset
from mien.data.hashing import Fingerprint, grouped, meant, read_fingerprints
from mien.data.near_duplicates import Close, near_duplicates
from mien.data.pictures import read_picture, to_grey
from mien.data.published import published_classes
from mien.data.togetherness import Spread, sequence_of, spread, subject_of
from mien.faces.detector import Detector

UNLABELLED = "(none)"
REMEMBERED = 4_096  # pictures kept for close looks, 16 kB each
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
        published_classes: Published samples per split and class, of the splits of which they are known.
        differences: What differs from the published numbers, one line each.
        unreadable: Error by sample id.
        blank: Ids of pictures that show nothing (fewer than BLANK_SPAN grey levels).
        exact: Groups of two ids or more that have the very same pixels.
        exact_across: For each split, how many of its samples have an exact copy in each split (itself
            included).
        exact_conflicts: The groups of `exact` whose labels differ.
        near: Near copies; None where they were not looked for. Frames of one sequence in one split are alike
            by nature and left out.
        near_across: As `exact_across`, with exact and near copies together; None where not looked for.
        subjects: People, and those that stand in several splits.
        sequences: Videos and sequences, and those that stand in several splits.
        colours: What the colour of skin says of the order of the channels.
        without_face: Ids of the samples in which no face was found; None where it was not looked for.
    """

    name: str
    n: int
    n_distinct: int
    counts: Mapping[str, Mapping[str, int]]
    published: Mapping[str, int]
    published_classes: Mapping[str, Mapping[str, int]]
    differences: tuple[str, ...]
    unreadable: Mapping[str, str]
    blank: tuple[str, ...]
    exact: tuple[tuple[str, ...], ...]
    exact_across: Mapping[str, Mapping[str, int]]
    exact_conflicts: tuple[tuple[str, ...], ...]
    near: tuple[NearCopy, ...] | None
    near_across: Mapping[str, Mapping[str, int]] | None
    subjects: Spread
    sequences: Spread
    colours: ColourOrder
    without_face: tuple[str, ...] | None

    @property
    def n_extra(self) -> int:
        """Samples that repeat the pixels of an earlier one."""
        return sum(len(group) - 1 for group in self.exact)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data for JSON."""
        return asdict(self) | {"n_extra": self.n_extra}


def audit(
    dataset: FaceDataset,
    near: bool = True,
    on_sample: Callable[[], object] = lambda: None,
    detector: Detector | None = None,
) -> Audit:
    """Look for what makes results on a data set wrong or hard to compare.

    Args:
        dataset: Any data set that has been read.
        near: Also look for near duplicates; the time for that grows with the square of the number of
            pictures.
        on_sample: Called for each sample read and for each picture compared, for a progress bar.
        detector: Looks for the face of every sample of which the set itself does not give the points; None
            looks for none.
    """
    samples = {s.id: s for s in dataset.samples}
    look = _Look(detector)
    prints, unreadable = read_fingerprints(dataset.samples, on_sample, look)
    pictures = grouped((i, p.sha256) for i, p in prints.items())
    exact = tuple(group for group in pictures if len(group) > 1)
    links = near_links(pictures, prints, samples, on_sample) if near else None
    if links is not None:
        links = [link for link in links if not _of_one_sequence(link, pictures, samples)]
    return Audit(
        name=dataset.info.name,
        n=len(dataset.samples),
        n_distinct=len(pictures),
        counts=count(dataset),
        published=dict(dataset.published),
        published_classes=published_classes(dataset.info.name, dataset.published),
        differences=differences(dataset),
        unreadable=unreadable,
        blank=tuple(i for i, p in prints.items() if p.span < BLANK_SPAN),
        exact=exact,
        exact_across=across(pictures, [], samples),
        exact_conflicts=tuple(group for group in exact if len({samples[i].label for i in group}) > 1),
        near=None if links is None else tuple(_near_copy(link, pictures, samples) for link in links),
        near_across=None if links is None else across(pictures, [link[:2] for link in links], samples),
        subjects=spread(dataset.samples, subject_of),
        sequences=spread(dataset.samples, sequence_of),
        colours=colour_order(dataset.samples, look.colours),
        without_face=None if detector is None else tuple(look.without_face),
    )


@dataclass
class _Look:
    """What is noted of each picture while it is read for its fingerprint."""

    detector: Detector | None
    colours: dict[str, float | None] = field(default_factory=dict)
    without_face: list[str] = field(default_factory=list)

    def __call__(self, sample: Sample, image: ImageArray) -> None:
        face = face_of(sample, image, self.detector) if self.detector else sample.face
        if self.detector and face is None:
            self.without_face.append(sample.id)
        self.colours[sample.id] = red_over_blue(image, face.box if face else sample.box)


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
        samples = {s.id: s for s in dataset.samples}
        pairs = [link[:2] for link in near_links(pictures, prints, samples)]
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
    """What differs from the published numbers of samples, one line per split or class."""
    found = Counter(s.split for s in dataset.samples)
    lines = [
        f"{split}: {n:,} samples published, {found[split]:,} found"
        for split, n in dataset.published.items()
        if found[split] != n
    ]
    counts = count(dataset)
    for split, classes in published_classes(dataset.info.name, dataset.published).items():
        lines += [
            f"{split}, {name}: {n:,} published, {counts[split].get(name, 0):,} found"
            for name, n in classes.items()
            if split in counts and counts[split].get(name, 0) != n
        ]
    return tuple(lines)


Link = tuple[int, int, float, bool]
"""Two places in a list of different pictures, the score of their likeness, and whether one is mirrored."""


def near_links(
    pictures: Sequence[tuple[str, ...]],
    prints: Mapping[str, Fingerprint],
    samples: Mapping[str, Sample],
    on_picture: Callable[[], object] = lambda: None,
) -> list[Link]:
    """Near copies among different pictures, blank ones left out.

    Args:
        pictures: Ids of the samples that show each picture.
        prints: Fingerprints by sample id.
        samples: By id, to read those again that need a closer look.
        on_picture: For a progress bar.
    """
    places = [i for i, group in enumerate(pictures) if prints[group[0]].span >= BLANK_SPAN]
    firsts = [pictures[i][0] for i in places]
    close = _closer_looks([samples[i] for i in firsts], [min(prints[i].size) for i in firsts])
    pairs = near_duplicates([prints[i].thumbnail for i in firsts], on_picture, close)
    return [(places[p.first], places[p.second], round(p.score, 4), p.mirrored) for p in pairs]


def _closer_looks(samples: Sequence[Sample], sides_px: Sequence[int]) -> Close:
    """Reads a picture again, as large as a close look wants it; the last few are remembered."""

    @lru_cache(REMEMBERED)
    def close(place: int) -> ImageArray | None:
        if sides_px[place] < LEAST_PX:
            return None
        sample = samples[place]
        return close_up(to_grey(meant(sample, read_picture(sample.image))))

    return close


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


def _of_one_sequence(link: Link, pictures: Sequence[tuple[str, ...]], samples: Mapping[str, Sample]) -> bool:
    """Whether all samples of two pictures are frames of one sequence, in one split."""
    places = {(sequence_of(samples[i]), samples[i].split) for i in (*pictures[link[0]], *pictures[link[1]])}
    return len(places) == 1 and places.pop()[0] is not None


def _near_copy(link: Link, pictures: Sequence[tuple[str, ...]], samples: Mapping[str, Sample]) -> NearCopy:
    a, b, score, mirrored = link
    labels: Collection[int] = {samples[i].label for i in (*pictures[a], *pictures[b])}
    return NearCopy((pictures[a][0], pictures[b][0]), score, mirrored, len(labels) == 1)
