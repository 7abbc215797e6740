import math

import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.specs import InputSpec
from mien.faces.align import align_face, align_plane, place_plane, similarity


def moved(points, angle_deg=0.0, scale=1.0, shift=(0.0, 0.0)):
    a = math.radians(angle_deg)
    turn = np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    return scale * points @ turn.T + shift


@pytest.fixture
def target(make_spec):
    return np.array(make_spec().align.points)


@pytest.mark.parametrize(("angle", "scale"), [(0, 1), (30, 0.2), (-170, 5), (90, 1)])
def test_similarity_inverts_a_known_map(target, angle, scale):
    points = moved(target, angle, scale, (7.0, -3.0))
    matrix = similarity(points, target)
    np.testing.assert_allclose(points @ matrix[:, :2].T + matrix[:, 2], target, atol=1e-12)
    assert np.linalg.det(matrix[:, :2]) == pytest.approx(1 / scale**2)


def test_similarity_is_the_least_squares_one(target):
    rng = np.random.default_rng(0)
    points = target + rng.normal(0, 0.1, target.shape)
    matrix = similarity(points, target)

    # the normal equations of the four free numbers (a, b, shift x, shift y), solved by a library
    x, y = points.T
    rows = np.concatenate(
        [np.stack([x, -y, np.ones(5), np.zeros(5)], 1), np.stack([y, x, np.zeros(5), np.ones(5)], 1)]
    )
    a, b, dx, dy = np.linalg.lstsq(rows, np.concatenate(target.T), rcond=None)[0]
    np.testing.assert_allclose(matrix, [[a, -b, dx], [b, a, dy]], atol=1e-12)


def test_similarity_never_mirrors(target):
    mirrored = target * [-1, 1]
    assert np.linalg.det(similarity(mirrored, target)[:, :2]) > 0


@pytest.mark.parametrize("points", [np.full((5, 2), 3.0), np.full((5, 2), np.nan)])
def test_similarity_refuses_points_without_extent(points, target):
    with pytest.raises(MienError, match="distinct finite points"):
        similarity(points, target)


def test_a_face_that_is_the_crop_already_comes_back_unchanged(make_spec):
    spec = make_spec(32)
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    crop = align_face(image, np.array(spec.align.points) * 32, spec)
    np.testing.assert_array_equal(crop, image)


def test_whole_pixels_are_cut_out_exactly(make_spec):
    spec = make_spec(16)
    image = np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    crop = align_face(image, np.array(spec.align.points) * 16 + [21, 9], spec)
    np.testing.assert_array_equal(crop, image[9:25, 21:37])


def test_a_quarter_turn(make_spec):
    spec = make_spec(16)
    image = np.random.default_rng(2).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    points = moved(np.array(spec.align.points) * 16, 90, shift=(16, 0))
    np.testing.assert_array_equal(align_face(image, points, spec), np.rot90(image))


def test_a_large_face_is_averaged_not_skipped(make_spec):
    spec = make_spec(16)
    image = np.random.default_rng(3).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    crop = align_face(image, np.array(spec.align.points) * 128, spec)
    exact = image.reshape(16, 8, 16, 8, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(crop, exact, atol=0.51)


def test_outside_the_picture_is_the_fill(make_spec):
    spec = make_spec(16, fill=77)
    image = np.full((16, 16, 3), 200, np.uint8)
    crop = align_face(image, np.array(spec.align.points) * 16 + [-8, 0], spec)
    assert (crop[:, :8] == 77).all()
    assert (crop[:, 8:] == 200).all()


def test_a_face_beside_the_picture_is_all_fill(make_spec):
    spec = make_spec(16, fill=5)
    crop = align_face(np.full((16, 16, 3), 200, np.uint8), np.array(spec.align.points) * 16 + 500, spec)
    assert (crop == 5).all()


def test_grey_models_get_bt601_luma(make_spec):
    spec = make_spec(8, "gray")
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [40, 80, 120]], np.uint8)
    image = np.ascontiguousarray(np.repeat(np.repeat(colours, 2, axis=0)[:, None], 8, axis=1))
    crop = align_face(image, np.array(spec.align.points) * 8, spec)
    assert crop.shape == (8, 8)
    np.testing.assert_allclose(crop[::2, 0], colours @ [0.299, 0.587, 0.114], atol=0.51)


def test_grey_pictures_serve_colour_models(make_spec):
    image = np.random.default_rng(4).integers(0, 256, (8, 8), dtype=np.uint8)
    spec = make_spec(8)
    crop = align_face(image, np.array(spec.align.points) * 8, spec)
    np.testing.assert_array_equal(crop, cv2.merge([image] * 3))


def test_a_very_wide_picture(make_spec):
    spec = make_spec(16)
    image = np.zeros((16, 33_000, 3), np.uint8)
    image[:, 32_900:32_916] = 9
    crop = align_face(image, np.array(spec.align.points) * 16 + [32_900, 0], spec)
    assert (crop == 9).all()


def test_a_model_without_framing_is_refused(target):
    spec = InputSpec(size_px=8, channels="gray", mean=(0,), std=(1,))
    with pytest.raises(MienError, match="ready-made face crops only"):
        align_face(np.zeros((8, 8), np.uint8), target * 8, spec)


def test_a_plane_is_placed_where_its_crop_was_cut_out(make_spec, target):
    spec = make_spec()
    y, x = np.mgrid[:200, :300].astype(np.float32)
    points = moved(target * 90, 25, 1, (120.0, 30.0))
    for plane in (x, y):
        placed = place_plane(align_plane(plane, points, spec), points, spec, plane.shape)
        inside = np.isfinite(placed)
        assert inside.sum() == pytest.approx(90 * 90, rel=0.06)
        np.testing.assert_allclose(placed[inside], plane[inside], atol=0.6)
    with pytest.raises(MienError, match="no framing"):
        place_plane(y, points, make_spec().model_copy(update={"align": None}), (9, 9))
