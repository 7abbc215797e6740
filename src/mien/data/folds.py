"""Folds made from samples: seeded, the same whatever the order in memory, stratified where groups allow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from mien.core.errors import MienError
from mien.core.protocol_choice import Fixed, Folding, LeaveOneOut, MadeChoice, Splitting
from mien.core.records import Sample
from mien.core.registry import Registry
from mien.data.deal import deal
from mien.data.eightfold import altered, with_altered
from mien.data.grouping import GroupKey, group_key, some
from mien.data.protocols import hold_out

TRAIN, VAL, TEST = "train", "val", "test"
PARTS = (TRAIN, VAL, TEST)
_HELD_OUT = 1  # tells the draw of a validation part from all others


@dataclass(frozen=True)
class Fold:
    """One division of the samples.

    Attributes:
        repeat: Which repetition, from 0.
        index: Which fold of the repetition, from 0.
        parts: Sample ids per part, each sorted; ``val`` is missing where nothing is held out.
    """

    repeat: int
    index: int
    parts: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class FoldSet:
    """A protocol applied to a data set.

    Attributes:
        choice: The protocol.
        labels: Label names of the samples' integers.
        samples: All that the folds speak of, sorted by id, altered copies among them.
        folds: In order of repetition.
    """

    choice: MadeChoice
    labels: tuple[str, ...]
    samples: tuple[Sample, ...]
    folds: tuple[Fold, ...]

    def members(self, fold: Fold) -> dict[str, list[Sample]]:
        """The samples of each part of a fold."""
        return {part: [self._by_id[i] for i in ids] for part, ids in fold.parts.items()}

    @cached_property
    def _by_id(self) -> dict[str, Sample]:
        return {s.id: s for s in self.samples}

    def name(self, fold: Fold) -> str:
        """A fold in words: ``fold 3 of 10``, with its repetition where there are several."""
        per_repeat = sum(f.repeat == fold.repeat for f in self.folds)
        repeats = 1 + max(f.repeat for f in self.folds)
        told = f"fold {fold.index + 1} of {per_repeat}"
        if repeats == 1:
            return told
        return f"repetition {fold.repeat + 1}" if per_repeat == 1 else f"repetition {fold.repeat + 1}, {told}"


@dataclass(frozen=True)
class Draft:
    """A fold whose validation part is still to be held out of `train`, unless it is given."""

    repeat: int
    index: int
    train: list[Sample]
    test: list[Sample]
    val: list[Sample] | None = None


Maker = Callable[[Sequence[Sample], Any, GroupKey], list[Draft]]
MAKERS: Registry[Maker] = Registry("protocol")


def make_folds(samples: Sequence[Sample], labels: Sequence[str], choice: MadeChoice) -> FoldSet:
    """Divide samples as a protocol says.

    Args:
        samples: Labelled ones, in any order.
        labels: Label names.
        choice: The protocol.

    Raises:
        MienError: The samples do not allow it: too few groups, subjects or sequences that are not known, a
            single class, or a class that no fold could learn.
    """
    pool = sorted(samples, key=lambda s: s.id)
    _check_pool(pool, labels)
    if choice.eightfold == "before_split":
        pool = sorted(with_altered(pool), key=lambda s: s.id)
    key = group_key(choice.group, pool)
    drafts = [_hold_out(draft, choice, key) for draft in MAKERS[choice.name](pool, choice, key)]
    copies: list[Sample] = []
    if choice.eightfold == "training":
        copies = [copy for sample in pool for copy in altered(sample)]
        drafts = [_enlarged(draft) for draft in drafts]
    everything = sorted([*pool, *copies], key=lambda s: s.id)
    made = FoldSet(choice, tuple(labels), tuple(everything), tuple(_fold(draft) for draft in drafts))
    for fold, draft in zip(made.folds, drafts, strict=True):
        _check_classes(made.name(fold), draft, pool, labels, choice)
    return made


def absent_from_tests(folds: FoldSet) -> list[str]:
    """One line for every class that some test parts lack."""
    label_of = {s.id: s.label for s in folds.samples}
    every = set(label_of.values())
    lacking: dict[int, int] = {}
    for fold in folds.folds:
        for label in every - {label_of[i] for i in fold.parts[TEST]}:
            lacking[label] = lacking.get(label, 0) + 1
    return [
        f"no {folds.labels[label]} in the test part of {n} of {len(folds.folds)} folds"
        for label, n in sorted(lacking.items())
    ]


def _check_pool(pool: Sequence[Sample], labels: Sequence[str]) -> None:
    ids = [s.id for s in pool]
    twice = sorted({a for a, b in pairwise(ids) if a == b})
    if twice:
        raise MienError(f"samples share an id ({some(twice)}), so folds cannot tell them apart")
    present = sorted({labels[s.label] for s in pool})
    if len(present) < 2:
        raise MienError(
            f"folds need at least two classes; the {len(pool):,} samples have "
            + (f"{present[0]} alone" if present else "none")
        )


def _check_classes(
    name: str, draft: Draft, pool: Sequence[Sample], labels: Sequence[str], choice: MadeChoice
) -> None:
    """A class that is tested, or selected by, must have been taught."""
    taught = {s.label for s in draft.train}
    for label in sorted({s.label for s in pool} - taught):
        raise MienError(
            f"{choice.in_words()}: {name} has no {labels[label]} in its training part; take fewer folds, a "
            "smaller val_fraction, or leave the class out with data.classes"
        )


def _hold_out(draft: Draft, choice: MadeChoice, key: GroupKey) -> Draft:
    if draft.val is not None or not choice.val_fraction:
        return draft
    place = np.random.SeedSequence([choice.seed, draft.repeat, draft.index, _HELD_OUT])
    train, val = hold_out(draft.train, choice.val_fraction, int(place.generate_state(1)[0]), key)
    return Draft(draft.repeat, draft.index, train, draft.test, val)


def _enlarged(draft: Draft) -> Draft:
    return Draft(draft.repeat, draft.index, with_altered(draft.train), draft.test, draft.val)


def _fold(draft: Draft) -> Fold:
    parts = {TRAIN: draft.train, VAL: draft.val, TEST: draft.test}
    ids = {part: tuple(sorted(s.id for s in members)) for part, members in parts.items() if members}
    return Fold(draft.repeat, draft.index, ids)


def _drawn(pool: Sequence[Sample], choice: Folding, repeat: int) -> Sequence[Sample]:
    """The samples of the subjects that take part in a repetition."""
    if choice.subjects is None:
        return pool
    of_subject = group_key("subject", pool)
    people = sorted({str(of_subject(s)) for s in pool})
    if len(people) < choice.subjects:
        raise MienError(f"{choice.name} draws {choice.subjects} subjects; there are {len(people)}")
    rng = np.random.default_rng([choice.seed, repeat] if choice.redraw else [choice.seed])
    chosen = set(rng.choice(people, choice.subjects, replace=False).tolist())
    return [s for s in pool if str(of_subject(s)) in chosen]


@MAKERS.register("kfold")
@MAKERS.register("bu3dfe_60")
@MAKERS.register("mff_image_folds")
@MAKERS.register("thesis_sample_folds")
@MAKERS.register("thesis_60_subjects")
def _kfold(pool: Sequence[Sample], choice: Folding, key: GroupKey) -> list[Draft]:
    drafts = []
    for repeat in range(choice.repeats):
        drawn = _drawn(pool, choice, repeat)
        groups = sorted({key(s) for s in drawn}, key=str)
        if len(groups) < choice.folds:
            raise MienError(
                f"{choice.folds} folds by {choice.group} need at least {choice.folds} of them; there are "
                f"{len(groups)}"
            )
        place = {group: i for i, group in enumerate(groups)}
        profiles = np.zeros((len(groups), max(s.label for s in drawn) + 1), np.int64)
        for s in drawn:
            profiles[place[key(s)], s.label] += 1
        fold_of = deal(profiles, choice.folds, np.random.default_rng([choice.seed, repeat, 0]))
        dealt = [(s, fold_of[place[key(s)]]) for s in drawn]
        for fold in range(choice.folds):
            train, test = [s for s, f in dealt if f != fold], [s for s, f in dealt if f == fold]
            drafts.append(Draft(repeat, fold, train, test))
    return drafts


@MAKERS.register("leave_one_out")
def _leave_one_out(pool: Sequence[Sample], choice: LeaveOneOut, key: GroupKey) -> list[Draft]:
    groups = sorted({key(s) for s in pool}, key=str)
    if len(groups) < 2:
        raise MienError(f"leaving one {choice.group} out needs at least two; there is {len(groups)}")
    return [
        Draft(0, i, [s for s in pool if key(s) != group], [s for s in pool if key(s) == group])
        for i, group in enumerate(groups)
    ]


@MAKERS.register("repeated_split")
@MAKERS.register("thesis_60_40")
def _splits(pool: Sequence[Sample], choice: Splitting, key: GroupKey) -> list[Draft]:
    drafts = []
    for repeat in range(choice.repeats):
        seed = int(np.random.SeedSequence([choice.seed, repeat]).generate_state(1)[0])
        train, test = hold_out(pool, 1 - choice.train_fraction, seed, key)
        drafts.append(Draft(repeat, 0, train, test))
    return drafts


@MAKERS.register("fixed")
def _fixed(pool: Sequence[Sample], choice: Fixed, key: GroupKey) -> list[Draft]:
    def split(name: str) -> list[Sample]:
        chosen = [s for s in pool if s.split == name]
        if not chosen:
            raise MienError(f"no split {name!r}; there are: {', '.join(sorted({s.split for s in pool}))}")
        return chosen

    val = split(choice.val) if choice.val is not None else None
    return [Draft(0, 0, split(choice.train), split(choice.test), val)]
