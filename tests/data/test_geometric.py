"""Depth and colour of one plane z = ax + by + c stay that plane, wherever they are moved."""

import pytest
import torch

from mien.core.augment import Augment
from mien.core.records import DEPTH_FULL
from mien.core.specs import AlignSpec, InputSpec
from mien.data.geometric import moved, padded_crop, random_crop, warped
from mien.data.transforms import augment, to_unit

SIDE = 48
MOVES = [
    {"flip": 1.0},
    {"rotate_deg": 30.0},
    {"scale": 0.3},
    {"shift": 0.2},
    {"crop_pad": 0.2},
    {"flip": 0.5, "rotate_deg": 20.0, "crop_pad": 0.15, "move": 0.5},
    {"flip": 0.5, "rotate_deg": 25.0, "scale": 0.2, "shift": 0.1},
    {"flip": 1.0, "rotate_deg": 10.0, "one_of": ("flip", "move"), "one_of_share": 0.8},
]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def plane(n: int = 12, side: int = SIDE) -> torch.Tensor:
    """[n, 4, side, side]: red and depth are one plane between 0.2 and 0.8; green is x, blue is y."""
    ys, xs = torch.meshgrid(torch.arange(side) / side, torch.arange(side) / side, indexing="ij")
    z = 0.2 + 0.35 * xs + 0.25 * ys
    return torch.stack([z, xs, ys, z]).expand(n, -1, -1, -1).contiguous()


def expected(x: torch.Tensor) -> torch.Tensor:
    """What the plane is at the places that green and blue name, [n, H, W]."""
    return 0.2 + 0.35 * x[:, 1] + 0.25 * x[:, 2]


@pytest.mark.parametrize("border", ["repeat", "black"])
@pytest.mark.parametrize("switch", MOVES)
def test_depth_goes_exactly_where_its_picture_goes(switch, border):
    x = moved(plane(), Augment(**{"flip": 0, "border": border, **switch}), {}, seeded(1))
    if "one_of" in switch:
        x = augment(
            (plane() * torch.tensor([255, 255, 255, DEPTH_FULL]).view(1, 4, 1, 1)).to(torch.int16),
            Augment(**{"border": border, **switch}),
            seeded(1),
        )[1]
    depth = x[:, 3]
    inside = depth > 0
    # a black border darkens colours within a pixel of it; depth there is still the mean of what was measured
    outside = torch.nn.functional.pad((~inside).float(), (1, 1, 1, 1), value=1.0)
    whole = torch.nn.functional.max_pool2d(outside, 3, 1) == 0
    tolerance = 4e-3 if "one_of" in switch else 1e-5  # one_of starts from whole grey levels
    assert whole.float().mean() > 0.4
    torch.testing.assert_close(depth[whole], x[:, 0][whole], rtol=0, atol=tolerance)
    torch.testing.assert_close(depth[whole], expected(x)[whole], rtol=0, atol=tolerance)
    assert (depth[inside] > 0.19).all()  # nothing is mixed with what was not measured
    if switch != {"flip": 1.0}:
        assert not torch.equal(x[0], x[1])


def test_what_comes_in_from_outside_is_black_and_not_measured():
    turn = torch.tensor([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]).expand(1, 2, 3)
    shift = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]).expand(1, 2, 3)  # by half the side
    bright = torch.full((1, 4, 8, 8), 0.5)
    assert torch.equal(warped(bright, turn, "black"), bright)
    half = warped(bright, shift, "black")
    assert not half[:, :, :, 4:].any()
    assert (half[:, :, :, :4] == 0.5).all()
    assert torch.equal(warped(bright, shift, "repeat"), bright)


def test_a_padded_crop_is_a_shift_by_whole_pixels_each_as_likely():
    x = torch.arange(1.0, 37).view(1, 1, 6, 6).expand(4000, -1, -1, -1)
    cropped = padded_crop(x, 2, "black", seeded())
    places = set()
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            whole = torch.zeros(10, 10)
            whole[2:8, 2:8] = x[0, 0]
            part = whole[2 + dy : 8 + dy, 2 + dx : 8 + dx]
            n = (cropped[:, 0] == part).flatten(1).all(1).sum().item()
            assert 110 <= n <= 210  # 160 expected, standard deviation 12
            places.add(n)
    assert sum((cropped == 0).flatten(1).any(1)) < 4000
    repeated = padded_crop(x[:50], 2, "repeat", seeded())
    assert (repeated > 0).all()


def test_random_crops_lie_anywhere_in_the_picture():
    x = torch.arange(64.0).view(1, 1, 8, 8).expand(500, -1, -1, -1)
    cropped = random_crop(x, 6, seeded())
    corners = cropped[:, 0, 0, 0].unique().tolist()
    assert corners == [0, 1, 2, 8, 9, 10, 16, 17, 18]
    assert torch.equal(cropped - cropped[:, :, :1, :1], (x - x[:, :, :1, :1])[:, :, :6, :6])


def test_an_unmoved_picture_is_left_as_it_is():
    x = plane(400)
    how = Augment(flip=0, rotate_deg=20, crop_pad=1 / 7, move=0.2, border="black")
    changed = (moved(x, how, {}, seeded()) != x).flatten(1).any(1)
    assert 50 <= changed.sum() <= 110  # 80 expected, standard deviation 8


def test_a_widened_input_shows_the_same_face_at_the_same_scale():
    points = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.75), (0.65, 0.75))
    spec = InputSpec(
        size_px=224,
        channels="rgb",
        mean=(0.5,) * 3,
        std=(0.25,) * 3,
        central=0.875,
        align=AlignSpec(points=points),
    )
    wide = spec.widened()
    assert (spec.wide_px, wide.size_px, wide.wide_px) == (256, 256, 256)
    for narrow_point, wide_point in zip(points, wide.align.points, strict=True):
        assert [v * 256 - 16 for v in wide_point] == pytest.approx([v * 224 for v in narrow_point])


def test_random_crops_become_the_models_size_and_depth_stays_with_them():
    spec = InputSpec(
        size_px=40, channels="rgbd", mean=(0.5,) * 4, std=(0.25,) * 4, depth_range_mm=(0, 1), central=40 / 48
    )
    packed = (plane() * torch.tensor([255, 255, 255, DEPTH_FULL]).view(1, 4, 1, 1)).to(torch.int16)
    x = augment(packed, Augment(flip=0.5, random_crop=True), seeded(), spec)[1]
    assert x.shape == (12, 4, 40, 40)
    torch.testing.assert_close(x[:, 3], expected(x), rtol=0, atol=4e-3)
    assert torch.equal(
        augment(packed, Augment(flip=0, random_crop=True), seeded())[1], to_unit(packed)
    )  # no spec, no crop
