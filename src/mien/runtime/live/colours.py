"""The window's own colours, and those of faces."""

from __future__ import annotations

from mien.core.palette import rgb

Colour = tuple[int, int, int]

STAGE: Colour = (12, 14, 19)
PANEL: Colour = (24, 28, 37)
TRACK: Colour = (42, 48, 61)
TEXT: Colour = (236, 239, 244)
MUTED: Colour = (152, 161, 175)
RED: Colour = (232, 72, 60)
AMBER: Colour = (250, 190, 80)

FACE_COLORS = ("#7fd4ff", "#ffd27f", "#b6f09c", "#ff9ec7", "#cbb8ff", "#f4f4f4")
"""Of faces by their number, in turn; pastel, so that none is taken for an emotion's colour."""


def face_color(face_id: int) -> Colour:
    """A face's own colour."""
    return rgb(FACE_COLORS[face_id % len(FACE_COLORS)])
