import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mien.core.errors import InputError
from mien.data.camera import (
    Camera,
    Orthographic,
    Pinhole,
    back_project,
    camera_from_dict,
    camera_to_dict,
    cropped,
    facing,
    pixel_centres,
    project,
    read_camera,
)

TURNED = Rotation.from_euler("xyz", [20, -30, 10], degrees=True).as_matrix()
PLAIN = {"width": 160, "height": 120, "fx": 400, "fy": 410, "cx": 80, "cy": 60}


def cameras() -> list[Camera]:
    where = {"rotation": facing() @ TURNED, "translation": np.array([5.0, -7, 600])}
    return [Pinhole(400, 410, 81, 62, 160, 120, **where), Orthographic(1.5, 1.4, 81, 62, 160, 120, **where)]


def test_a_point_before_the_camera_falls_where_the_formula_says():
    pinhole = Pinhole(400, 400, 80, 80, 160, 160, translation=np.array([0.0, 0, 640]))
    pixel, depth = project(np.array([32.0, 16, 140]), pinhole)
    assert depth == pytest.approx(500)  # 640 less the 140 by which it stands out towards the viewer
    np.testing.assert_allclose(pixel, [80 + 400 * 32 / 500, 80 - 400 * 16 / 500])
    flat = Orthographic(2, 2, 80, 80, 160, 160, translation=np.array([0.0, 0, 640]))
    np.testing.assert_allclose(project(np.array([32.0, 16, 140]), flat)[0], [144, 48])


@pytest.mark.parametrize("camera", cameras(), ids=lambda camera: camera.model)
def test_back_projection_undoes_projection(camera):
    points = np.random.default_rng(0).uniform(-80, 80, (7, 5, 3))
    pixels, depth = project(points, camera)
    assert (depth > 400).all()
    np.testing.assert_allclose(back_project(pixels, depth, camera), points, atol=1e-9)


def test_the_first_pixel_has_its_centre_at_a_half():
    centres = pixel_centres(4, 3)
    assert centres.shape == (3, 4, 2)
    assert centres[0, 0].tolist() == [0.5, 0.5]
    assert centres[2, 3].tolist() == [3.5, 2.5]


@pytest.mark.parametrize("camera", cameras(), ids=lambda camera: camera.model)
def test_a_camera_survives_json(camera, tmp_path):
    path = tmp_path / "camera.json"
    path.write_text(json.dumps({**camera_to_dict(camera), "depth_unit_mm": 0.1}))
    again, unit = read_camera(path)
    assert type(again) is type(camera)
    assert unit == 0.1
    points = np.random.default_rng(1).uniform(-80, 80, (9, 3))
    np.testing.assert_allclose(project(points, again)[0], project(points, camera)[0], atol=1e-12)


def test_a_cut_out_sees_the_same_points_shifted():
    camera = cameras()[0]
    points = np.random.default_rng(1).uniform(-20, 20, (9, 3))
    cut = cropped(camera, (30, 12, 50, 40))
    np.testing.assert_allclose(project(points, cut)[0], project(points, camera)[0] - (30, 12))
    assert (cut.width, cut.height) == (50, 40)


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ([], "a camera is a JSON object, not list"),
        ({**PLAIN, "model": "fisheye"}, "model is pinhole or orthographic, not 'fisheye'"),
        ({"fx": 1, "width": 3}, "a camera needs fy, cx, cy, height"),
        ({**PLAIN, "fx": "wide"}, "values are numbers"),
        ({**PLAIN, "fx": 0}, "more than 0"),
        ({**PLAIN, "cx": float("nan")}, "all numbers finite"),
        ({**PLAIN, "rotation": np.ones((3, 3)).tolist()}, "no orthonormal"),
        ({**PLAIN, "translation_mm": [1, 2]}, "three numbers, not 2"),
    ],
)
def test_what_is_no_camera_is_one_line(plain, said):
    with pytest.raises(InputError, match=said) as error:
        camera_from_dict(plain, "camera.json")
    assert str(error.value).startswith("camera.json: ")


def test_a_camera_file_that_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_camera(tmp_path / "none.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        read_camera(tmp_path / "broken.json")
    (tmp_path / "unit.json").write_text(json.dumps({**PLAIN, "depth_unit_mm": "mm"}))
    with pytest.raises(InputError, match="depth_unit_mm is a number above 0"):
        read_camera(tmp_path / "unit.json")
