"""The optional columns of a csv of pictures: which there are, and a row's values as a sample has them.

A merged set is written in the same columns, so this file is the one place where they are named.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mien.core.errors import MienError
from mien.core.records import Face, Sample

BOX = ("box_x", "box_y", "box_width", "box_height")
POINTS = tuple(
    f"{point}_{axis}"
    for point in ("right_eye", "left_eye", "nose", "right_mouth", "left_mouth")
    for axis in "xy"
)
"""Of the face's five points, in the order of `Face.points`; the person's right and left."""

DESCRIBED = (
    "subject", "sequence", "frame", "intensity", "depth", "depth_unit_mm", *BOX, *POINTS,
)  # fmt: skip
"""What a row may say of its picture beside id, label and split."""


def described(row: Mapping[str, str], folder: Path, where: str) -> dict[str, Any]:
    """A row's optional columns as keyword arguments of `Sample`.

    Args:
        row: Column -> text; empty where nothing is known.
        folder: Depth is relative to it.
        where: Named in errors.

    Raises:
        MienError: A number is none, a depth is not there, a box or the points are not whole.
    """
    depth = row.get("depth", "").strip()
    if depth and not (folder / depth).is_file():
        raise MienError(f"{where}: there is no depth {folder / depth}")
    frame = _number(row, "frame", where)
    if frame is not None and frame != int(frame):
        raise MienError(f"{where}: expected a whole number in column frame, got {row['frame']!r}")
    unit, box, points = _number(row, "depth_unit_mm", where), _all(row, BOX, where), _all(row, POINTS, where)
    if points and not box:
        raise MienError(f"{where}: the points of a face need its box in {', '.join(BOX)}")
    face = Face(box, 1.0, np.array(points, np.float32).reshape(5, 2)) if box and points else None
    return {
        "subject": sys.intern(row.get("subject", "").strip()) or None,  # few, however many rows
        "sequence": sys.intern(row.get("sequence", "").strip()) or None,
        "frame": None if frame is None else int(frame),
        "intensity": _number(row, "intensity", where),
        "depth": folder / depth if depth else None,
        "depth_unit_mm": 1.0 if unit is None else unit,
        "face": face,
        "box": None if face else box or None,
    }


def descriptions(sample: Sample) -> dict[str, object]:
    """The other way: what a sample says of its picture, without its depth, by column."""
    box = sample.face.box if sample.face else sample.box
    points = sample.face.points.ravel() if sample.face else None
    return {
        "subject": sample.subject,
        "sequence": sample.sequence,
        "frame": sample.frame,
        "intensity": sample.intensity,
        **dict(zip(BOX, box or (None,) * len(BOX), strict=True)),
        **dict(zip(POINTS, (None,) * len(POINTS) if points is None else points.tolist(), strict=True)),
    }


def _all(row: Mapping[str, str], columns: tuple[str, ...], where: str) -> tuple[Any, ...]:
    """The numbers of columns that belong together; nothing where all are empty."""
    found = [_number(row, column, where) for column in columns]
    if all(value is None for value in found):
        return ()
    if any(value is None for value in found):
        lacks = next(c for c, value in zip(columns, found, strict=True) if value is None)
        raise MienError(f"{where}: column {lacks} is empty, others of {', '.join(columns)} are not")
    return tuple(found)


def _number(row: Mapping[str, str], column: str, where: str) -> float | None:
    text = (row.get(column) or "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise MienError(f"{where}: expected a number in column {column}, got {text!r}")
    return value
