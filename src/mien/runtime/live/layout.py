"""Where things lie in the window: numbers alone, no drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mien.core.records import FaceResult

DESIGN_SIZE = (1120, 660)
MIN_SIZE = (720, 480)
_PANEL, _TIMELINE = 300, 128
_LEAST_UNIT = 0.7  # smaller letters cannot be read


@dataclass(frozen=True)
class Area:
    """A rectangle in pixels of the window's surface."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, point: tuple[float, float]) -> bool:
        """Whether a point lies in it."""
        return self.x <= point[0] < self.x + self.width and self.y <= point[1] < self.y + self.height


@dataclass(frozen=True)
class Layout:
    """The window's parts.

    Attributes:
        unit: Pixels that one design pixel takes.
        stage: Where the picture may lie.
        picture: Where it lies, its sides in proportion.
        panel: Numbers and bars.
        timeline: The last seconds.
        zoom: Window pixels per picture pixel.
    """

    unit: float
    stage: Area
    picture: Area
    panel: Area
    timeline: Area
    zoom: float


def lay_out(size: tuple[int, int], picture_size: tuple[int, int]) -> Layout:
    """Divide a window.

    Args:
        size: Of its surface, width and height in pixels.
        picture_size: Of the source's pictures.
    """
    unit = max(_LEAST_UNIT, min(size[0] / DESIGN_SIZE[0], size[1] / DESIGN_SIZE[1]))
    panel_width = min(round(_PANEL * unit), size[0] // 2)
    strip = min(round(_TIMELINE * unit), size[1] // 3)
    stage = Area(0, 0, size[0] - panel_width, size[1] - strip)
    zoom = min(stage.width / picture_size[0], stage.height / picture_size[1])
    width, height = max(1, round(picture_size[0] * zoom)), max(1, round(picture_size[1] * zoom))
    picture = Area((stage.width - width) // 2, (stage.height - height) // 2, width, height)
    panel = Area(stage.width, 0, panel_width, stage.height)
    return Layout(unit, stage, picture, panel, Area(0, stage.height, size[0], strip), zoom)


def box_in_window(row: FaceResult, layout: Layout, mirrored: bool) -> Area:
    """Where a face's box lies in the window."""
    assert row.face is not None
    x, y, width, height = (layout.zoom * value for value in row.face.box)
    left = layout.picture.width - x - width if mirrored else x
    return Area(
        layout.picture.x + round(left),
        layout.picture.y + round(y),
        max(1, round(width)),
        max(1, round(height)),
    )


def face_at(
    point: tuple[float, float], rows: Sequence[FaceResult], layout: Layout, mirrored: bool
) -> int | None:
    """The face whose box a point lies in, the smallest one where several do; None where there is none."""
    hit = [
        (area.width * area.height, row.face_id)
        for row in rows
        if row.face is not None and row.face_id is not None
        if (area := box_in_window(row, layout, mirrored)).holds(point)
    ]
    return min(hit)[1] if hit else None


def next_face(chosen: int | None, present: Sequence[int], step: int = 1) -> int | None:
    """The face after the chosen one, around the end; None where there is none."""
    if not present:
        return None
    if chosen is None or chosen not in present:
        return present[0]
    return present[(list(present).index(chosen) + step) % len(present)]
