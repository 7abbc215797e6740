"""Folds frozen to a json file, and read back: a file for other data is refused, with what differs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mien.core.errors import MienError
from mien.core.protocol_choice import FromFile, MadeChoice, parse_protocol
from mien.core.records import Sample
from mien.data.eightfold import with_altered
from mien.data.fold_leaks import leak_lines
from mien.data.folds import TEST, TRAIN, VAL, Fold, FoldSet, make_folds
from mien.data.grouping import some

FORM = 1
LETTERS = {TRAIN: "T", VAL: "V", TEST: "E"}
OUT = "-"
ABOUT = (
    "samples: id, label, subject, sequence; parts: one letter per sample, in that order: T teaches, V is "
    "held out to select on, E is evaluated, - takes no part"
)


def folds_for(samples: Sequence[Sample], labels: Sequence[str], choice: MadeChoice | FromFile) -> FoldSet:
    """The folds of a protocol, made or read.

    Args:
        samples: Labelled ones, in any order.
        labels: Label names.
        choice: The protocol, or the file that holds one.

    Raises:
        MienError: As `make_folds` and `read_folds`.
    """
    if isinstance(choice, FromFile):
        return read_folds(Path(choice.file), samples, labels)
    return make_folds(samples, labels, choice)


def folds_sha256(folds: FoldSet) -> str:
    """sha256 over protocol, samples and who is in which part: equal for equal folds of equal data."""
    return hashlib.sha256(json.dumps(_facts(folds), sort_keys=True).encode()).hexdigest()


def folds_json(folds: FoldSet) -> str:
    """The folds as the text of a file, one line per sample and per fold."""
    facts = _facts(folds)
    head = {"mien_folds": FORM, "about": ABOUT, "in_words": folds.choice.in_words()}
    head |= {"leaks": list(leak_lines(folds)), "sha256": folds_sha256(folds)}
    head |= {"protocol": facts["protocol"], "labels": facts["labels"]}
    lines = [f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}," for key, value in head.items()]
    rows = [f' "{key}": [\n{_one_a_line(facts[key])}\n ]' for key in ("samples", "folds")]
    return "{\n" + "\n".join(lines) + "\n" + ",\n".join(rows) + "\n}\n"


def read_folds(path: Path, samples: Sequence[Sample], labels: Sequence[str]) -> FoldSet:
    """Folds from a file, for the very data they were made of.

    Args:
        path: Written with `folds_json`.
        samples: The labelled samples there are now, in any order.
        labels: Their label names.

    Raises:
        MienError: No such file, damaged, edited, or made of other data.
    """
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        choice = parse_protocol(tree["protocol"])
        frozen, known, said = tree["samples"], tree["labels"], tree["sha256"]
        ids = [row[0] for row in frozen]
        folds = tuple(_fold(row, ids) for row in tree["folds"])
    except OSError as error:
        raise MienError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise MienError(f"{path} is damaged or no file of folds") from error
    if isinstance(choice, FromFile) or not folds:
        raise MienError(f"{path} is damaged or no file of folds")
    facts = {"protocol": tree["protocol"], "labels": known, "samples": frozen, "folds": tree["folds"]}
    if hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest() != said:
        raise MienError(f"{path} was changed after it was frozen: its sha256 does not fit what it holds")
    if list(labels) != known:
        raise MienError(f"{path} was frozen for the labels {', '.join(known)}; there are {', '.join(labels)}")
    present = list(samples) if choice.eightfold == "none" else with_altered(samples)
    present.sort(key=lambda s: s.id)
    _check_same(path, frozen, [_row(s, labels) for s in present])
    return FoldSet(choice, tuple(labels), tuple(present), folds)


def _facts(folds: FoldSet) -> dict[str, Any]:
    return {
        "protocol": folds.choice.model_dump(mode="json"),
        "labels": list(folds.labels),
        "samples": [_row(s, folds.labels) for s in folds.samples],
        "folds": [
            {"repeat": fold.repeat, "fold": fold.index, "parts": _letters(fold, folds.samples)}
            for fold in folds.folds
        ],
    }


def _row(sample: Sample, labels: Sequence[str]) -> list[str | None]:
    return [sample.id, labels[sample.label], sample.subject, sample.sequence]


def _letters(fold: Fold, samples: Sequence[Sample]) -> str:
    letter_of = {i: LETTERS[part] for part, ids in fold.parts.items() for i in ids}
    return "".join(letter_of.get(s.id, OUT) for s in samples)


def _fold(row: dict[str, Any], ids: Sequence[str]) -> Fold:
    letters = str(row["parts"])
    if len(letters) != len(ids) or set(letters) - {*LETTERS.values(), OUT}:
        raise ValueError("one letter per sample is expected")
    parts = {
        part: tuple(i for i, told in zip(ids, letters, strict=True) if told == letter)
        for part, letter in LETTERS.items()
    }
    if not (parts[TRAIN] and parts[TEST]):
        raise ValueError("a fold without training or test part")
    return Fold(int(row["repeat"]), int(row["fold"]), {part: i for part, i in parts.items() if i})


def _one_a_line(rows: Sequence[object]) -> str:
    return ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows)


def _check_same(path: Path, frozen: Sequence[Sequence[Any]], present: Sequence[Sequence[Any]]) -> None:
    before, now = {row[0]: list(row) for row in frozen}, {row[0]: list(row) for row in present}
    gone = sorted(before.keys() - now.keys())
    new = sorted(now.keys() - before.keys())
    changed = [
        f"{i}: {old!r} is now {given!r}"
        for i in sorted(before.keys() & now.keys())
        for old, given in zip(before[i][1:], now[i][1:], strict=True)
        if old != given
    ]
    told = [
        f"{len(names):,} {what} ({some(names)})"
        for what, names in (("samples are gone", gone), ("are new", new), ("facts changed", changed))
        if names
    ]
    if told:
        raise MienError(f"{path} was frozen for other data: {'; '.join(told)}")
