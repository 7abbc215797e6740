"""The page of `mien data audit`: what was found, in words, and the pictures themselves beside one another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from mien.core.errors import InputError
from mien.core.palette import label_colors
from mien.core.records import Sample
from mien.data.audit import UNLABELLED, Audit
from mien.data.datasets import FaceDataset
from mien.data.hashing import meant
from mien.data.pictures import read_picture
from mien.report.audit_words import findings
from mien.report.page import render, write_text
from mien.report.thumbnails import picture_thumbnail

SHOWN = 24
"""Cards in a section; a page of them stays below 2 MB."""

SHOWN_OF_A_GROUP = 4
LISTED = 40
THUMBNAIL_PX = 104


@dataclass(frozen=True)
class Shown:
    """One picture on the page.

    Attributes:
        picture: Data URI.
        id: Of its sample.
        label: Its name.
        color: Of the label.
        split: Where it stands.
        note: Above it, instead of nothing.
    """

    picture: str
    id: str
    label: str
    color: str
    split: str
    note: str = ""


@dataclass(frozen=True)
class Card:
    """Pictures that belong beside one another, with what joins them."""

    pictures: tuple[Shown, ...]
    said: str


@dataclass(frozen=True)
class Section:
    """One chapter of pictures; `total` of them were found."""

    title: str
    said: str
    cards: tuple[Card, ...]
    total: int


@dataclass(frozen=True)
class Copies:
    """Samples that show one photograph, before they are drawn."""

    ids: tuple[str, ...]
    said: str
    score: float
    conflict: bool
    leak: bool


def write_audit(found: Audit, dataset: FaceDataset, path: Path) -> None:
    """Write the page of an audit.

    Args:
        found: The audit.
        dataset: What was audited; the pictures that are shown are read again.
        path: The html file; its folder is made.

    Raises:
        MienError: It cannot be written.
    """
    write_text(path, audit_html(found, dataset))


def audit_html(found: Audit, dataset: FaceDataset) -> str:
    """The page as text."""
    drawer = _Drawer(dataset)
    sections = [*_copy_sections(found, drawer), *_other_sections(found, drawer)]
    return render(
        "audit.html.j2",
        {
            "found": found,
            "title": dataset.info.title,
            "findings": findings(found, dataset.info.crops),
            "splits": [(split, split in found.published) for split in _splits(found)],
            "rows": count_rows(found),
            "leaks": leak_rows(found),
            "sections": [section for section in sections if section.total],
            "unreadable": list(found.unreadable.values())[:LISTED],
            "sequences": list(found.sequences.across.items())[:LISTED],
        },
    )


def count_rows(found: Audit) -> list[tuple[str, list[tuple[int, int | None]]]]:
    """(class, (found, published or None) for each split), the last row for all classes.

    Splits that are published and were not found stand last.
    """
    names = list(dict.fromkeys(name for classes in found.counts.values() for name in classes))
    splits = _splits(found)
    rows = [
        (
            name,
            [
                (found.counts.get(split, {}).get(name, 0), found.published_classes.get(split, {}).get(name))
                for split in splits
            ],
        )
        for name in names
    ]
    total = [(sum(found.counts.get(s, {}).values()), found.published.get(s)) for s in splits]
    return [*rows, ("all", total)]


def _splits(found: Audit) -> list[str]:
    return list(dict.fromkeys([*found.counts, *found.published]))


def leak_rows(found: Audit) -> list[tuple[str, str, int, int | None]]:
    """(split, other split, samples with an exact copy there, the same with near copies) for all pairs."""
    near = found.near_across
    return [
        (split, other, n, None if near is None else near[split][other])
        for split, row in found.exact_across.items()
        for other, n in row.items()
        if split != other
    ]


def _copy_sections(found: Audit, drawer: _Drawer) -> list[Section]:
    copies = sorted(_copies(found, drawer.samples), key=lambda c: (not c.leak, -c.score))
    chapters = (
        ("Copies with different labels", "At least one of the labels is wrong.", lambda c: c.conflict),
        (
            "Copies in different splits",
            "A model that is tested on one has learnt the other.",
            lambda c: c.leak and not c.conflict,
        ),
        (
            "Other copies",
            "Within one split, with one label: they weigh double.",
            lambda c: not c.leak and not c.conflict,
        ),
    )
    sections = []
    for title, said, belongs in chapters:
        chosen = [c for c in copies if belongs(c)]
        cards = [drawer.card(c.ids, c.said) for c in chosen[:SHOWN]]
        sections.append(Section(title, said, tuple(card for card in cards if card), len(chosen)))
    return sections


def _copies(found: Audit, samples: dict[str, Sample]) -> Iterable[Copies]:
    groups = {group[0]: group for group in found.exact}
    blank = set(found.blank)
    for group in found.exact:
        score = 0.0 if group[0] in blank else 2.0  # pictures of nothing last
        labels, splits = {samples[i].label for i in group}, {samples[i].split for i in group}
        said = "the same pixels" + (f", {len(group)} times" if len(group) > 2 else "")
        yield Copies(_telling(group, samples), said, score, len(labels) > 1, len(splits) > 1)
    for pair in found.near or ():
        first, second = (groups.get(i, (i,)) for i in pair.ids)
        splits = {samples[i].split for i in (*first, *second)}
        said = f"{'mirrored' if pair.mirrored else 'near copy'}, alike by {pair.score:.2f}"
        ids = _telling_pair(first, second, samples)
        yield Copies(ids, said, pair.score, not pair.same_label, len(splits) > 1)


def _telling(group: Sequence[str], samples: dict[str, Sample]) -> tuple[str, ...]:
    """The samples of a group to be shown: first one of each label and split."""
    firsts: dict[tuple[int, str], str] = {}
    for i in group:
        firsts.setdefault((samples[i].label, samples[i].split), i)
    others = [i for i in group if i not in firsts.values()]
    return (*firsts.values(), *others)[:SHOWN_OF_A_GROUP]


def _telling_pair(first: Sequence[str], second: Sequence[str], samples: dict[str, Sample]) -> tuple[str, ...]:
    """One sample of each picture, of different labels and splits if there are such."""

    def difference(pair: tuple[str, str]) -> tuple[bool, bool]:
        a, b = (samples[i] for i in pair)
        return a.label != b.label, a.split != b.split

    return max(product(first, second), key=difference)


def _other_sections(found: Audit, drawer: _Drawer) -> list[Section]:
    people = list(found.subjects.across.items())
    by_subject: dict[tuple[str, str], str] = {}
    for sample in drawer.samples.values():
        if sample.subject in found.subjects.across:
            by_subject.setdefault((str(sample.subject), sample.split), sample.id)
    person_cards = [
        drawer.card(
            [by_subject[person, split] for split in splits][:SHOWN_OF_A_GROUP], _spread(person, splits)
        )
        for person, splits in people[:SHOWN]
    ]
    sections = [
        Section(
            "People in several splits",
            "A model that is tested on them knows their faces.",
            tuple(card for card in person_cards if card),
            len(people),
        ),
        _blue_section(found, drawer),
    ]
    for title, said, ids in (
        ("No face found", "Where mien finds the faces itself, each counts as an error.", found.without_face),
        ("Pictures of nothing", "Hardly any difference of light and dark.", found.blank),
    ):
        cards = [drawer.card([i], "") for i in (ids or ())[:SHOWN]]
        sections.append(Section(title, said, tuple(c for c in cards if c), len(ids or ())))
    return sections


def _blue_section(found: Audit, drawer: _Drawer) -> Section:
    cards = [drawer.exchanged(i) for i in found.colours.blue[:SHOWN]]
    said = (
        "As stored, and with the two channels exchanged. The middle of the face is more blue than red: "
        "coloured light, a tinted picture, or BGR stored as RGB."
    )
    shown = tuple(card for card in cards if card)
    return Section("Skin more blue than red", said, shown, len(found.colours.blue))


def _spread(person: str, splits: dict[str, int]) -> str:
    return f"{person}: " + ", ".join(f"{n:,} in {split}" for split, n in splits.items())


class _Drawer:
    """Makes cards of sample ids."""

    def __init__(self, dataset: FaceDataset) -> None:
        self.samples = {s.id: s for s in dataset.samples}
        self._names = dataset.labels.names
        self._colors = label_colors(dataset.labels.names)

    def card(self, ids: Sequence[str], said: str) -> Card | None:
        """A card of some samples; None where none can be read."""
        shown = [s for i in ids for s in self._shown(i)]
        return Card(tuple(shown), said) if shown else None

    def exchanged(self, sample_id: str) -> Card | None:
        """A sample as it is and with red and blue exchanged."""
        both = [*self._shown(sample_id, note="as stored"), *self._shown(sample_id, True, "exchanged")]
        return Card(tuple(both), "") if both else None

    def _shown(self, sample_id: str, exchange: bool = False, note: str = "") -> list[Shown]:
        sample = self.samples[sample_id]
        try:
            image = meant(sample, read_picture(sample.image))
        except InputError:
            return []
        if exchange:
            image = np.ascontiguousarray(image[..., ::-1])
        label = self._names[sample.label] if sample.label >= 0 else UNLABELLED
        color = self._colors.get(label, "#888888")
        return [Shown(picture_thumbnail(image, THUMBNAIL_PX), sample_id, label, color, sample.split, note)]
