"""Several data sets in one label space: one csv that names the pictures where they lie.

Every sample keeps its origin; ids and subjects carry it in front, so that ``bu3dfe/F0001`` and
``cald3r/F0001`` are two people. The pictures stay in their folders. What a set keeps in no file of its own (a
row of a table, a frame of a video) is written as a png beside the csv.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError, MienError
from mien.core.labels import BASIC6, BASIC7, BASIC8, COMPOUND11, LabelSpace, project, project_scores
from mien.core.records import Sample
from mien.data.action_units import unit_emotion
from mien.data.datasets import FaceDataset
from mien.data.datasets._layout import refuse
from mien.data.datasets._names import canonical
from mien.data.hashing import content_hash
from mien.data.merged_table import write_table
from mien.data.pictures import read_picture
from mien.data.protocols import hold_out

SPACES = {"basic6": BASIC6, "basic7": BASIC7, "basic8": BASIC8, "compound11": COMPOUND11}
UNLABELLED, UNREADABLE = "no label", "cannot be read"


@dataclass(frozen=True)
class Source:
    """A data set with the name it has in the merged one."""

    origin: str
    dataset: FaceDataset


@dataclass
class Share:
    """What became of one set's samples.

    Attributes:
        n: Samples of the set.
        kept: Kept samples per label.
        dropped: Dropped samples per reason: a label that the merged set lacks, no label, cannot be read.
        from_units: Samples whose label comes from an action unit.
    """

    n: int
    kept: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    from_units: int = 0


@dataclass(frozen=True)
class Merged:
    """What was written.

    Attributes:
        out: The csv.
        labels: Its label space.
        shares: By origin.
        splits: Samples per split.
        notes: What one should know before training on it, one line each.
    """

    out: Path
    labels: LabelSpace
    shares: dict[str, Share]
    splits: dict[str, int]
    notes: tuple[str, ...]


def target_space(text: str) -> LabelSpace:
    """A label space as a person names it.

    Args:
        text: ``basic6``, ``basic7``, ``basic8``, ``compound11``, or at least two labels with commas between.

    Raises:
        MienError: Neither.
    """
    if text.strip().lower() in SPACES:
        return SPACES[text.strip().lower()]
    names = sorted({canonical(name) or name.strip() for name in text.split(",") if name.strip()})
    if len(names) < 2:
        raise MienError(
            f"labels {text!r}: expected {', '.join(SPACES)}, or at least two labels with commas between"
        )
    for space in (BASIC8, COMPOUND11):
        if set(names) <= set(space.names):
            return LabelSpace(tuple(names), space.kind)
    return LabelSpace(tuple(names), "mixture")


def merge(
    sources: Sequence[Source],
    labels: LabelSpace,
    out: Path,
    *,
    force: bool = False,
    skip_unreadable: bool = False,
    test_fraction: float | None = None,
    seed: int = 0,
    on_sample: Callable[[], object] = lambda: None,
) -> Merged:
    """Join data sets into one label space and write them as a table that the data set ``csv`` reads.

    Samples of labels that it lacks, and those without a label, are left out and counted; an action unit that
    stands for an emotion (see action_units.py) is its label. Every picture is read once.

    Args:
        sources: At least two, each of another origin.
        labels: The label space of the merged set.
        out: The csv; its folder is made.
        force: Replace `out` if it is there.
        skip_unreadable: Leave out pictures that cannot be read instead of stopping.
        test_fraction: Deal all samples anew into ``train`` and ``test``, a person to one of them; None keeps
            the splits of the sets.
        seed: Of that deal.
        on_sample: Called for each sample, for a progress bar.

    Raises:
        MienError: Fewer than two sets, or two of one name or folder; a set without labels or without one of
            these; pictures that cannot be read or stand in two sets; fewer than two classes; a file that is
            there already.
    """
    _check_sources(sources, labels)
    folder = out.with_name(f"{out.stem}_pictures")
    _check_out(out, folder, force)
    chosen: dict[str, list[Sample]] = {}
    shares: dict[str, Share] = {}
    for source in sources:
        shares[source.origin] = Share(len(source.dataset.samples))
        chosen[source.origin] = list(_projected(source, labels, shares[source.origin]))
    _refuse_shared_files(chosen)
    hashes, broken = _read_all(chosen, on_sample)
    if broken and not skip_unreadable:
        offenders = [f"{i} ({why})" for i, why in broken.items()]
        refuse(offenders, "pictures that cannot be read; mend them, or leave them out with --skip-unreadable")
    for origin, members in chosen.items():
        shares[origin].dropped[UNREADABLE] = sum(s.id in broken for s in members)
        chosen[origin] = [s for s in members if s.id not in broken]
        shares[origin].kept.update(labels.names[s.label] for s in chosen[origin])
    samples = [s for members in chosen.values() for s in members]
    if len({s.label for s in samples}) < 2:
        raise MienError(f"{len(samples)} samples are left, of fewer than two classes: nothing to learn from")
    if test_fraction is not None:
        samples = _dealt(samples, test_fraction, seed, hashes)
    write_table(samples, labels, out, folder)
    notes = tuple(_notes(sources, shares, samples, labels, hashes))
    return Merged(out, labels, shares, dict(Counter(s.split for s in samples)), notes)


def _check_sources(sources: Sequence[Source], labels: LabelSpace) -> None:
    """Names, folders and labels."""
    if len(sources) < 2:
        raise MienError(f"a merge joins at least two data sets, got {len(sources)}")
    for origin, n in Counter(source.origin for source in sources).items():
        if n > 1:
            raise MienError(
                f"two of the sets are called {origin!r}, so their ids would clash; call one otherwise: "
                f"other:{origin}=FOLDER"
            )
        if not re.fullmatch(r"[\w.+-]+", origin):
            raise MienError(f"an origin is one word of letters, digits and . + - _, not {origin!r}")
    roots = Counter((s.dataset.info.name, s.dataset.root.resolve()) for s in sources)
    for (name, root), n in roots.items():
        if n > 1:
            raise MienError(f"{name} in {root} was given twice")
    for source in sources:
        dataset, where = source.dataset, f"{source.origin} ({source.dataset.root})"
        units = any(unit_emotion(str(s.meta.get("action_unit", ""))) for s in dataset.samples)
        if not units and all(s.label < 0 for s in dataset.samples):
            raise MienError(f"{where} has no labels, so it cannot be joined")
        if not units and (project(dataset.labels.names, labels) < 0).all():
            raise MienError(
                f"{where} has none of the labels {', '.join(labels.names)}; "
                f"it has {', '.join(dataset.labels.names)}"
            )
        twice = [i for i, n in Counter(s.id for s in dataset.samples).items() if n > 1]
        refuse(twice, f"{where}: ids that stand in the set twice")


def _check_out(out: Path, folder: Path, force: bool) -> None:
    if out.suffix.lower() != ".csv":
        raise MienError(f"{out}: a merged set is written as .csv")
    for path in (out, folder):
        if path.exists() and not force:
            raise MienError(f"{path} is there already; write elsewhere, or replace it with --force")
    out.parent.mkdir(parents=True, exist_ok=True)


def _projected(source: Source, labels: LabelSpace, share: Share) -> Iterator[Sample]:
    """The samples of a set in the merged label space, with its origin before ids and subjects."""
    native = source.dataset.labels
    places = project(native.names, labels)
    for sample in source.dataset.samples:
        label, origin = int(places[sample.label]) if sample.label >= 0 else -1, source.origin
        unit = str(sample.meta.get("action_unit", ""))
        if sample.label < 0:
            emotion = unit_emotion(unit)
            label = labels.names.index(emotion) if emotion in labels.names else -1
            share.from_units += label >= 0
        if label < 0:
            name = native.names[sample.label] if sample.label >= 0 else unit_emotion(unit)
            share.dropped[name or (f"action unit {unit}" if unit else UNLABELLED)] += 1
            continue
        yield replace(
            sample,
            id=f"{origin}/{sample.id}",
            label=label,
            soft_label=_soft(sample.soft_label, native, labels),
            subject=sample.subject and f"{origin}/{sample.subject}",
            sequence=sample.sequence and f"{origin}/{sample.sequence}",
            meta={**sample.meta, "origin": origin},
        )


def _soft(
    shares: NDArray[np.float64] | None, native: LabelSpace, labels: LabelSpace
) -> NDArray[np.float64] | None:
    if shares is None:
        return None
    kept = project_scores(shares[None], native.names, labels)[0]
    return kept / kept.sum() if kept.sum() > 0 else None


def _refuse_shared_files(chosen: dict[str, list[Sample]]) -> None:
    """A file that stands in two sets would count twice."""
    owner: dict[str, str] = {}
    shared = []
    for origin, members in chosen.items():
        for sample in members:
            if isinstance(sample.image, Path):
                file = os.path.realpath(sample.image)
                if owner.setdefault(file, origin) != origin:
                    shared.append(f"{sample.image} (in {owner[file]} and {origin})")
    refuse(shared, "pictures that stand in two of the sets")


def _read_all(
    chosen: dict[str, list[Sample]], on_sample: Callable[[], object]
) -> tuple[dict[str, str], dict[str, str]]:
    """Content hash by id, and error by id of what cannot be read."""
    hashes: dict[str, str] = {}
    broken: dict[str, str] = {}
    for sample in (s for members in chosen.values() for s in members):
        try:
            hashes[sample.id] = content_hash(read_picture(sample.image))
        except InputError as error:
            broken[sample.id] = str(error)
        on_sample()
    return hashes, broken


def _dealt(samples: list[Sample], fraction: float, seed: int, hashes: dict[str, str]) -> list[Sample]:
    """All samples in ``train`` and ``test``; a person, or where nobody is known a picture, in one of them."""

    def group(sample: Sample) -> Hashable:
        return sample.subject or sample.sequence or hashes[sample.id]

    _, held = hold_out(samples, fraction, seed, group)
    tested = {s.id for s in held}
    return [replace(s, split="test" if s.id in tested else "train") for s in samples]


def _notes(
    sources: Sequence[Source],
    shares: dict[str, Share],
    samples: Sequence[Sample],
    labels: LabelSpace,
    hashes: dict[str, str],
) -> Iterator[str]:
    """What one should know before training."""
    found = {s.label for s in samples}
    absent = [name for k, name in enumerate(labels.names) if k not in found]
    if absent:
        yield f"no sample of {', '.join(absent)}"
    empty = [origin for origin, share in shares.items() if not share.kept]
    if empty:
        yield f"nothing is left of {', '.join(empty)}"
    for what, n in (
        (
            "subject, so a held-out part may share people with training",
            sum(s.subject is None for s in samples),
        ),
        ("depth", sum(s.depth is None for s in samples)),
    ):
        if 0 < n < len(samples):
            yield f"{n:,} of {len(samples):,} samples have no {what}"
    ready = [s.origin for s in sources if s.dataset.info.crops]
    if len(ready) == len(sources):
        yield "all sets come as ready crops: train with data.faces: ready"
    elif ready:
        whole = [s.origin for s in sources if s.origin not in ready]
        yield f"{', '.join(ready)} come as ready crops and {', '.join(whole)} as whole pictures"
    homes: dict[str, set[str]] = {}
    for sample in samples:
        homes.setdefault(hashes[sample.id], set()).add(str(sample.meta["origin"]))
    doubled = sum(len(origins) > 1 for origins in homes.values())
    if doubled:
        yield f"{doubled:,} pictures stand in several sets, pixel for pixel (mien data audit csv shows them)"
