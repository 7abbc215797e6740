"""Where things lie in the window, and which face is meant."""

from __future__ import annotations

import numpy as np
import pytest

from mien.core.records import Face, FaceResult
from mien.runtime.live.layout import box_in_window, face_at, lay_out, next_face


def row(face_id, box):
    return FaceResult("c", 0, 0.0, "ok", "", face_id, Face(box, 0.9, np.zeros((5, 2), np.float32)))


@pytest.mark.parametrize("size", [(720, 480), (1120, 660), (2240, 1320), (700, 1000), (1900, 500)])
@pytest.mark.parametrize("picture", [(640, 360), (480, 640), (160, 160)])
def test_parts_fill_the_window_and_the_picture_keeps_its_shape(size, picture):
    layout = lay_out(size, picture)
    parts = (layout.stage, layout.panel, layout.timeline)
    assert sum(part.width * part.height for part in parts) == size[0] * size[1]
    shown = layout.picture
    assert shown.width / shown.height == pytest.approx(picture[0] / picture[1], rel=0.02)
    assert shown.x >= 0
    assert shown.y >= 0
    assert shown.x + shown.width <= layout.stage.width
    assert shown.y + shown.height <= layout.stage.height


def test_a_click_finds_the_inner_face_also_in_the_mirror():
    rows = [row(0, (0, 0, 200, 200)), row(1, (20, 20, 60, 60)), FaceResult("c", 0, 0.0, "no_face")]
    layout = lay_out((1120, 660), (640, 360))
    for mirrored in (False, True):
        area = box_in_window(rows[1], layout, mirrored)
        middle = area.x + area.width / 2, area.y + area.height / 2
        assert face_at(middle, rows, layout, mirrored) == 1
        assert face_at((layout.picture.x + layout.picture.width / 2, 400), rows, layout, mirrored) is None
    left = box_in_window(rows[1], layout, False)
    right = box_in_window(rows[1], layout, True)
    assert left.x - layout.picture.x == pytest.approx(20 * layout.zoom, abs=1)
    assert right.x + right.width == pytest.approx(layout.picture.width - 20 * layout.zoom, abs=1)


def test_tab_goes_round():
    assert [next_face(chosen, [0, 2, 5]) for chosen in (None, 0, 2, 5, 7)] == [0, 2, 5, 0, 0]
    assert next_face(3, []) is None
