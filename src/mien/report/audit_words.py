"""What an audit found, said in sentences: the grave ones first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mien.data.audit import Audit
from mien.data.togetherness import Spread
from mien.report.page import percent

Weight = Literal["grave", "note", "fine"]


@dataclass(frozen=True)
class Finding:
    """One sentence.

    Attributes:
        weight: ``grave`` spoils results, ``note`` is to be known, ``fine`` is as it should be.
        text: The sentence.
    """

    weight: Weight
    text: str


def findings(found: Audit, crops: bool) -> list[Finding]:
    """What the audit says, most serious first.

    Args:
        found: The audit.
        crops: Whether the set comes as face crops.
    """
    said = [
        *_counts(found),
        *_copies(found),
        *_splits(found),
        *_together("people", found.subjects, "who is in its pictures"),
        *(_together("sequences", found.sequences, "") if found.sequences.n else ()),
        *_colours(found),
        *_faces(found, crops),
        *_broken(found),
    ]
    order: tuple[Weight, ...] = ("grave", "note", "fine")
    return sorted(said, key=lambda finding: order.index(finding.weight))


def _counts(found: Audit) -> Iterator[Finding]:
    if not found.published:
        yield Finding("note", "No numbers are published for this set.")
    elif found.differences:
        n = len(found.differences)
        yield Finding("grave", f"{_many(n, 'number differs', 'numbers differ')} from the published ones.")
    else:
        yield Finding("fine", "All numbers are the published ones.")


def _copies(found: Audit) -> Iterator[Finding]:
    if not found.exact:
        yield Finding("fine", "No picture stands in the set twice, pixel for pixel.")
    else:
        yield Finding(
            "note",
            f"{_many(found.n_extra, 'sample repeats', 'samples repeat')} the pixels of an earlier one, in "
            f"{_many(len(found.exact), 'group', 'groups')}.",
        )
    if found.exact_conflicts:
        n = len(found.exact_conflicts)
        yield Finding(
            "grave",
            f"{_many(n, 'group of exact copies has', 'groups of exact copies have')} different labels.",
        )
    if found.near is None:
        yield Finding("note", "Near copies were not looked for.")
        return
    if not found.near:
        yield Finding("fine", "No two pictures are prints of one photograph.")
        return
    n, mirrored = len(found.near), sum(pair.mirrored for pair in found.near)
    yield Finding(
        "note",
        f"{_many(n, 'pair', 'pairs')} of different pictures show one photograph"
        + (f", {mirrored:,} of them mirrored." if mirrored else "."),
    )
    conflicts = sum(not pair.same_label for pair in found.near)
    if conflicts:
        pairs = _many(conflicts, "pair of near copies has", "pairs of near copies have")
        yield Finding("grave", f"{pairs} different labels.")


def _splits(found: Audit) -> Iterator[Finding]:
    """The worst leak between two splits; the others stand in the table."""
    if len(found.counts) < 2:
        yield Finding("note", f"The set has one split, {next(iter(found.counts), '')}: nothing can leak yet.")
        return
    table = found.exact_across if found.near_across is None else found.near_across
    sizes = {split: sum(classes.values()) for split, classes in found.counts.items()}
    leaks = [
        (n / sizes[split], n, split, other)
        for split, row in table.items()
        for other, n in row.items()
        if n and other != split
    ]
    if not leaks:
        yield Finding("fine", "No picture stands in two splits.")
        return
    share, n, split, other = max(leaks)
    yield Finding(
        "grave",
        f"{n:,} of {sizes[split]:,} samples of {split} ({percent(share)}) have a copy in {other}.",
    )


def _together(what: str, spread: Spread, unknown: str) -> Iterator[Finding]:
    if not spread.n:
        yield Finding(
            "note", f"The set does not say {unknown}: whether {what} stand in several splits is not known."
        )
    elif spread.across:
        n = len(spread.across)
        yield Finding("grave", f"{n:,} of {spread.n:,} {what} stand in several splits.")
    else:
        yield Finding("fine", f"Each of {spread.n:,} {what} stands in one split.")


def _colours(found: Audit) -> Iterator[Finding]:
    colours = found.colours
    n, blue = sum(colours.n.values()), sum(colours.n_blue.values())
    for split in colours.exchanged:
        yield Finding(
            "grave",
            f"Red and blue seem to be exchanged in {split}: in {colours.n_blue[split]:,} of "
            f"{colours.n[split]:,} pictures the middle of the face is more blue than red.",
        )
    for split in colours.mixed:
        yield Finding(
            "grave",
            f"In {colours.n_blue[split]:,} of {colours.n[split]:,} pictures of {split} "
            f"({percent(colours.n_blue[split] / colours.n[split])}) the middle of the face is more blue than "
            "red, more than light explains: some may be stored with red and blue exchanged.",
        )
    if not n:
        yield Finding("fine", "All pictures are grey: they have no colours to exchange.")
    elif not colours.exchanged and not colours.mixed:
        yield Finding(
            "fine",
            f"Colours are in order: skin is more blue than red in {blue:,} of {n:,} pictures "
            f"({percent(blue / n)}).",
        )


def _faces(found: Audit, crops: bool) -> Iterator[Finding]:
    if found.without_face is None:
        why = "the set comes as crops, which are taken as they come" if crops else "ask for it with --faces"
        yield Finding("note", f"Faces were not looked for: {why}.")
    elif found.without_face:
        n, read = len(found.without_face), found.n - len(found.unreadable)
        yield Finding("grave", f"No face was found in {n:,} of {read:,} pictures ({percent(n / read)}).")
    else:
        yield Finding("fine", "A face was found in every picture.")


def _broken(found: Audit) -> Iterator[Finding]:
    if found.unreadable:
        n = len(found.unreadable)
        yield Finding("grave", f"{_many(n, 'picture cannot be', 'pictures cannot be')} read.")
    else:
        yield Finding("fine", "Every picture can be read.")
    if found.blank:
        yield Finding("grave", f"{_many(len(found.blank), 'picture shows', 'pictures show')} nothing.")


def _many(n: int, one: str, several: str) -> str:
    return f"{n:,} {one if n == 1 else several}"
