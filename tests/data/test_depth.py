from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.core.errors import InputError, MienError
from mien.core.records import DEPTH_FULL, Face, Sample
from mien.core.specs import AlignSpec, InputSpec
from mien.data.batches import pack
from mien.data.crops import found_faces, ready_crops
from mien.data.depth import read_depth
from mien.faces.depth import fit_plane, resampled, to_levels
from mien.faces.preprocess import to_batch

POINTS = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.75), (0.65, 0.75))
SPEC = InputSpec(
    size_px=8,
    channels="rgbd",
    mean=(0.5, 0.5, 0.5, 0.4),
    std=(0.25, 0.25, 0.25, 0.2),
    depth_range_mm=(400, 800),
    align=AlignSpec(points=POINTS),
)


def picture_file(folder: Path, steps: np.ndarray, name: str = "depth.png") -> Path:
    path = folder / name
    path.write_bytes(cv2.imencode(".png", steps)[1].tobytes())
    return path


def colours(side: int = 8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)


def test_a_depth_picture_is_read_in_millimetres(tmp_path):
    steps = np.array([[0, 1, 5000], [65535, 30, 7]], np.uint16)
    path = picture_file(tmp_path, steps)
    np.testing.assert_array_equal(read_depth(path), steps.astype(np.float32))
    np.testing.assert_allclose(read_depth(path, 0.1), steps * 0.1, rtol=1e-6)
    np.testing.assert_array_equal(read_depth(steps, 2.0), steps * np.float32(2))


def test_what_is_no_depth_picture_is_one_clear_line(tmp_path):
    steps = np.full((4, 4), 700, np.uint16)
    with pytest.raises(InputError, match=r"8-bit\.png: a depth picture is 16-bit grey.*got uint8 \[4, 4\]"):
        read_depth(picture_file(tmp_path, steps.astype(np.uint8), "8-bit.png"))
    with pytest.raises(InputError, match=r"got uint16 \[4, 4, 3\]"):
        read_depth(picture_file(tmp_path, np.dstack([steps] * 3)))
    with pytest.raises(InputError, match="got float32"):
        read_depth(steps.astype(np.float32))
    with pytest.raises(InputError, match="No such file"):
        read_depth(tmp_path / "none.png")
    whole = picture_file(tmp_path, np.arange(4096, dtype=np.uint16).reshape(64, 64))
    whole.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(InputError, match="cut short"):
        read_depth(whole)


def test_levels_span_the_range_and_keep_holes():
    depth = np.array([0, 1, 399.9, 400, 600, 800, 5000], np.float32)
    assert to_levels(depth, (400, 800)).tolist() == [0, 1, 1, 1, 16384, DEPTH_FULL, DEPTH_FULL]
    assert to_levels(depth, (0, 9785)).dtype == np.int16
    fine = to_levels(np.array([600, 600.1], np.float32), (400, 800))
    assert fine[1] - fine[0] == 8  # a tenth of a millimetre is not lost


