import json
import sys

import cv2
import numpy as np
import pytest
import trimesh

from mien.data.camera import Pinhole, camera_to_dict, read_camera
from mien.data.depth import read_depth
from mien.data.point_cloud import point_cloud

PARTS = ["depth.png", "camera.json", "cloud.ply", "mesh.ply", "figure.png", "image.png"]
ROOF = """#VRML V2.0 utf8
Shape { geometry IndexedFaceSet {
  coord Coordinate { point [ -50 -60 0, 0 -60 30, 50 -60 0, -50 60 0, 0 60 30, 50 60 0 ] }
  coordIndex [ 0 1 4 3 -1 1 2 5 4 -1 ]
} }
"""


@pytest.fixture
def camera(tmp_path):
    path = tmp_path / "camera.json"
    lens = Pinhole(300, 300, 60, 50, 120, 100, translation=np.array([0.0, 0, 640]))
    path.write_text(json.dumps({**camera_to_dict(lens), "depth_unit_mm": 0.1}))
    return path


@pytest.fixture
def roof(tmp_path):
    path = tmp_path / "roof.wrl"
    path.write_text(ROOF)
    return path


def test_a_mesh_becomes_depth_cloud_mesh_and_figure(mien, tmp_path, roof, camera):
    said = mien("data", "depth", roof, "--camera", camera, "--out", tmp_path / "new" / "out")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0] == "camera as given"
    assert lines[1].startswith("depth: 120 x 100 px, ")
    assert lines[1].endswith("610.0 to 640.0 mm") or "mm" in lines[1]
    out = tmp_path / "new" / "out"
    assert sorted(p.name for p in out.iterdir()) == sorted(f"roof_{part}" for part in PARTS[:-1])
    again, unit = read_camera(out / "roof_camera.json")
    depth = read_depth(out / "roof_depth.png", unit)
    assert unit == 0.1
    assert depth[50, 59] == pytest.approx(610, abs=1)
    cloud = trimesh.load(out / "roof_cloud.ply", process=False)
    np.testing.assert_allclose(cloud.vertices, point_cloud(depth, again).points, atol=0.1)
    assert len(trimesh.load(out / "roof_mesh.ply", process=False).faces) > 5000
    assert cv2.imread(str(out / "roof_figure.png")) is not None


def test_a_depth_picture_is_tidied_and_cut(mien, tmp_path, camera):
    steps = np.zeros((100, 120), np.uint16)
    steps[20:80, 30:90] = 6000
    steps[50, 50] = 0
    steps[2:5, 2:5] = 7000
    path = tmp_path / "d.png"
    path.write_bytes(cv2.imencode(".png", steps)[1].tobytes())
    colours = np.random.default_rng(0).integers(0, 256, (100, 120, 3), dtype=np.uint8)
    (tmp_path / "c.png").write_bytes(cv2.imencode(".png", colours)[1].tobytes())
    words = ("--camera", camera, "--image", tmp_path / "c.png", "--out", tmp_path / "o")
    said = mien("data", "depth", path, *words, "--largest", "--crop", "--fill-holes", 4)
    assert said.code == 0, said.err
    assert "depth: 60 x 60 px, 100 % measured, 600.0 to 600.0 mm" in said.out
    assert sorted(p.name for p in (tmp_path / "o").iterdir()) == sorted(f"d_{part}" for part in PARTS)
    lens, _ = read_camera(tmp_path / "o" / "d_camera.json")
    assert (lens.cx, lens.cy, lens.width) == (30, 30, 60)
    cut = cv2.imread(str(tmp_path / "o" / "d_image.png"))
    np.testing.assert_array_equal(cut, colours[20:80, 30:90])
    assert (read_depth(tmp_path / "o" / "d_depth.png") == 6000).all()


def test_wrong_input_is_one_line(mien, tmp_path, roof, camera, monkeypatch):
    for words, expected in (
        ((tmp_path / "none.wrl", "--out", tmp_path / "o"), "No such file"),
        ((roof, "--out", roof), "there is a file of that name"),
        ((roof, "--out", tmp_path / "o", "--camera", roof), "not JSON"),
        ((tmp_path / "d.png", "--out", tmp_path / "o"), "needs a camera"),
    ):
        said = mien("data", "depth", *words)
        assert said.code == 2
        assert expected in said.err
        assert said.err.count("\n") == 1
    plain = json.loads(camera.read_text())
    del plain["translation_mm"]
    camera.write_text(json.dumps(plain))
    assert (
        "lies behind the camera"
        in mien("data", "depth", roof, "--camera", camera, "--out", tmp_path / "o").err
    )
    monkeypatch.setitem(sys.modules, "embreex", None)
    said = mien("data", "depth", roof, "--out", tmp_path / "o")
    assert said.code == 2
    assert said.err == "mien: meshes and depth need embreex: pip install 'mien[depth]'\n"
    assert not (tmp_path / "o").exists()


def test_help_teaches_the_files_and_the_camera(mien):
    said = mien("data", "depth", "--help").out
    for word in (".bnt", "translation_mm", "NAME_cloud.ply", "mien[depth]"):
        assert word in said
