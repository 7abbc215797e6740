import cv2
import numpy as np
import pytest

from mien.core.records import Face, Sample
from mien.data.eightfold import VARIANTS, eightfold

SIDE = 61


def sample(**more: object) -> Sample:
    """Its red is x, its green is y, its depth the plane 500 + 2x + 3y."""
    ys, xs = np.mgrid[:SIDE, :SIDE]
    image = np.dstack([xs * 4, ys * 4, np.zeros_like(xs)]).astype(np.uint8)
    depth = (500 + 2 * xs + 3 * ys).astype(np.uint16)
    return Sample("KA.AN1.39", image, 3, "train", subject="KA", depth=depth, meta={"light": "dim"}, **more)


def test_183_pictures_become_1464():
    tiny = np.zeros((8, 8), np.uint8)
    grown = eightfold(Sample(str(i), tiny, i % 6, "all", subject=str(i % 10)) for i in range(183))
    assert len(grown) == 1464
    assert len({s.id for s in grown}) == 1464
    assert all(s.split == "all" for s in grown)
    assert [s.label for s in grown[::8]] == [i % 6 for i in range(183)]


def test_each_has_its_origin_and_is_named_after_what_was_done():
    given = sample()
    grown = eightfold([given])
    assert [s.meta["variant"] for s in grown] == list(VARIANTS)
    assert {s.meta["origin"] for s in grown} == {given.id}
    assert {s.meta["light"] for s in grown} == {"dim"}
    assert {(s.label, s.subject, s.split) for s in grown} == {(3, "KA", "train")}
    assert grown[0].id == given.id
    assert grown[0].image is given.image
    assert given.meta == {"light": "dim"}
    assert grown[1].id == "KA.AN1.39+mirrored"


def test_the_mirror_image_is_exact():
    given = sample()
    mirrored = eightfold([given])[1]
    np.testing.assert_array_equal(mirrored.image, given.image[:, ::-1])
    np.testing.assert_array_equal(mirrored.depth, given.depth[:, ::-1])


@pytest.mark.parametrize("place", range(2, 8))
def test_rotations_turn_by_their_angle_about_the_middle_and_depth_with_them(place):
    turned = eightfold([sample()])[place]
    angle = np.deg2rad(int(turned.meta["variant"].removeprefix("rotated")))
    ys, xs = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    # anticlockwise as displayed, where y grows downwards: where each pixel comes from
    from_x = np.cos(angle) * xs - np.sin(angle) * ys + (SIDE - 1) / 2
    from_y = np.sin(angle) * xs + np.cos(angle) * ys + (SIDE - 1) / 2
    inside = (from_x > 1) & (from_x < SIDE - 2) & (from_y > 1) & (from_y < SIDE - 2)
    assert inside.mean() > 0.75
    np.testing.assert_allclose(turned.image[..., 0][inside], 4 * from_x[inside], atol=0.75)
    np.testing.assert_allclose(turned.image[..., 1][inside], 4 * from_y[inside], atol=0.75)
    np.testing.assert_allclose(turned.depth[inside], 500 + 2 * from_x[inside] + 3 * from_y[inside], atol=0.75)
    assert turned.image[0, 0].any()  # outside repeats the edge
    assert turned.depth[0, 0] == 0  # and was not measured


@pytest.mark.parametrize("place", range(1, 8))
def test_points_and_box_stay_on_the_face(place):
    """A dot at the left mouth corner lies under the fifth point, whatever is done."""
    image = np.zeros((120, 100), np.uint8)
    points = np.array([[40, 40], [60, 40], [50, 55], [42, 70], [58, 70]], np.float32)
    cv2.circle(image, (58, 70), 3, 255, -1)  # centred on pixel (58, 70), whose middle is 58.5, 70.5
    face = Face((30.0, 30.0, 40.0, 50.0), 0.9, points + 0.5)
    given = Sample("a", image, 0, "train", face=face, box=(30.0, 30.0, 40.0, 50.0))
    turned = eightfold([given])[place]
    ys, xs = np.mgrid[:120, :100]
    weight = turned.image / turned.image.sum()
    found = np.array([(xs * weight).sum(), (ys * weight).sum()]) + 0.5
    meant = turned.face.points[3 if place == 1 else 4]  # the mirrored person's right is our left
    np.testing.assert_allclose(found, meant, atol=0.1)
    assert turned.box == turned.face.box
    assert turned.box[2:] == (40.0, 50.0)
    assert turned.face.points[0][0] < turned.face.points[1][0]
