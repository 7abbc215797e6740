import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from mien.core.errors import MienError
from mien.plots.point_cloud import cloud_figure, from_the_side

POINTS = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0], [10, 10, 5]], float)
COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]], np.uint8)
FACES = np.array([[0, 1, 2], [1, 3, 2]])
DEPTH = np.array([[0, 500], [510, 520]], np.float32)


def test_the_figure_has_a_panel_for_each_form(tmp_path):
    figure = cloud_figure(np.zeros((2, 2, 3), np.uint8), DEPTH, POINTS, COLOURS, FACES)
    titles = {axes.get_title(): axes for axes in figure.axes if axes.get_title()}
    assert list(titles) == ["picture", "depth (mm)", "point cloud", "mesh"]
    drawn = titles["depth (mm)"].images[0].get_array()
    assert np.ma.getmaskarray(np.ma.masked_invalid(drawn)).tolist() == [[True, False], [False, False]]
    (cloud,) = titles["point cloud"].collections
    order = np.argsort(from_the_side(POINTS)[:, 2])
    np.testing.assert_allclose(cloud.get_facecolors()[:, :3], COLOURS[order] / 255)
    (mesh,) = titles["mesh"].collections
    assert isinstance(mesh, PolyCollection)
    assert len(mesh.get_paths()) == 2
    figure.savefig(tmp_path / "cloud.png")
    assert (tmp_path / "cloud.png").stat().st_size > 5000


def test_without_a_picture_or_faces_there_are_panels_still():
    figure = cloud_figure(None, DEPTH, POINTS[:1], COLOURS[:1], np.zeros((0, 3), int))
    assert [axes.get_title() for axes in figure.axes if axes.get_title()] == [
        "depth (mm)",
        "point cloud",
        "mesh",
    ]


def test_the_nearest_point_turns_to_the_right_and_down():
    points = np.array([[0, 0, 10], [0, 0, -10], [0, 10, 0], [0, -10, 0.0]])
    seen = from_the_side(points, 90, 0)
    np.testing.assert_allclose(seen[0], [10, 0, 0], atol=1e-12)
    assert from_the_side(points, 0, 30)[0, 1] == pytest.approx(-5)
    lengths = np.linalg.norm(from_the_side(points), axis=1)
    np.testing.assert_allclose(lengths, 10)


def test_a_cloud_needs_a_point():
    with pytest.raises(MienError, match="at least one point"):
        cloud_figure(None, DEPTH, POINTS[:0], COLOURS[:0], FACES[:0])
