"""The table's columns: which there are, what they are called, and what a result puts in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mien.core.errors import MienError
from mien.core.records import Face, FaceResult
from mien.core.registry import suggest

Value = str | int | float | bool | None
TableFormat = Literal["mien", "pyfeat"]

PROBABILITY_DECIMALS = 6
WARNING_JOINT = "+"

_FIXED: Mapping[str, Callable[[FaceResult], Value]] = {
    "input": lambda r: r.input,
    "frame": lambda r: r.frame,
    "timestamp_s": lambda r: r.timestamp_s,
    "face_id": lambda r: r.face_id,
    "status": lambda r: r.status,
    "error": lambda r: r.error or None,
    "box_x": lambda r: None if r.face is None else r.face.box[0],
    "box_y": lambda r: None if r.face is None else r.face.box[1],
    "box_width": lambda r: None if r.face is None else r.face.box[2],
    "box_height": lambda r: None if r.face is None else r.face.box[3],
    "face_score": lambda r: None if r.face is None else r.face.score,
    "emotion": lambda r: r.emotion,
    "confidence": lambda r: None if r.confidence is None else round(r.confidence, PROBABILITY_DECIMALS),
    "unsure": lambda r: r.unsure,
    "warning": lambda r: WARNING_JOINT.join(r.warnings) or None,
}
FIXED_COLUMNS = tuple(_FIXED)
"""The columns before the probabilities, in order."""

_COMPOUND: Mapping[str, Callable[[FaceResult], Value]] = {
    "compound": lambda r: r.compound,
    "compound_intensity": lambda r: (
        None if r.compound_intensity is None else round(r.compound_intensity, PROBABILITY_DECIMALS)
    ),
}
COMPOUND_COLUMNS = tuple(_COMPOUND)
"""The columns between the probabilities and the intensities, where compound emotions were asked for."""

BOX_COLUMNS = ("box_x", "box_y", "box_width", "box_height")

TEXT_COLUMNS = frozenset({"input", "status", "error", "emotion", "warning", "compound"})
INTEGER_COLUMNS = frozenset({"frame", "face_id"})
TRUTH_COLUMNS = frozenset({"unsure"})

# py-feat 2 puts the box first, capitalises its emotions and ends with input and frame. What it has no name
# for (status, error, face_id...) follows under our own.
_PYFEAT_NAMES = {
    "box_x": "FaceRectX",
    "box_y": "FaceRectY",
    "box_width": "FaceRectWidth",
    "box_height": "FaceRectHeight",
    "face_score": "FaceScore",
    "neutral": "Neutral",
    "happiness": "Happy",
    "sadness": "Sad",
    "surprise": "Surprise",
    "fear": "Fear",
    "disgust": "Disgust",
    "anger": "Anger",
    "contempt": "Contempt",
    "input": "input",
    "frame": "frame",
}


@dataclass(frozen=True)
class Layout:
    """The columns of one table.

    Attributes:
        header: The names written, in order.
        sources: mien's own name of each column: one of `FIXED_COLUMNS` or `COMPOUND_COLUMNS`, a label or a
            compound.
    """

    header: tuple[str, ...]
    sources: tuple[str, ...]

    def row(self, result: FaceResult) -> list[Value]:
        """A result's values in the order of the columns; None where it has none."""
        values: list[Value] = []
        for source in self.sources:
            if source in _FIXED:
                values.append(_FIXED[source](result))
            elif source in _COMPOUND:
                values.append(_COMPOUND[source](result))
            else:
                score = _score(result, source)
                values.append(None if score is None else round(score, PROBABILITY_DECIMALS))
        return values


def _score(result: FaceResult, name: str) -> float | None:
    """The probability of a label or the intensity of a compound; None without a face."""
    if result.probabilities is not None and name in result.labels:
        return float(result.probabilities[result.labels.index(name)])
    if result.intensities is not None:
        return float(result.intensities[result.compounds.index(name)])
    return None


def table_layout(
    labels: Sequence[str],
    table_format: TableFormat = "mien",
    columns: Sequence[str] | None = None,
    compounds: Sequence[str] = (),
) -> Layout:
    """The columns of a table.

    Args:
        labels: The model's labels; each is a column of probabilities.
        table_format: ``mien``, or ``pyfeat`` for py-feat's names and order.
        columns: The names wanted, in the order wanted; None takes all.
        compounds: Each is a column of intensities.

    Raises:
        MienError: An unknown format or column, or one that is named twice.
    """
    sources = (*FIXED_COLUMNS, *labels)
    if compounds:
        sources = (*sources, *COMPOUND_COLUMNS)
        for name in compounds:
            if name in sources:
                raise MienError(f"no compound can be called {name}: the table has such a column")
        sources = (*sources, *compounds)
    if table_format == "mien":
        header: tuple[str, ...] = sources
    elif table_format == "pyfeat":
        first = [name for name in _PYFEAT_NAMES if name in sources]
        sources = (*first, *(name for name in sources if name not in first))
        header = tuple(_PYFEAT_NAMES.get(name, name) for name in sources)
    else:
        raise MienError(f"unknown table format {table_format!r} (known: mien, pyfeat)")
    if columns is None:
        return Layout(header, sources)
    for name in columns:
        if name not in header:
            raise MienError(f"unknown column {name!r}{suggest(name, list(header))}")
    if len(set(columns)) != len(columns) or not columns:
        raise MienError(f"name each column once, got {', '.join(columns) or 'none'}")
    return Layout(tuple(columns), tuple(sources[header.index(name)] for name in columns))


def published(face: Face) -> Face:
    """A face at the table's precision: boxes to 0.01 pixel, scores to 0.0001.

    Tracking works on these values, so that a table holds all that is needed to go on from it.
    """
    x, y, width, height = (round(float(value), 2) for value in face.box)
    return Face((x, y, width, height), round(float(face.score), 4), face.points)
