import numpy as np
import pytest
import torch

from mien.core.recipe import Augment
from mien.core.specs import InputSpec
from mien.data import draws
from mien.data.photometric import erase
from mien.data.transforms import augment, cut_mix, mix, normalise, resize, to_unit

OFF = Augment(flip=0)
ALL = Augment(
    flip=0.5,
    rotate_deg=20,
    scale=0.2,
    shift=0.1,
    brightness=0.3,
    contrast=0.5,
    low_resolution=0.5,
    blur=0.5,
    noise=0.2,
    erase=0.5,
)
SWITCHES = [
    {"flip": 1.0},
    {"rotate_deg": 20.0},
    {"scale": 0.2},
    {"shift": 0.1},
    {"brightness": 0.3},
    {"contrast": 0.5},
    {"low_resolution": 1.0},
    {"blur": 1.0},
    {"noise": 0.2},
    {"erase": 1.0},
]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(n: int = 4, side: int = 32, channels: int = 1) -> torch.Tensor:
    return torch.randint(0, 256, (n, channels, side, side), dtype=torch.uint8, generator=seeded(9))


@pytest.fixture
def full_reach(monkeypatch):
    """Every range is drawn at its upper end and every probability above 0 comes true."""
    monkeypatch.setattr(draws, "uniform", lambda n, reach, generator: torch.full((n,), float(reach)))
    monkeypatch.setattr(draws, "chosen", lambda n, p, generator: torch.full((n,), p > 0))


def test_all_off_is_exactly_the_picture():
    x = pictures()
    assert torch.equal(augment(x, OFF, seeded())[1], x.float() / 255)


def test_flip_mirrors_left_and_right():
    picture = torch.tensor([[[[10, 20, 30], [40, 50, 60], [70, 80, 90]]]], dtype=torch.uint8)
    flipped = augment(picture, Augment(flip=1), seeded())[1] * 255
    assert flipped.round().int().tolist() == [[[[30, 20, 10], [60, 50, 40], [90, 80, 70]]]]


def test_flip_turns_about_the_share_asked_for():
    x = pictures(400, side=4)
    flipped = (augment(x, Augment(flip=0.25), seeded())[1] != x.float() / 255).flatten(1).any(1)
    assert 70 <= flipped.sum() <= 130  # 100 expected, standard deviation 8.7


def test_rotation_is_counter_clockwise_and_about_the_middle(full_reach):
    x = pictures(side=9)
    turned = augment(x, Augment(flip=0, rotate_deg=90), seeded())[1]
    torch.testing.assert_close(turned, torch.rot90(x, 1, (2, 3)).float() / 255, rtol=0, atol=1e-4)


def test_flip_and_rotation_go_together(full_reach):
    x = pictures(side=9)
    turned = augment(x, Augment(flip=1, rotate_deg=90), seeded())[1]
    torch.testing.assert_close(turned, torch.rot90(x, 1, (2, 3)).flip(3).float() / 255, rtol=0, atol=1e-4)


def test_shift_moves_by_a_fraction_of_the_side_and_repeats_the_border(full_reach):
    x = pictures(side=16)
    moved = augment(x, Augment(flip=0, shift=0.25), seeded())[1] * 255
    torch.testing.assert_close(moved[:, :, :12, :12], x[:, :, 4:, 4:].float(), rtol=0, atol=1e-2)
    torch.testing.assert_close(
        moved[:, :, :12, 12:], x[:, :, 4:, -1:].expand(-1, -1, -1, 4).float(), rtol=0, atol=1e-2
    )


def test_scale_enlarges_about_the_middle(full_reach):
    square = torch.zeros(1, 1, 40, 40, dtype=torch.uint8)
    square[:, :, 15:25, 15:25] = 255
    bigger = augment(square, Augment(flip=0, scale=0.5), seeded())[1]
    assert bigger.sum().item() == pytest.approx(100 * 1.5**2, rel=0.02)
    torch.testing.assert_close(bigger, bigger.flip(2).flip(3), rtol=0, atol=1e-4)


def test_brightness_adds_and_contrast_keeps_the_mean(full_reach):
    x = torch.tensor([100, 120], dtype=torch.uint8).repeat(8, 4).view(1, 1, 8, 8)
    brighter = augment(x, Augment(flip=0, brightness=0.1), seeded())[1]
    torch.testing.assert_close(brighter, x.float() / 255 + 0.1)
    sharper = augment(x, Augment(flip=0, contrast=0.5), seeded())[1] * 255
    torch.testing.assert_close(sharper.unique(), torch.tensor([95.0, 125.0]))


