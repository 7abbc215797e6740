"""Results as JSON: the table's columns under the table's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mien.core.records import FaceResult
from mien.runtime.columns import BOX_COLUMNS, COMPOUND_COLUMNS, FIXED_COLUMNS, Value, table_layout

POINT_DECIMALS = 2


def face_row_json(result: FaceResult) -> dict[str, Any]:
    """A result as the API gives it; whatever columns the table has are in it."""
    layout = table_layout(result.labels, compounds=result.compounds)
    values = dict(zip(layout.sources, layout.row(result), strict=True))
    points = None
    if result.face is not None:
        points = [[round(float(v), POINT_DECIMALS) for v in point] for point in result.face.points]
    return table_row_json(values, result.labels, result.compounds, points)


def table_row_json(
    values: Mapping[str, Value],
    labels: Sequence[str],
    compounds: Sequence[str],
    points: list[list[float]] | None = None,
) -> dict[str, Any]:
    """A row of the table as the API gives it.

    Args:
        values: By mien's own column names.
        labels: Columns of probabilities.
        compounds: Columns of intensities.
        points: [5][2]; the table holds none.
    """
    row: dict[str, Any] = {}
    for name in FIXED_COLUMNS:
        if name == BOX_COLUMNS[0]:
            box = [values.get(column) for column in BOX_COLUMNS]
            row["box"] = None if box[0] is None else box
            row["points"] = points
        elif name not in BOX_COLUMNS:
            row[name] = values.get(name)
    known = values.get("emotion") is not None
    row["probabilities"] = {label: values.get(label) for label in labels} if known else None
    for name in COMPOUND_COLUMNS:
        row[name] = values.get(name) if compounds else None
    row["compounds"] = {name: values.get(name) for name in compounds} if known and compounds else None
    return row
