import numpy as np
import pytest
import trimesh

from mien.core.errors import MienError
from mien.data.camera import Pinhole
from mien.data.meshes import Mesh
from mien.data.point_cloud import grid_faces, point_cloud, write_ply
from mien.data.render import render

CAMERA = Pinhole(300, 300, 64, 48, 128, 96, translation=np.array([0.0, 0, 600]))


def test_a_rendered_mesh_comes_back_as_points_on_it(bump):
    depth = render(Mesh(bump.vertices, bump.faces), CAMERA).depth_mm
    cloud = point_cloud(depth, CAMERA)
    assert len(cloud.points) == (depth > 0).sum() > 3000
    surface = trimesh.Trimesh(bump.vertices, bump.faces, process=False)
    # the same surface, rendered again from the points' own triangles
    again = render(Mesh(cloud.points, cloud.faces), CAMERA).depth_mm
    both = (again > 0) & (depth > 0)
    assert both.sum() > 0.9 * (depth > 0).sum()
    np.testing.assert_allclose(again[both], depth[both], atol=0.01)
    np.testing.assert_allclose(cloud.points.max(axis=0)[2], surface.bounds[1][2], atol=0.5)
    facing_viewer = np.cross(*np.moveaxis(np.diff(cloud.points[cloud.faces], axis=1), 1, 0))[:, 2] > 0
    assert facing_viewer.all()


def test_edges_over_jumps_and_holes_are_cut():
    depth = np.full((5, 6), 600, np.float32)
    depth[:, 3:] = 640
    assert len(grid_faces(depth, 50)) == 2 * 4 * 5
    assert len(grid_faces(depth, 10)) == 2 * 4 * 4
    depth[2, 1] = 0
    faces = grid_faces(depth, 10)
    assert 2 * 6 + 1 not in faces
    assert len(faces) == 2 * 4 * 4 - 6
    depth[2, 1] = np.nan
    np.testing.assert_array_equal(grid_faces(depth, 10), faces)


def test_colours_are_those_of_the_picture_or_grey_by_depth():
    depth = np.zeros((96, 128), np.float32)
    depth[10:20, 30:50] = np.linspace(500, 600, 20)
    image = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    cloud = point_cloud(depth, CAMERA, image)
    np.testing.assert_array_equal(cloud.colours, image[depth > 0])
    grey = point_cloud(depth, CAMERA).colours
    assert (grey[:, 0] == grey[:, 2]).all()
    assert grey[0, 0] > grey[19, 0] + 100  # nearer is lighter
    thin = point_cloud(depth, CAMERA, image[..., 0], step=2)
    assert len(thin.points) == 5 * 10
    assert len(thin.faces) == 2 * 4 * 9


@pytest.mark.parametrize("with_faces", [False, True])
def test_ply_files_hold_points_colours_and_faces(tmp_path, with_faces, bump):
    depth = render(Mesh(bump.vertices, bump.faces), CAMERA).depth_mm
    image = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    cloud = point_cloud(depth, CAMERA, image)
    path = tmp_path / "cloud.ply"
    write_ply(path, cloud, with_faces)
    again = trimesh.load(path, process=False)
    np.testing.assert_allclose(again.vertices, cloud.points, atol=1e-3)
    if with_faces:
        np.testing.assert_array_equal(again.faces, cloud.faces)
        np.testing.assert_array_equal(again.visual.vertex_colors[:, :3], cloud.colours)
    else:
        np.testing.assert_array_equal(again.colors[:, :3], cloud.colours)


def test_what_does_not_fit_is_said():
    depth = np.zeros((96, 128), np.float32)
    with pytest.raises(MienError, match="nothing was measured"):
        point_cloud(depth, CAMERA)
    with pytest.raises(MienError, match="picture is 128 x 96 px, the depth 128 x 95"):
        point_cloud(depth[1:], CAMERA)
    with pytest.raises(MienError, match="the picture is 64 x 96 px, the depth 128 x 96"):
        point_cloud(depth, CAMERA, np.zeros((96, 64), np.uint8))