@pytest.mark.parametrize("switch", [{"low_resolution": 1.0}, {"blur": 1.0}])
def test_degraded_pictures_lose_detail_and_keep_their_brightness(switch):
    x = pictures(8)
    before, after = x.float() / 255, augment(x, Augment(flip=0, **switch), seeded())[1]
    detail = [(p[:, :, :, 1:] - p[:, :, :, :-1]).std() for p in (before, after)]
    assert detail[1] < 0.8 * detail[0]
    assert after.mean().item() == pytest.approx(before.mean().item(), abs=0.01)


def test_noise_has_at_most_the_strength_asked_for():
    grey = torch.full((200, 1, 32, 32), 128, dtype=torch.uint8)
    spread = (augment(grey, Augment(flip=0, noise=0.1), seeded())[1] - 128 / 255).flatten(1).std(1)
    assert spread.max() < 0.11
    assert spread.mean().item() == pytest.approx(0.05, abs=0.01)


def test_erased_areas_are_rectangles_within_bounds():
    x = torch.full((300, 2, 60, 60), -1.0)
    erased = erase(x, 1.0, seeded()) >= 0
    assert torch.equal(erased[:, 0], erased[:, 1])
    for mask in erased[:, 0].numpy():
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert mask.sum() == height * width
        # the drawn bounds, one pixel wider for the grid
        assert 0.02 * 3600 <= (height + 1) * (width + 1)
        assert (height - 1) * (width - 1) <= 0.25 * 3600
        assert (height - 1) / (width + 1) <= 3
        assert (width - 1) / (height + 1) <= 3
    areas = erased[:, 0].flatten(1).float().mean(1)
    assert areas.mean().item() == pytest.approx((0.02 + 0.25) / 2, abs=0.015)


def test_erasing_leaves_the_rest_alone():
    x = torch.full((100, 1, 16, 16), -1.0)
    touched = (erase(x, 0.3, seeded()) >= 0).flatten(1).any(1)
    assert 15 <= touched.sum() <= 45
    assert torch.equal(erase(x, 0.0, seeded()), x)


@pytest.mark.parametrize("how", [ALL, *(Augment(**{"flip": 0, **switch}) for switch in SWITCHES)])
def test_the_generator_decides_and_the_range_is_kept(how):
    x = pictures(6, channels=3)
    first, again, other = (
        augment(x, how, seeded(1))[1],
        augment(x, how, seeded(1))[1],
        augment(x, how, seeded(2))[1],
    )
    assert torch.equal(first, again)
    assert first.shape == x.shape
    assert first.dtype == torch.float32
    assert first.min() >= 0
    assert first.max() <= 1
    assert not torch.equal(first, x.float() / 255)
    if how != Augment(flip=1.0):
        assert not torch.equal(first, other)


def test_normalise_takes_bytes_and_floats():
    spec = InputSpec(size_px=8, channels="rgb", mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 1.0))
    x = pictures(2, side=8, channels=3)
    expected = np.stack([(x[:, c].numpy() / 255 - spec.mean[c]) / spec.std[c] for c in range(3)], axis=1)
    for given in (x, x.float() / 255):
        np.testing.assert_allclose(normalise(given, spec).numpy(), expected, atol=1e-6)


def test_mixup_is_equation_1():
    n = 16
    x, target = torch.eye(n).view(n, n, 1, 1), torch.eye(n)
    mixed, soft = mix(x, target, 0.4, seeded())
    assert torch.equal(mixed.flatten(1), soft)  # one lambda and one partner for picture and target
    shares = soft.diagonal()
    alone = shares == 1  # its own partner
    share = shares[~alone][0]
    assert torch.equal(shares[~alone], share.expand(int((~alone).sum())))
    for i in range(n):
        others = sorted(soft[i][soft[i] > 0].tolist())
        assert others == pytest.approx([1.0] if alone[i] else sorted([share.item(), 1 - share.item()]))
    torch.testing.assert_close(soft.sum(0), torch.ones(n))  # partners are a permutation


@pytest.mark.parametrize("alpha", [0.2, 2.0])
def test_mixing_shares_follow_their_beta_distribution(alpha):
    generator = seeded(3)
    x, target = torch.zeros(2, 1, 1, 1), torch.tensor([[0.0], [1.0]])
    shares = []
    while len(shares) < 2000:
        soft = mix(x, target, alpha, generator)[1]
        if soft[0] != 0 or soft[1] != 1:  # partners were swapped
            shares.append(soft[1].item())
    assert np.mean(shares) == pytest.approx(0.5, abs=0.04)
    assert np.var(shares) == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.1)


