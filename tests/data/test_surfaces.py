import cv2
import numpy as np
import pytest

from mien.core.errors import InputError, MienError
from mien.core.records import Sample
from mien.core.specs import AlignSpec, InputSpec
from mien.data.camera import Orthographic, Pinhole, project
from mien.data.crops import ready_crops
from mien.data.depth import read_depth
from mien.data.meshes import Mesh
from mien.data.render import render
from mien.data.surfaces import cut, read_surface, write_depth

WIDTH, HEIGHT = 260, 348
PHOTO = Pinhole(900, 900, 128, 171, WIDTH, HEIGHT, translation=np.array([3.0, -5, 640]))


def picture(width=WIDTH, height=HEIGHT):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def write_picture(path, image):
    path.write_bytes(cv2.imencode(path.suffix, image[..., ::-1])[1].tobytes())


def true_depth(bump, camera=PHOTO):
    return render(Mesh(bump.vertices, bump.faces), camera).depth_mm


def assert_same(found, expected, atol):
    both = (found > 0) & (expected > 0)
    assert both.sum() > 0.99 * (expected > 0).sum() > 1000
    np.testing.assert_allclose(found[both], expected[both], atol=atol)


@pytest.fixture
def textured(bump, tmp_path):
    """As BU-4DFE: a mesh and the photograph that is its texture."""
    uv = (project(bump.vertices, PHOTO)[0] / (WIDTH, HEIGHT)) * (1, -1) + (0, 1)
    (tmp_path / "000.wrl").write_text(bump.wrl(uv, "000.png"))
    write_picture(tmp_path / "000.png", picture())
    return tmp_path / "000.wrl"


def test_a_textured_mesh_lies_on_its_photograph(bump, textured):
    surface = read_surface(textured)
    assert "pinhole camera, fitted to the texture coordinates (rms 0.0" in surface.how
    np.testing.assert_array_equal(surface.image, picture())
    expected = true_depth(bump)
    shift = np.median((surface.depth_mm - expected)[expected > 0])  # how far away is hardly seen in a picture
    assert abs(shift) < 5
    assert_same(surface.depth_mm - np.where(surface.depth_mm > 0, shift, 0), expected, 0.2)


