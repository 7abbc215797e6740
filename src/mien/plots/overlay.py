"""Maps on pictures, and sheets of small pictures with words around them. Needs OpenCV alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.records import ImageArray

OPACITY = 0.5
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_INK, _PAPER = (40, 40, 40), 255
_GAP = 6


def overlay(picture: ImageArray, values: NDArray[np.float32], opacity: float = OPACITY) -> ImageArray:
    """A picture in the colours of a map: blue is 0, red is 1.

    Args:
        picture: RGB [H, W, 3] or grey [H, W].
        values: [H, W], 0..1; where it is NaN the picture stays as it is.
        opacity: Of the colours.

    Returns:
        RGB [H, W, 3].

    Raises:
        MienError: Picture and map differ in size.
    """
    if picture.shape[:2] != values.shape:
        raise MienError(f"a map {list(values.shape)} does not lie on a picture {list(picture.shape[:2])}")
    colour = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    known = np.isfinite(values)
    levels = np.rint(255 * np.clip(np.where(known, values, 0), 0, 1)).astype(np.uint8)
    heat = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)
    mixed = cv2.addWeighted(heat, opacity, np.ascontiguousarray(colour), 1 - opacity, 0)
    return np.where(known[:, :, None], mixed, colour)


@dataclass(frozen=True, eq=False)
class SheetRow:
    """A row of small pictures.

    Attributes:
        label: At its left.
        pictures: RGB [h, w, 3] or grey [h, w]; None leaves a cell empty.
    """

    label: str
    pictures: tuple[ImageArray | None, ...]


def sheet(rows: Sequence[SheetRow], columns: Sequence[str] = (), cell_px: int = 150) -> ImageArray:
    """Rows of pictures under one another, the names of columns above them.

    Args:
        rows: At least one; may be of unequal length.
        columns: Names; none are written where it is empty. Only ASCII is drawn.
        cell_px: Side of a cell.

    Returns:
        RGB [H, W, 3].

    Raises:
        MienError: There is no row.
    """
    if not rows:
        raise MienError("a sheet needs at least one row")
    n_columns = max(len(columns), *(len(row.pictures) for row in rows))
    left = max(_text_width(row.label) for row in rows) + (2 * _GAP if any(row.label for row in rows) else 0)
    top = 26 if any(columns) else _GAP
    width = left + n_columns * (cell_px + _GAP) + _GAP
    canvas = np.full((top + len(rows) * (cell_px + _GAP), width, 3), _PAPER, np.uint8)
    for place, name in enumerate(columns):
        _write(canvas, name, left + _GAP + place * (cell_px + _GAP), 18, cell_px)
    for number, row in enumerate(rows):
        y = top + number * (cell_px + _GAP)
        _write(canvas, row.label, _GAP, y + cell_px // 2 + 5)
        for place, picture in enumerate(row.pictures):
            if picture is not None:
                x = left + _GAP + place * (cell_px + _GAP)
                canvas[y : y + cell_px, x : x + cell_px] = _fitted(picture, cell_px)
    return canvas


def _fitted(picture: ImageArray, side: int) -> ImageArray:
    colour = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    how = cv2.INTER_AREA if min(colour.shape[:2]) > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(colour, (side, side), interpolation=how), np.uint8)


def _text_width(text: str, scale: float = 0.45) -> int:
    return int(cv2.getTextSize(_ascii(text), _FONT, scale, 1)[0][0]) if text else 0


def _write(canvas: ImageArray, text: str, x: int, y: int, room: int | None = None) -> None:
    """Draw a line, smaller where it has not enough room."""
    wide = _text_width(text)
    scale = 0.45 if room is None or wide <= room else 0.45 * room / wide
    cv2.putText(canvas, _ascii(text), (x, y), _FONT, scale, _INK, 1, cv2.LINE_AA)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")
