"""Boxes as (x, y, width, height) in pixels."""

from __future__ import annotations

Box = tuple[float, float, float, float]


def clip_box(box: Box, width: int, height: int) -> Box | None:
    """The part of a box that lies in a picture of that size; None if there is none."""
    x, y, box_width, box_height = box
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + box_width, float(width)), min(y + box_height, float(height))
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(wide, 0.0) * max(high, 0.0)
    union = a[2] * a[3] + b[2] * b[3] - shared
    return shared / union if union > 0 else 0.0
