"""A user's own pictures: a csv with the columns ``image,label`` and, where known, more.

``image`` is a path relative to the csv; an empty ``label`` means unlabelled. Optional: ``split`` (else
everything is ``train``), ``id`` (else the image, which must then be there once), ``subject``, ``sequence``,
``frame``, ``intensity``, ``depth`` (a path) and ``depth_unit_mm``, the face's box and five points (see
_columns.py), and soft labels as one column of votes or probabilities per class, named like the class. Any
other column is kept in `Sample.meta`. Class names are read as in the folder form.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.labels import LabelSpace
from mien.core.records import Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo
from mien.data.datasets._columns import DESCRIBED, described
from mien.data.datasets._layout import refuse
from mien.data.datasets._names import canonical, own_label_space
from mien.data.datasets.folder import ONLY_SPLIT

REQUIRED = ("image", "label")
OPTIONAL = ("id", "split", *DESCRIBED)


def read(root: Path) -> Contents:
    """Read a csv of pictures.

    Raises:
        MienError: No csv, several of which none is ``labels.csv``, or a wrong row (its line is named).
    """
    table = _table_in(root)
    columns, written = _classes(table)
    soft = [c for c in columns if c not in (*REQUIRED, *OPTIONAL) and (c in written or canonical(c))]
    by_emotion = {
        canonical(name) or name: name for name in written
    }  # a class may be spelt otherwise in its column
    labels, integers = own_label_space(
        [*written, *(c for c in soft if (canonical(c) or c) not in by_emotion)], str(table)
    )
    places = {c: integers[by_emotion.get(canonical(c) or c, c)] for c in soft}
    extra = [c for c in columns if c not in (*REQUIRED, *OPTIONAL, *soft)]
    samples, missing = [], []
    for line, row in _rows(table):
        where = f"{table}, line {line}"
        if not os.path.isfile(os.path.join(table.parent, row["image"])):
            missing.append(f"line {line} {row['image']!r}")
            continue
        label = row["label"].strip()
        samples.append(
            Sample(
                id=_id(row),
                image=table.parent / row["image"],
                label=integers[label] if label else -1,
                split=sys.intern(row.get("split", "").strip() or ONLY_SPLIT),
                soft_label=_soft_label(row, places, labels, where),
                meta={c: row[c] for c in extra},
                **described(row, table.parent, where),
            )
        )
    refuse(missing, f"{table}: there are no such pictures")
    return Contents(samples, labels)


def _classes(table: Path) -> tuple[list[str], set[str]]:
    """The table's columns, and the classes that its rows name; a million rows are not kept."""
    columns: list[str] = []
    written: set[str] = set()
    for _, row in _rows(table):
        columns = columns or list(row)
        written.add(row["label"].strip())
    return columns, written - {""}


def _table_in(root: Path) -> Path:
    if root.is_file():
        return root
    tables = sorted(root.glob("*.csv"))
    named = [t for t in tables if t.name == "labels.csv"]
    if len(named or tables) != 1:
        found = ", ".join(t.name for t in tables) or "no csv"
        raise MienError(f"{root} holds {found}; expected one csv, or one that is called labels.csv")
    return (named or tables)[0]


def _rows(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, row) for every row; ids are distinct."""
    seen: set[str] = set()
    try:
        with table.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            missing = [c for c in REQUIRED if c not in (reader.fieldnames or ())]
            if missing:
                raise MienError(
                    f"{table} lacks the columns {', '.join(missing)}; expected image,label[,split,subject]"
                )
            for row in reader:
                if None in row or None in row.values():
                    raise MienError(
                        f"{table}, line {reader.line_num}: expected {len(reader.fieldnames or ())} fields"
                    )
                if _id(row) in seen:
                    raise MienError(
                        f"{table}, line {reader.line_num}: {_id(row)!r} stands in the table twice"
                    )
                seen.add(_id(row))
                yield reader.line_num, row
    except (UnicodeDecodeError, csv.Error) as error:
        raise MienError(f"{table} is no csv in UTF-8: {error}") from error
    if not seen:
        raise MienError(f"{table} has no rows")


def _id(row: dict[str, str]) -> str:
    return row.get("id", "").strip() or row["image"]


def _soft_label(
    row: dict[str, str], places: dict[str, int], labels: LabelSpace, where: str
) -> NDArray[np.float64] | None:
    """[K] shares; None where the row gives none."""
    shares = np.zeros(len(labels))
    for column, place in places.items():
        try:
            shares[place] = float(row[column] or 0)
        except ValueError as error:
            raise MienError(f"{where}: expected a number in column {column}, got {row[column]!r}") from error
    if not np.isfinite(shares).all() or shares.min() < 0:
        raise MienError(f"{where}: votes and probabilities must be 0 or more")
    return shares / shares.sum() if shares.any() else None


DATASETS.register("csv")(
    DatasetInfo(
        name="csv",
        title="your own pictures, a csv with image,label",
        labels=None,
        native_labels=(),
        read=read,
        licence="your own",
        source="DIR/labels.csv with image,label[,split,subject][,one column of votes per class]",
    )
)
