import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from mien.core.errors import MienError
from mien.data.camera import Orthographic, Pinhole, facing, pixel_centres, project
from mien.data.meshes import Mesh, read_mesh
from mien.data.render import render, render_colour, render_grid, texture_pixels

AT_600 = np.array([0.0, 0, 600])
PINHOLE = Pinhole(400, 400, 81.3, 77.9, 160, 150, translation=AT_600)
FLAT = Orthographic(1.1, 1.1, 81.3, 77.9, 160, 150, translation=AT_600)
SIDE = 300.0


def square(slope_x=0.0, slope_y=0.0, z=0.0):
    """Two triangles of the plane z + slope_x x + slope_y y, larger than any picture."""
    xy = np.array([[-SIDE, -SIDE], [SIDE, -SIDE], [SIDE, SIDE], [-SIDE, SIDE]])
    height = z + xy @ (slope_x, slope_y)
    return Mesh(np.column_stack([xy, height]), np.array([[0, 1, 2], [0, 2, 3]]))


def rays(camera):
    plane = (pixel_centres(camera.width, camera.height) - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
    return plane[..., 0], plane[..., 1]


@pytest.mark.parametrize("camera", [PINHOLE, FLAT], ids=lambda camera: camera.model)
def test_a_plane_before_the_camera_has_one_depth(camera):
    seen = render(square(z=50), camera)
    assert seen.depth_mm.shape == (150, 160)
    assert seen.depth_mm.dtype == np.float32
    np.testing.assert_allclose(seen.depth_mm, 550, atol=1e-3)
    np.testing.assert_allclose(seen.weights.sum(axis=2), 1)


def test_depth_of_a_tilted_plane_is_along_the_axis_and_not_along_the_ray():
    a, b = 0.4, -0.3
    x, y = rays(PINHOLE)
    # 600 - depth = a X + b Y with X = x depth and Y = -y depth
    expected = 600 / (1 + a * x - b * y)
    np.testing.assert_allclose(render(square(a, b), PINHOLE).depth_mm, expected, atol=2e-3)
    x, y = rays(FLAT)
    np.testing.assert_allclose(render(square(a, b), FLAT).depth_mm, 600 - a * x + b * y, atol=2e-3)


@pytest.mark.parametrize("camera", [PINHOLE, FLAT], ids=lambda camera: camera.model)
def test_a_sphere_is_as_near_as_its_formula_says(camera):
    radius = 70.0
    ball = trimesh.creation.icosphere(subdivisions=6, radius=radius)
    seen = render(Mesh(np.asarray(ball.vertices), np.asarray(ball.faces)), camera)
    x, y = rays(camera)
    if isinstance(camera, Pinhole):
        # |s (x, y, 1) - (0, 0, 600)| = radius
        square_of_aim = x**2 + y**2 + 1
        under = 600**2 - square_of_aim * (600**2 - radius**2)
        expected = (600 - np.sqrt(np.maximum(under, 0))) / square_of_aim
    else:
        under = radius**2 - x**2 - y**2
        expected = 600 - np.sqrt(np.maximum(under, 0))
    assert ((seen.depth_mm > 0) == (under > 0)).mean() > 0.995  # the rim is a polygon
    inside = cv2.erode((under > 0).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert inside.sum() > 3000
    np.testing.assert_allclose(seen.depth_mm[inside], expected[inside], atol=0.05)


def test_the_nearer_surface_hides_the_farther_one():
    near, far = square(z=100), square(z=-40)
    both = Mesh(
        np.concatenate([far.vertices, near.vertices * (0.1, 0.1, 1)]), np.r_[far.faces, near.faces + 4]
    )
    depth = render(both, FLAT).depth_mm
    assert depth[77, 81] == pytest.approx(500, abs=1e-3)
    assert depth[5, 5] == pytest.approx(640, abs=1e-3)


def test_a_mesh_behind_the_camera_or_out_of_sight_is_not_drawn():
    with pytest.raises(MienError, match=r"lies behind the camera: give .* \[0, 0, 600\]"):
        render(square(z=50), Pinhole(400, 400, 80, 80, 160, 160))
    aside = Mesh(square().vertices + np.array([5000, 0, 0]), square().faces)
    assert not render(aside, PINHOLE).depth_mm.any()


def test_a_degenerate_face_is_no_surface():
    flat = square(z=50)
    faces = np.concatenate([flat.faces, [[0, 0, 0], [0, 1, 1]]])
    np.testing.assert_allclose(render(Mesh(flat.vertices, faces), PINHOLE).depth_mm, 550, atol=1e-3)
    edge_on = Mesh(np.array([[0, 0, 0], [0, 10, 0], [0, 0, 10.0]]), np.array([[0, 1, 2]]))
    assert np.isfinite(
        render(edge_on, Orthographic(1, 1, 80.5, 80.5, 160, 160, translation=AT_600)).depth_mm
    ).all()


def test_a_grid_is_interpolated_between_its_places():
    places = np.array([[10, 10], [50, 10], [50, 40], [10, 40]], float)
    depth = 500 + places @ (0.5, 2)
    drawn = render_grid(places, depth, np.array([[0, 1, 2], [0, 2, 3]]), 64, 48)
    inside = np.zeros((48, 64), bool)
    inside[10:40, 10:50] = True
    np.testing.assert_array_equal(drawn > 0, inside)
    expected = 500 + pixel_centres(64, 48) @ (0.5, 2)
    np.testing.assert_allclose(drawn[inside], expected[inside], atol=1e-3)


def test_colours_and_depth_fall_on_the_same_pixels(bump):
    """A texture photographed by a camera looks to that camera like itself."""
    height, width = 150, 160
    pixels, _ = project(bump.vertices, PINHOLE)
    uv = (pixels / (width, height)) * (1, -1) + (0, 1)
    mesh = Mesh(bump.vertices, bump.faces, uv[bump.faces])
    ramp = np.dstack(np.broadcast_arrays(np.arange(width) + 20, np.arange(height)[:, None] + 30, 90))
    texture = ramp.astype(np.uint8)
    seen = render(mesh, PINHOLE)
    colours = render_colour(seen, mesh, texture)
    there = seen.depth_mm > 0
    assert there.sum() > 6000
    assert np.abs(colours[there].astype(int) - texture[there]).max() <= 1
    assert not colours[~there].any()
    np.testing.assert_array_equal(render_colour(seen, mesh, texture[..., 0]), colours[..., 0])
    points, at = texture_pixels(mesh, width, height)
    np.testing.assert_allclose(at, project(points, PINHOLE)[0], atol=1e-9)
    assert len(points) == len(bump.vertices)


def test_a_mesh_without_texture_coordinates_has_no_colours(bump):
    mesh = Mesh(bump.vertices, bump.faces)
    with pytest.raises(MienError, match="no colours"):
        render_colour(render(mesh, PINHOLE), mesh, np.zeros((4, 4), np.uint8))
    with pytest.raises(MienError, match="cannot be laid"):
        texture_pixels(mesh, 4, 4)


@pytest.mark.data
def test_the_expected_maps_of_the_synthetic_meshes():
    data = os.environ.get("MIEN_TEST_DATA")
    if not data:
        pytest.skip("MIEN_TEST_DATA is not set")
    root = Path(data) / "data" / "synthetic_rgbd" / "meshes"
    about = json.loads((root / "meshes.json").read_text())
    lens = about["camera"]
    numbers = (lens["fx"], lens["fy"], lens["cx"], lens["cy"], lens["width"], lens["height"])
    assert len(about["meshes"]) == 8
    for entry in about["meshes"]:
        mesh = read_mesh(root / entry["obj"])
        for view in entry["views"]:
            yaw = np.deg2rad(view["yaw_deg"])
            turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
            away = np.array([0, 0, view["distance_mm"]])
            seen = render(mesh, Pinhole(*numbers, rotation=facing() @ turn, translation=away)).depth_mm
            expected = cv2.imread(str(root / view["depth"]), cv2.IMREAD_UNCHANGED) * about["depth_unit_mm"]
            valid = expected > 0
            within = np.abs(seen[valid] - expected[valid]) <= 0.5
            assert within.mean() >= 0.99, view["depth"]
            assert ((seen > 0) == valid).mean() >= 0.999, view["depth"]
