"""What a division of samples leaks: test samples that have something of their own in training, counted."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from mien.core.records import Sample
from mien.data.eightfold import origin
from mien.data.folds import TEST, TRAIN, VAL, Fold, FoldSet
from mien.data.protocols import Protocol

SHARED: dict[str, Callable[[Sample], Hashable]] = {
    "an altered copy of the same picture": origin,
    "another frame of the same sequence": lambda s: s.sequence,
    "another picture of the same person": lambda s: s.subject,
}


def shared_with_training(parts: Mapping[str, Sequence[Sample]]) -> dict[str, int]:
    """How many test samples share something with a sample of the training or validation part.

    Args:
        parts: Samples of ``train``, ``val`` (may be missing) and ``test``.

    Returns:
        Count for each key of `SHARED`; 0 too where nobody knows.
    """
    known = [*parts[TRAIN], *parts.get(VAL, ())]
    counts = {}
    for what, key in SHARED.items():
        seen = {key(s) for s in known} - {None}
        counts[what] = sum(key(s) in seen for s in parts[TEST])
    return counts


def leak_lines(folds: FoldSet, some_of: Iterable[Fold] | None = None) -> tuple[str, ...]:
    """What the folds leak, one line each; none for folds that keep people apart.

    Args:
        folds: The folds.
        some_of: Only these of them; None counts all.
    """
    counts, n = dict.fromkeys(SHARED, 0), 0
    for fold in folds.folds if some_of is None else some_of:
        parts = folds.members(fold)
        n += len(parts[TEST])
        for what, count in shared_with_training(parts).items():
            counts[what] += count
    lines = [
        f"{count:,} of {n:,} test images have {what} in training" for what, count in counts.items() if count
    ]
    if any(s.subject is None for s in folds.samples):
        lines.append("whether people stand in training and test at once cannot be counted: not all are known")
    return tuple(lines)


def protocol_of(folds: FoldSet, fold: Fold, select_on: str = VAL, said: tuple[str, ...] = ()) -> Protocol:
    """One fold as a protocol of its own.

    Args:
        folds: All folds.
        fold: One of them.
        select_on: The part that picks the checkpoint.
        said: Further leaks.
    """
    return Protocol(
        name=f"{folds.choice.in_words()}: {folds.name(fold)}",
        parts=dict(fold.parts),
        select_on=select_on,
        report_on=TEST,
        group_by=folds.choice.group,
        leaks=(*leak_lines(folds, [fold]), *said),
    )