@pytest.mark.parametrize("side", [4, 5, 16, 27])
def test_holes_neither_bleed_nor_close_when_resized(side):
    rng = np.random.default_rng(0)
    depth = np.where(rng.random((16, 16)) < 0.3, 0, rng.uniform(500, 510, (16, 16))).astype(np.float32)
    depth[:8, :8] = 0
    small = resampled(depth, lambda plane: fit_plane(plane, side))
    assert small.shape == (side, side)
    measured = small[small > 0]
    assert len(measured) > 0.4 * side * side
    assert measured.min() >= 500 - 1e-2
    assert measured.max() <= 510 + 1e-2
    assert not small[: side * 3 // 8, : side * 3 // 8].any()


def test_a_shrunk_pixel_is_the_mean_of_what_was_measured():
    depth = np.array([[500, 0], [520, 540]], np.float32).repeat(4, 0).repeat(4, 1)
    blocks = resampled(depth, lambda plane: fit_plane(plane, 2))
    np.testing.assert_array_equal(blocks, [[500, 0], [520, 540]])
    one = resampled(depth, lambda plane: fit_plane(plane, 1))
    assert one.item() == pytest.approx(520)
    depth[:4] = 0
    depth[4:, :4] = 0  # a quarter is left, less than half
    assert resampled(depth, lambda plane: fit_plane(plane, 1)).item() == 0


def test_a_crop_holds_colour_and_depth():
    steps = np.full((8, 8), 6000, np.uint16)
    steps[0, :] = 0
    sample = Sample("a", colours(), 0, "train", depth=steps, depth_unit_mm=0.1)
    crop, found = ready_crops(SPEC)(sample)
    assert found
    assert crop.dtype == np.int16
    np.testing.assert_array_equal(crop[..., :3], sample.image)
    np.testing.assert_array_equal(crop[1:, :, 3], 16384)
    assert not crop[0, :, 3].any()
    packed = pack([sample], 1, SPEC, ready_crops(SPEC))
    np.testing.assert_array_equal(packed.images[0].numpy().transpose(1, 2, 0), crop)


def test_colour_models_take_the_colours_of_the_same_sample():
    rgb = InputSpec(size_px=8, channels="rgb", mean=(0.5,) * 3, std=(0.5,) * 3)
    sample = Sample("a", colours(), 0, "train", depth=np.full((8, 8), 6000, np.uint16))
    crop, _ = ready_crops(rgb)(sample)
    np.testing.assert_array_equal(crop, sample.image)


def test_a_missing_depth_is_zero_throughout():
    crop, _ = ready_crops(SPEC)(Sample("a", colours(), 0, "train"))
    assert crop.shape == (8, 8, 4)
    assert not crop[..., 3].any()


def test_depth_must_lie_on_its_picture():
    sample = Sample("a", colours(), 0, "train", depth=np.full((8, 9), 6000, np.uint16))
    with pytest.raises(InputError, match=r"a: its depth is 9 x 8 px, its picture 8 x 8"):
        ready_crops(SPEC)(sample)


def test_the_face_is_cut_from_both_alike():
    """Depth as the red channel: where the crop of one lies, that of the other lies."""
    turned = np.array([[0.9, -0.3], [0.3, 0.9]], np.float32)
    points = np.array(POINTS, np.float32) @ turned.T * 24 + np.array([10, 6], np.float32)
    face = Face((10, 6, 24, 24), 0.9, points)
    ramp = np.add.outer(np.arange(40) * 2, np.arange(40) * 3).astype(np.uint8)  # 0..195
    sample = Sample("a", np.dstack([ramp] * 3), 0, "train", depth=400 + ramp.astype(np.uint16), face=face)
    crop, found = found_faces(SPEC, None)(sample)
    assert found
    depth_mm = 400 + crop[..., 3] / DEPTH_FULL * 400
    inside = crop[..., 0] > 0
    assert inside.sum() > 50
    np.testing.assert_allclose(depth_mm[inside] - 400, crop[..., 0][inside], atol=0.75)
    assert np.ptp(crop[..., 0][inside]) > 60


def test_without_a_face_the_middle_of_both_stands_in():
    class FindsNothing:
        def detect(self, image: np.ndarray) -> list[Face]:
            return []

    steps = np.full((8, 12), 500, np.uint16)
    steps[:, 2:10] = 700
    sample = Sample("a", np.zeros((8, 12, 3), np.uint8), 0, "train", depth=steps)
    crop, found = found_faces(SPEC, FindsNothing())(sample)
    assert not found
    assert (crop[..., 3] == to_levels(np.float32([700]), (400, 800))).all()


def test_a_batch_is_normalised_channel_by_channel():
    crop = np.dstack([colours().astype(np.int16), np.full((8, 8), 16384, np.int16)])
    crop[0, 0, 3] = 0
    batch = to_batch([crop], SPEC)
    assert batch.shape == (1, 4, 8, 8)
    assert batch[0, 3, 1, 1] == pytest.approx((16384 / DEPTH_FULL - 0.4) / 0.2, abs=1e-6)
    assert batch[0, 3, 0, 0] == pytest.approx(-2)
    assert batch[0, 1, 3, 2] == pytest.approx((crop[3, 2, 1] / 255 - 0.5) / 0.25, abs=1e-6)
    with pytest.raises(MienError, match=r"no depth: expected int16 \[8, 8, 4\], got uint8 \[8, 8, 3\]"):
        to_batch([colours()], SPEC)
