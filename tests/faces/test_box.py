import pytest

from mien.faces.box import clip_box, iou


@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        ((2.0, 3.0, 4.0, 5.0), (2.0, 3.0, 4.0, 5.0)),
        ((-2.0, -3.0, 6.0, 7.0), (0.0, 0.0, 4.0, 4.0)),
        ((15.0, 8.0, 10.0, 10.0), (15.0, 8.0, 5.0, 2.0)),
        ((-9.0, 0.0, 9.0, 5.0), None),
        ((20.0, 0.0, 5.0, 5.0), None),
    ],
)
def test_clip_box_keeps_the_part_inside_the_picture(box, clipped):
    assert clip_box(box, width=20, height=10) == clipped


def test_iou_of_known_boxes():
    assert iou((0, 0, 2, 2), (0, 0, 2, 2)) == 1.0
    assert iou((0, 0, 2, 2), (1, 0, 2, 2)) == pytest.approx(1 / 3)
    assert iou((0, 0, 2, 2), (2, 2, 1, 1)) == 0.0
    assert iou((0, 0, 0, 0), (0, 0, 0, 0)) == 0.0
