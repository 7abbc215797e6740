import builtins
import struct
import sys

import numpy as np
import pytest

from mien.core.errors import InputError, MienError
from mien.data.meshes import Mesh, need_depth_extra, non_manifold_edges, read_mesh

OBJ = """mtllib box.mtl
v 0 0 0
v 10 0 0
v 10 10 0
v 0 10 5
vt 0 0
vt 1 0
vt 1 1
vt 0 1
vt 0.5 0.5
usemtl skin
f 1/1 2/2 3/3
f 1/5 3/3 4/4
"""
PLY = """ply
format ascii 1.0
comment TextureFile box.png
element vertex 4
property float x
property float y
property float z
element face 2
property list uchar int vertex_indices
end_header
0 0 0
10 0 0
10 10 0
0 10 5
3 0 1 2
3 0 2 3
"""


def corners(mesh):
    return mesh.vertices[mesh.faces].tolist()


TRIANGLES = [[[0, 0, 0], [10, 0, 0], [10, 10, 0]], [[0, 0, 0], [10, 10, 0], [0, 10, 5]]]


def test_an_obj_keeps_the_texture_coordinates_of_its_corners(tmp_path):
    (tmp_path / "box.mtl").write_text("newmtl skin\nKa 1 1 1\nmap_Kd -s 1 C:\\scans\\box.png\n")
    path = tmp_path / "box.obj"
    path.write_text(OBJ)
    mesh = read_mesh(path)
    assert corners(mesh) == TRIANGLES
    assert mesh.uv is not None
    assert mesh.uv.tolist() == [[[0, 0], [1, 0], [1, 1]], [[0.5, 0.5], [1, 1], [0, 1]]]
    assert mesh.vertices.dtype == np.float64


def test_a_texture_is_named_by_the_material_of_an_obj_and_a_comment_of_a_ply(tmp_path):
    (tmp_path / "box.mtl").write_text("newmtl skin\nmap_Kd C:\\scans\\box.png\n")
    (tmp_path / "box.obj").write_text(OBJ)
    assert read_mesh(tmp_path / "box.obj").texture == tmp_path / "box.png"
    (tmp_path / "box.ply").write_text(PLY)
    mesh = read_mesh(tmp_path / "box.ply", unit_mm=1000)
    assert mesh.texture == tmp_path / "box.png"
    assert corners(mesh) == (1000 * np.array(TRIANGLES)).tolist()


def test_a_wrl_is_read_without_any_extra(bump, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "trimesh", None)
    path = tmp_path / "face.WRL"
    uv = np.random.default_rng(0).random((len(bump.vertices), 2))
    path.write_text(bump.wrl(uv, "sub/face.bmp"))
    mesh = read_mesh(path)
    np.testing.assert_allclose(mesh.vertices, bump.vertices, atol=1e-6)
    np.testing.assert_array_equal(mesh.faces, bump.faces)
    np.testing.assert_allclose(mesh.uv, uv[bump.faces], atol=1e-8)
    assert mesh.texture == tmp_path / "face.bmp"


def test_two_shapes_are_one_mesh_and_two_pictures_none(bump, tmp_path):
    path = tmp_path / "two.wrl"
    uv = np.zeros((len(bump.vertices), 2))
    again = bump.wrl(uv, "other.png").replace("#VRML V2.0 utf8", "").replace("DEF Front", "")
    path.write_text(bump.wrl(uv) + again)
    mesh = read_mesh(path)
    assert mesh.faces.max() == 2 * len(bump.vertices) - 1
    assert mesh.uv is None
    assert mesh.texture is None


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.stl", b"solid", r"a mesh is \.obj, \.ply, \.wrl"),
        ("a.obj", b"\x00\x01\x02\xff", "OBJ mesh|no faces"),
        ("a.obj", b"", "OBJ mesh|no faces"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\n", "the mesh has no faces"),
        ("a.obj", OBJ.replace("f 1/5 3/3 4/4", "f 1/1 2/2 9/3").encode(), "OBJ mesh|names vertex"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "OBJ mesh|names vertex 8"),
        ("a.obj", b"v 0 0 0\nv 1 nan 0\nv 0 1 0\nf 1 2 3\n", "1 of 3 vertices are not finite|OBJ mesh"),
        ("a.ply", b"obj", "first line must be 'ply'"),
        ("a.ply", PLY[:-12].encode(), "cut short: 0 of 2 face lines"),
        ("a.ply", PLY.replace("10 10 0", "10 inf 0").encode(), "1 of 4 vertices are not finite"),
        ("a.ply", PLY[:120].encode(), "PLY mesh"),
        ("a.wrl", b"#VRML V2.0 utf8\nGroup { children [] }", "an empty mesh"),
    ],
)
def test_a_broken_mesh_is_one_line(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as error:
        read_mesh(path)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def test_a_binary_ply_that_is_cut_short_is_one_line(tmp_path):
    header = PLY[: PLY.index("0 0 0")].replace("ascii", "binary_little_endian")
    vertices = np.array([[0, 0, 0], [10, 0, 0], [10, 10, 0], [0, 10, 5]], "<f4").tobytes()
    faces = b"".join(struct.pack("<Biii", 3, *f) for f in ((0, 1, 2), (0, 2, 3)))
    path = tmp_path / "b.ply"
    path.write_bytes(header.encode() + vertices + faces)
    assert corners(read_mesh(path)) == TRIANGLES
    path.write_bytes(header.encode() + vertices + faces[:-6])
    with pytest.raises(InputError, match=r"PLY mesh|cut short"):
        read_mesh(path)


def test_vertices_of_a_wrl_that_are_no_numbers_are_counted(bump, tmp_path):
    path = tmp_path / "nan.wrl"
    lines = bump.wrl().splitlines()
    lines[5] = "nan nan nan,"
    lines[6] = "1 2 inf,"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=f"2 of {len(bump.vertices)} vertices are not finite"):
        read_mesh(path)


def test_a_missing_file_and_a_missing_extra_are_one_line(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="No such file"):
        read_mesh(tmp_path / "none.wrl")
    (tmp_path / "box.obj").write_text(OBJ)
    monkeypatch.setitem(sys.modules, "trimesh", None)
    with pytest.raises(MienError, match=r"need trimesh: pip install 'mien\[depth\]'"):
        read_mesh(tmp_path / "box.obj")


def test_a_module_that_does_not_load_is_named_by_what_it_lacks(monkeypatch):
    whole = builtins.__import__

    def without(name, *more, **named):
        if name.startswith("embreex"):
            raise ModuleNotFoundError("No module named 'embreex'", name="embreex.rtcore")
        return whole(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    for loaded in [m for m in sys.modules if m.startswith("embreex") or "ray_pyembree" in m]:
        monkeypatch.delitem(sys.modules, loaded)
    with pytest.raises(MienError, match=r"need embreex: pip install 'mien\[depth\]'"):
        need_depth_extra("trimesh.ray.ray_pyembree")


def test_edges_of_three_triangles_are_counted():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1]], float)
    fan = np.array([[0, 1, 2], [1, 0, 3], [0, 1, 4]])
    assert non_manifold_edges(Mesh(vertices, fan)) == 1
    assert non_manifold_edges(Mesh(vertices, fan[:2])) == 0
