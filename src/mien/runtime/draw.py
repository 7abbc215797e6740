"""Boxes, labels and probability bars on a picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mien.core.palette import label_colors, rgb
from mien.core.records import FaceResult, ImageArray

_Colour = tuple[int, int, int]
_Rect = tuple[int, int, int, int]  # x, y, width, height
_LINE: _Colour = (255, 255, 255)
_DARK: _Colour = (20, 24, 32)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_PX = 22  # height of a capital at scale 1
_PANEL_OPACITY = 0.72


def draw_results(image: ImageArray, results: Sequence[FaceResult], *, zoom: int = 1) -> ImageArray:
    """A copy of a picture with its faces marked.

    Args:
        image: RGB [H, W, 3].
        results: Its rows; those without a face are left out.
        zoom: Enlarge the copy by this whole number first, so that text fits on small pictures.

    Returns:
        RGB [H zoom, W zoom, 3].
    """
    height, width = image.shape[:2]
    if zoom == 1:
        canvas = image.copy()
    else:
        canvas = np.asarray(
            cv2.resize(image, (width * zoom, height * zoom), interpolation=cv2.INTER_CUBIC), np.uint8
        )
    unit = max(1.0, min(canvas.shape[:2]) / 480)
    boxes = [_scaled(result.face.box, zoom) for result in results if result.face is not None]
    taken: list[_Rect] = list(boxes)
    faces = [result for result in results if result.face is not None]
    for result, box in zip(faces, boxes, strict=True):
        _draw_box(canvas, result, box, unit)
    for result, box in zip(faces, boxes, strict=True):
        if result.probabilities is not None:
            taken.append(_draw_panel(canvas, result, box, taken, unit))
    return canvas


def _scaled(box: tuple[float, float, float, float], zoom: int) -> _Rect:
    x, y, w, h = (round(value * zoom) for value in box)
    return x, y, w, h


def _draw_box(canvas: ImageArray, result: FaceResult, box: _Rect, unit: float) -> None:
    x, y, w, h = box
    thick = max(1, round(1.5 * unit))
    cv2.rectangle(canvas, (x, y), (x + w, y + h), _DARK, thick + 2, cv2.LINE_AA)
    cv2.rectangle(canvas, (x, y), (x + w, y + h), _LINE, thick, cv2.LINE_AA)
    text = f"{result.face_id}"
    if result.emotion is not None and result.confidence is not None:
        text += f" {result.emotion} {result.confidence:.0%}"
        said = result.warnings or (("unsure",) if result.unsure else ())
        text += f" ({', '.join(said).replace('_', ' ')})" if said else ""
    row = round(18 * unit)
    top = max(0, y - row)
    text_width = cv2.getTextSize(text, _FONT, 0.6 * row / _FONT_PX, 1)[0][0]
    left = min(max(0, x), max(0, canvas.shape[1] - text_width - round(8 * unit)))
    _shade(canvas, left, top, text_width + round(8 * unit), row)
    _write(canvas, text, left + round(4 * unit), top, row, unit)


def _draw_panel(
    canvas: ImageArray, result: FaceResult, box: _Rect, taken: Sequence[_Rect], unit: float
) -> _Rect:
    """One bar per label, beside the face where it hides least; gives back the place it took."""
    assert result.probabilities is not None
    row, gap = round(14 * unit), round(4 * unit)
    name_width = max(cv2.getTextSize(n, _FONT, 0.6 * row / _FONT_PX, 1)[0][0] for n in result.labels)
    bar_width = round(40 * unit)
    size = name_width + bar_width + 3 * gap, row * len(result.labels) + 2 * gap
    left, top, width, height = _free_place(size, box, taken, canvas.shape[:2], gap)
    _shade(canvas, left, top, width, height)
    colors = label_colors(result.labels)
    for place, (name, share) in enumerate(zip(result.labels, result.probabilities, strict=True)):
        y0 = top + gap + place * row
        _write(canvas, name, left + gap, y0, row, unit)
        x0 = left + 2 * gap + name_width
        end = x0 + round(bar_width * float(share))
        cv2.rectangle(canvas, (x0, y0 + 2), (end, y0 + row - 3), rgb(colors[name]), -1)
    return left, top, width, height


def _free_place(
    size: tuple[int, int], box: _Rect, taken: Sequence[_Rect], shape: tuple[int, ...], gap: int
) -> _Rect:
    """Right, left, below or above a box, in the picture: where least is taken already."""
    (width, height), (x, y, w, h) = size, box
    places = [(x + w + gap, y), (x - width - gap, y), (x, y + h + gap), (x, y - height - 5 * gap)]
    inside = [
        (min(max(0, left), max(0, shape[1] - width)), min(max(0, top), max(0, shape[0] - height)))
        for left, top in places
    ]
    left, top = min(inside, key=lambda at: sum(_overlap((*at, width, height), other) for other in taken))
    return left, top, width, height


def _overlap(a: _Rect, b: _Rect) -> int:
    """Common area in pixels."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0, across) * max(0, down)


def _write(canvas: ImageArray, text: str, x: int, y: int, row: int, unit: float) -> None:
    thick = max(1, int(0.6 * unit))
    cv2.putText(
        canvas, text, (x, y + round(0.72 * row)), _FONT, 0.6 * row / _FONT_PX, _LINE, thick, cv2.LINE_AA
    )


def _shade(canvas: ImageArray, x: int, y: int, width: int, height: int) -> None:
    """Darken a rectangle in place, as far as it lies in the picture."""
    part = canvas[max(0, y) : y + height, max(0, x) : x + width]
    if part.size:
        dark = np.empty_like(part)
        dark[:] = _DARK
        part[:] = cv2.addWeighted(dark, _PANEL_OPACITY, part, 1 - _PANEL_OPACITY, 0)