def test_tiny_alphas_mix_nothing_and_stay_finite():
    for seed in range(20):
        mixed, soft = mix(torch.ones(3, 1, 2, 2), torch.eye(3), 1e-4, seeded(seed))
        assert mixed.isfinite().all()
        torch.testing.assert_close(soft.max(1).values, torch.ones(3))


def pairs(n: int = 4, side: int = 32) -> torch.Tensor:
    """int16 pictures whose depth is their red channel on its own scale, with a hole of 8 x 8 px."""
    colour = pictures(n, side, channels=3).to(torch.int16)
    colour[:, 0] = torch.arange(60, 60 + 4 * side, 4)  # smooth, so that interpolation has one answer
    depth = (colour[:, :1].int() * 32_767 // 255).to(torch.int16)
    depth[:, :, 4:12, 10:18] = 0
    return torch.cat([colour, depth], dim=1)


def test_packed_pairs_come_to_one_scale():
    x = to_unit(torch.tensor([255, 51, 0, 32_767], dtype=torch.int16).view(1, 4, 1, 1))
    torch.testing.assert_close(x.flatten(), torch.tensor([1.0, 0.2, 0.0, 1.0]))
    spec = InputSpec(
        size_px=8, channels="rgbd", mean=(0.5,) * 4, std=(0.5, 0.5, 0.5, 0.25), depth_range_mm=(0, 1)
    )
    for given in (x, torch.tensor([255, 51, 0, 32_767], dtype=torch.int16).view(1, 4, 1, 1)):
        torch.testing.assert_close(normalise(given, spec).flatten(), torch.tensor([1.0, -0.6, -1.0, 2.0]))


@pytest.mark.parametrize("switch", SWITCHES[:4])
def test_colour_and_depth_move_alike(switch, full_reach):
    x = augment(pairs(), Augment(**{"flip": 0, **switch}), seeded())[1]
    measured = x[:, 3] > 0
    assert not torch.equal(x, to_unit(pairs()))
    torch.testing.assert_close(x[:, 3][measured], x[:, 0][measured], rtol=0, atol=2 / 255)  # half a pixel
    assert 40 <= (~measured).sum() / len(x) <= 100  # the hole keeps its size: 64 pixels, 92 where enlarged


@pytest.mark.parametrize("switch", SWITCHES[4:9])
def test_what_changes_colours_leaves_depth_alone(switch):
    before = to_unit(pairs())
    after = augment(pairs(), Augment(**{"flip": 0, **switch}), seeded())[1]
    assert torch.equal(after[:, 3], before[:, 3])
    assert not torch.equal(after[:, :3], before[:, :3])


def test_erasing_takes_depth_away_in_the_same_place():
    before, after = to_unit(pairs(50)), augment(pairs(50), Augment(flip=0, erase=1), seeded())[1]
    erased = (after[:, :3] != before[:, :3]).any(1)
    assert not after[:, 3][erased].any()
    assert torch.equal(after[:, 3][~erased], before[:, 3][~erased])


def test_no_depth_stays_none_whatever_is_done():
    x = pairs()
    x[:, 3] = 0
    assert not augment(x, ALL, seeded())[1][:, 3].any()


@pytest.mark.parametrize("side", [12, 16, 40])
def test_resized_depth_is_the_mean_of_what_was_measured(side):
    x = resize(to_unit(pairs()), side)
    assert x.shape == (4, 4, side, side)
    depth = x[:, 3]
    measured = depth > 0
    torch.testing.assert_close(depth[measured], x[:, 0][measured], rtol=0, atol=0.02)
    hole = (~measured).float().mean().item()
    assert hole == pytest.approx(64 / 1024, rel=0.4)
    assert torch.equal(resize(x[:, :3], side), x[:, :3])


def test_cut_mix_exchanges_a_box_and_its_share_of_the_target():
    """Each picture is full of its own number, so pixels tell where they come from."""
    x = torch.arange(5.0).reshape(5, 1, 1, 1).expand(5, 2, 9, 12)
    boxes = set()
    for seed in range(30):
        mixed, soft = cut_mix(x, torch.eye(5), 1.0, seeded(seed))
        for i in range(5):
            counts = torch.bincount(mixed[i, 0].flatten().long(), minlength=5) / 108
            torch.testing.assert_close(counts, soft[i])
            other = mixed[i, 0] != i
            if other.any():
                rows, columns = other.any(1).nonzero(), other.any(0).nonzero()
                height = int(rows.max() - rows.min() + 1)
                width = int(columns.max() - columns.min() + 1)
                assert other.sum() == height * width
                boxes.add((height, width))
        assert torch.equal(mixed[:, 0], mixed[:, 1])
    assert len(boxes) > 10
    assert torch.equal(x[:, 0, 0, 0], torch.arange(5.0))
