import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mien.core.errors import MienError
from mien.data.camera import Orthographic, Pinhole, facing, project
from mien.data.camera_fit import fit_camera, foreground, frontal_camera, silhouette_camera

SOME = Rotation.from_euler("xyz", [8, 25, -5], degrees=True).as_matrix()


def test_a_photograph_gives_back_its_pinhole_camera(bump):
    true = Pinhole(
        2100, 2100, 510, 700, 1040, 1392, rotation=facing() @ SOME, translation=np.array([4.0, -9, 700])
    )
    pixels, depth = project(bump.vertices, true)
    fit = fit_camera(bump.vertices, pixels, 1040, 1392)
    assert isinstance(fit.camera, Pinhole)
    assert fit.rms_px < 0.01
    np.testing.assert_allclose(project(bump.vertices, fit.camera)[1], depth, rtol=0.01)


def test_the_residual_is_that_of_the_noise(bump):
    true = Pinhole(2100, 2100, 510, 700, 1040, 1392, translation=np.array([4.0, -9, 700]))
    noise = np.random.default_rng(0).normal(0, 0.5, (len(bump.vertices), 2))
    fit = fit_camera(bump.vertices, project(bump.vertices, true)[0] + noise, 1040, 1392)
    assert fit.rms_px == pytest.approx(0.5 * np.sqrt(2), rel=0.03)


def test_without_perspective_the_camera_is_orthographic(bump):
    true = Orthographic(
        3.2, 3.2, 240, 260, 512, 512, rotation=facing() @ SOME, translation=np.array([0.0, 0, 900])
    )
    pixels, depth = project(bump.vertices, true)
    fit = fit_camera(bump.vertices, pixels, 512, 512)
    assert isinstance(fit.camera, Orthographic)
    assert fit.rms_px < 1e-6
    np.testing.assert_allclose(fit.camera.rotation, true.rotation, atol=1e-6)
    found = project(bump.vertices, fit.camera)[1]
    np.testing.assert_allclose(found - found.min(), depth - depth.min(), atol=1e-4)
    assert found.min() == pytest.approx(500)


def test_a_texture_of_two_views_shows_in_the_residual(bump):
    """BU-3DFE's own textures: the left half of the face from the left, the right half from the right."""
    left, right = (
        Orthographic(
            4, 4, x, 450, 1300, 900, rotation=facing() @ Rotation.from_euler("y", a, degrees=True).as_matrix()
        )
        for x, a in ((300, 45), (1000, -45))
    )
    halves = [project(bump.vertices, camera)[0] for camera in (left, right)]
    pixels = np.where(bump.vertices[:, :1] < 0, *halves)
    assert fit_camera(bump.vertices, pixels, 1300, 900).rms_px > 30


def test_too_few_points_or_points_on_a_line_are_said(bump):
    with pytest.raises(MienError, match="8 points or more, got 7"):
        fit_camera(bump.vertices[:7], np.zeros((7, 2)), 9, 9)
    line = np.linspace(0, 1, 20)[:, None] * (1, 2, 3)
    with pytest.raises(MienError, match="on one line"):
        fit_camera(line, line[:, :2], 9, 9)


@pytest.mark.parametrize(("width", "height"), [(512, 512), (300, 900), (900, 300)])
def test_a_frontal_camera_puts_the_face_into_the_middle(bump, width, height):
    pixels, depth = project(bump.vertices, frontal_camera(bump.vertices, width, height))
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    np.testing.assert_allclose((low + high) / 2, (width / 2, height / 2))
    assert ((high - low) / (width, height)).max() == pytest.approx(0.96)
    assert depth.min() == pytest.approx(500)
    top = bump.vertices[:, 1].argmax()
    assert pixels[top, 1] == pytest.approx(low[1])


def test_a_silhouette_gives_back_scale_and_place(bump):
    mask = np.zeros((400, 300), np.uint8)
    cv2.rectangle(mask, (40, 60), (40 + 180 - 1, 60 + 240 - 1), 255, -1)  # the bump is 120 x 160 mm
    camera = silhouette_camera(bump.vertices, mask > 0)
    assert camera is not None
    assert camera.fx == pytest.approx(1.5)
    pixels, _ = project(bump.vertices, camera)
    np.testing.assert_allclose(pixels.min(axis=0), (40, 60), atol=1e-9)
    np.testing.assert_allclose(pixels.max(axis=0), (220, 300), atol=1e-9)
    mask[:, 100:] = 0
    assert silhouette_camera(bump.vertices, mask > 0) is None
    assert silhouette_camera(bump.vertices, np.zeros((9, 9), bool)) is None


def test_the_foreground_is_found_before_a_plain_background_only():
    rng = np.random.default_rng(0)
    image = np.full((80, 60, 3), 8, np.uint8) + rng.integers(0, 4, (80, 60, 3), dtype=np.uint8)
    image[20:70, 10:40] = rng.integers(60, 250, (50, 30, 3), dtype=np.uint8)
    image[3, 3] = 200  # a speck
    mask = foreground(image)
    assert mask is not None
    assert cv2.boundingRect(mask.astype(np.uint8)) == (10, 20, 30, 50)
    np.testing.assert_array_equal(foreground(image[..., 0]), mask)
    assert foreground(rng.integers(0, 250, (80, 60, 3), dtype=np.uint8)) is None
    assert foreground(np.full((8, 8), 7, np.uint8)) is None