def test_a_resized_photograph_is_still_the_texture(textured):
    half = cv2.resize(picture(), (WIDTH // 2, HEIGHT // 2))
    surface = read_surface(textured, half)
    assert "fitted to the texture coordinates" in surface.how
    assert surface.depth_mm.shape == half.shape[:2]


def test_a_texture_of_two_views_is_drawn_from_the_front(bump, tmp_path):
    """As BU-3DFE: the texture is no photograph, so both colours and depth are rendered."""
    x, y = bump.vertices[:, 0], bump.vertices[:, 1]
    uv = np.column_stack([np.where(x < 0, 0.25, 0.75) + x / 400, 0.5 + y / 200])
    (tmp_path / "F3D.wrl").write_text(bump.wrl(uv, "F3D.bmp"))
    write_picture(tmp_path / "F3D.bmp", picture())
    surface = read_surface(tmp_path / "F3D.wrl", side_px=200)
    assert surface.how.startswith(
        "orthographic camera from the front; its texture is not one photograph: rms "
    )
    assert surface.depth_mm.shape == (200, 200)
    assert surface.image is not None
    assert surface.image[surface.depth_mm > 0].std() > 20
    assert not surface.image[surface.depth_mm == 0].any()
    assert_same(surface.depth_mm, true_depth(bump, surface.camera), 1e-3)


def test_a_cut_out_face_is_found_by_its_silhouette(bump, tmp_path):
    (tmp_path / "face.wrl").write_text(bump.wrl())
    camera = Orthographic(2.2, 2.2, 271, 244, 512, 512, translation=np.array([0.0, 0, 700]))
    expected = true_depth(bump, camera)
    image = np.where(expected[..., None] > 0, picture(512, 512) // 2 + 100, 0).astype(np.uint8)
    surface = read_surface(tmp_path / "face.wrl", image)
    assert surface.how == "orthographic camera, fitted to the picture's silhouette"
    expected = np.where(expected > 0, expected + 500 - (700 - bump.vertices[:, 2].max()), 0)
    assert ((surface.depth_mm > 0) == (expected > 0)).mean() > 0.99
    assert_same(surface.depth_mm, expected, 0.8)  # half a pixel on the steepest slope
    guess = read_surface(tmp_path / "face.wrl", picture(512, 512))
    assert guess.how == "orthographic camera from the front, the face filling the picture (a guess)"


def test_a_given_camera_decides(bump, textured):
    surface = read_surface(textured, picture(), PHOTO)
    assert surface.how == "camera as given"
    assert_same(surface.depth_mm, true_depth(bump), 1e-3)
    rendered = read_surface(textured, camera=PHOTO).image
    there = surface.depth_mm > 0
    assert np.abs(rendered[there].astype(int) - picture()[there]).mean() < 2
    metres = read_surface(textured, picture(), PHOTO, unit_mm=0.5)
    assert 0 < (metres.depth_mm > 0).sum() < 0.3 * there.sum()
    with pytest.raises(MienError, match="camera's picture is 260 x 348 px, the picture given 259 x 348"):
        read_surface(textured, picture()[:, 1:], PHOTO)


def test_what_is_odd_about_a_mesh_is_noted(bump, tmp_path):
    uv = np.zeros((len(bump.vertices), 2))
    doubled = bump._replace(faces=np.concatenate([bump.faces, bump.faces[:1, [1, 2, 0]], bump.faces[:1]]))
    (tmp_path / "odd.wrl").write_text(doubled.wrl(uv, "lost.png"))
    notes = read_surface(tmp_path / "odd.wrl", side_px=64).notes
    assert notes[0].endswith("edges belong to more than two triangles (non-manifold)")
    assert notes[1] == "its texture lost.png is not beside it"


@pytest.fixture
def scan(bump, tmp_path):
    """As Bosphorus: a grid with a hole, and its photograph."""
    places = project(bump.points, PHOTO)[0] / (WIDTH, HEIGHT)
    hole = np.zeros(bump.points.shape[:2], bool)
    hole[30:36, 8:14] = True
    path = tmp_path / "bs000_E_HAPPY_0.bnt"
    path.write_bytes(bump.bnt(places, hole))
    return path


def test_a_point_grid_lies_on_its_photograph(bump, scan):
    write_picture(scan.with_suffix(".png"), picture())
    surface = read_surface(scan)
    assert "fitted to the grid's places in the photograph (rms 0.0" in surface.how
    np.testing.assert_array_equal(surface.image, picture())
    expected = true_depth(bump)
    u, v = project(bump.points[33, 11], PHOTO)[0].astype(int)
    assert surface.depth_mm[v, u] == 0
    assert expected[v, u] > 0
    both = (surface.depth_mm > 0) & (expected > 0)
    assert both.sum() > 0.97 * (expected > 0).sum() - 1600
    difference = (surface.depth_mm - expected)[both]
    assert abs(np.median(difference)) < 5
    assert np.abs(difference - np.median(difference)).max() < 0.2


def test_a_point_grid_without_its_photograph_is_one_line(scan):
    with pytest.raises(InputError, match=r"photograph \(bs000_E_HAPPY_0\.png\) is not beside it"):
        read_surface(scan)
    assert read_surface(scan, picture()).depth_mm.any()


def test_a_depth_picture_needs_a_camera(tmp_path):
    path = tmp_path / "depth.png"
    write_depth(path, np.full((HEIGHT, WIDTH), 512.34, np.float32), 0.1)
    np.testing.assert_allclose(read_surface(path, camera=PHOTO, unit_mm=0.1).depth_mm, 512.3, atol=1e-3)
    with pytest.raises(MienError, match="needs a camera"):
        read_surface(path)
    with pytest.raises(InputError, match=r"depth comes from \.bnt, \.obj, \.ply, \.wrl, or a 16-bit"):
        read_surface(tmp_path / "face.stl")


def test_depth_files_keep_holes_and_refuse_what_does_not_fit(tmp_path):
    path = tmp_path / "depth.png"
    depth = np.array([[0, 0.01], [6553.5, 300]], np.float32)
    write_depth(path, depth, 0.1)
    assert read_depth(path).tolist() == [[0, 1], [65535, 3000]]
    with pytest.raises(MienError, match=r"6560 mm does not fit 16 bits in steps of 0\.1 mm"):
        write_depth(path, depth + 6.5, 0.1)


def test_a_cut_out_keeps_depth_picture_and_camera_together(textured):
    surface = read_surface(textured)
    part = cut(surface, (40, 50, 100, 120))
    np.testing.assert_array_equal(part.depth_mm, surface.depth_mm[50:170, 40:140])
    np.testing.assert_array_equal(part.image, surface.image[50:170, 40:140])
    assert part.camera.cx == surface.camera.cx - 40


def test_a_sample_may_have_a_mesh_or_a_grid_as_its_depth(bump, textured, scan):
    points = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.75), (0.65, 0.75))
    spec = InputSpec(
        size_px=64,
        channels="rgbd",
        mean=(0.5,) * 4,
        std=(0.25,) * 4,
        depth_range_mm=(400, 800),
        align=AlignSpec(points=points),
    )
    image = picture()
    for path in (textured, scan):
        np.testing.assert_array_equal(read_depth(path, image=image), read_surface(path, image).depth_mm)
        crop, _ = ready_crops(spec)(Sample("a", image, 0, "train", depth=path))
        levels = crop[..., 3]
        assert (levels > 0).mean() > 0.3
        assert 400 + levels.max() / 32767 * 400 == pytest.approx(640, abs=8)
