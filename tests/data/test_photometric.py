import numpy as np
import pytest
import torch

from mien.core.augment import POLICIES, Augment
from mien.core.specs import InputSpec
from mien.data import draws
from mien.data.photometric import erase, jittered, luma, noised
from mien.data.transforms import augment, normalise

ARM = Augment(policy="arm")
SPEC = InputSpec(size_px=32, channels="rgb", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_arm_mirrors_or_adds_noise_and_never_both():
    """Half of the pictures stay, a quarter is mirrored, a quarter has noise of variance 30."""
    n = 4000
    ramp = (torch.arange(32) * 4 + 60).to(torch.uint8).expand(n, 3, 32, 32).contiguous()
    how = ARM.model_copy(update={"erase": 0.0})
    x = augment(ramp, how, seeded())[1] * 255
    same = (x - ramp).abs().flatten(1).amax(1) < 1e-3
    mirrored = (x - ramp.flip(3)).abs().flatten(1).amax(1) < 1e-3
    noisy = ~same & ~mirrored
    assert [v.float().mean().item() for v in (same, mirrored, noisy)] == pytest.approx(
        [0.5, 0.25, 0.25], abs=0.03
    )
    added = (x - ramp)[noisy]  # were it mirrored too, this would be a ramp of its own
    assert added.var().item() == pytest.approx(30, rel=0.02)
    assert added.mean().item() == pytest.approx(0, abs=0.05)
    per_channel = added[:, :, 0, 0]
    assert abs(np.corrcoef(per_channel[:, 0], per_channel[:, 1])[0, 1]) < 0.1


def test_arm_erases_two_to_ten_percent_to_the_mean():
    x = augment(torch.zeros(400, 3, 32, 32, dtype=torch.uint8), ARM, seeded(), SPEC)[1]
    erased = (normalise(x, SPEC).abs() < 1e-6).all(1)
    share = erased.flatten(1).float().mean(1)
    hit = share > 0
    assert hit.float().mean().item() == pytest.approx(0.5, abs=0.07)
    assert share[hit].min() > 0.01  # 0.02 but for the grid
    assert share[hit].max() < 0.12
    assert share[hit].mean().item() == pytest.approx(0.06, abs=0.006)


def test_noise_drawn_on_a_smaller_picture_is_enlarged_with_it():
    grey = torch.full((64, 1, 64, 64), 0.5)
    fine = noised(grey, Augment(noise_std=0.02), seeded()) - 0.5
    coarse = noised(grey, Augment(noise_std=0.02, noise_px=16), seeded()) - 0.5
    assert fine.std().item() == pytest.approx(0.02, rel=0.02)

    def neighbours(noise):
        return (noise[..., 1:] * noise[..., :-1]).mean() / noise.var()

    assert abs(neighbours(fine)) < 0.02
    assert neighbours(coarse) > 0.8
    drawn = torch.randn((64, 1, 16, 16), generator=seeded()) * 0.02
    enlarged = torch.nn.functional.interpolate(drawn, size=(64, 64), mode="bilinear")
    torch.testing.assert_close(coarse, enlarged, rtol=0, atol=1e-6)


def test_jitter_scales_brightness_contrast_and_saturation_in_turn(monkeypatch):
    monkeypatch.setattr(draws, "uniform", lambda n, reach, generator: torch.full((n,), float(reach)))
    pixels = torch.tensor([[0.2, 0.4, 0.6], [0.5, 0.3, 0.1]])
    x = pixels.T.reshape(1, 3, 1, 2)
    weights = torch.tensor([0.299, 0.587, 0.114])
    step = pixels * 1.1
    mean = (step * weights).sum(1).mean()
    step = mean + (step - mean) * 1.1
    grey = (step * weights).sum(1, keepdim=True)
    step = grey + (step - grey) * 1.1
    torch.testing.assert_close(jittered(x, 0.1, seeded()), step.T.reshape(1, 3, 1, 2))


def test_jitter_keeps_grey_pictures_grey():
    grey = torch.rand(8, 1, 16, 16, generator=seeded())
    repeated = jittered(grey.expand(-1, 3, -1, -1).contiguous(), 0.1, seeded(4))
    torch.testing.assert_close(repeated[:, 0], repeated[:, 2], rtol=0, atol=1e-6)
    assert torch.equal(luma(grey), grey)
    alone = jittered(grey, 0.1, seeded(4))
    assert alone.shape == grey.shape
    torch.testing.assert_close(alone[:, 0], repeated[:, 1], rtol=0, atol=1e-6)


def test_either_or_draws_each_change_as_often():
    how = Augment(flip=1, blur=1, noise=0.1, one_of=("flip", "blur", "noise"), one_of_share=0.6)
    gates = draws.either_or(30_000, how, seeded())
    together = torch.stack(list(gates.values()))
    assert together.sum(0).max() == 1
    assert together.float().mean(1).tolist() == pytest.approx([0.2] * 3, abs=0.01)
    assert draws.either_or(5, Augment(), seeded()) == {}


@pytest.mark.parametrize("change", ["colour", "low_resolution", "blur", "erase", "move"])
def test_every_kind_of_change_can_be_one_of(change):
    switches = {
        "colour": {"brightness": 0.4},
        "low_resolution": {"low_resolution": 1.0},
        "blur": {"blur": 1.0},
        "erase": {"erase": 1.0},
        "move": {"rotate_deg": 45.0},
    }
    images = torch.randint(0, 256, (400, 3, 24, 24), dtype=torch.uint8, generator=seeded(9))
    how = Augment(**{"flip": 1.0, **switches[change], "one_of": ("flip", change), "one_of_share": 1.0})
    x = augment(images, how, seeded(), SPEC)[1] * 255
    mirrored = (x - images.flip(3)).abs().flatten(1).amax(1) < 1e-3
    same = (x - images).abs().flatten(1).amax(1) < 1e-3
    assert mirrored.float().mean().item() == pytest.approx(0.5, abs=0.1)
    assert same.float().mean().item() < 0.05


def test_erasing_to_a_colour_takes_depth_too():
    x = torch.full((50, 4, 20, 20), 0.9)
    done = erase(x, 1.0, seeded(), fill=(0.1, 0.2, 0.3))
    erased = done[:, 3] == 0
    assert erased.any()
    for channel, value in enumerate((0.1, 0.2, 0.3)):
        assert (done[:, channel][erased] == value).all()
        assert (done[:, channel][~erased] == 0.9).all()


@pytest.mark.parametrize("name", list(POLICIES))
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_policy_runs_on_every_kind_of_picture(name, channels):
    dtype = torch.int16 if channels == 4 else torch.uint8
    images = torch.randint(1, 256, (6, channels, 32, 32), generator=seeded(2)).to(dtype)
    kinds = {1: "gray", 3: "rgb", 4: "rgbd"}
    spec = InputSpec(
        size_px=28,
        channels=kinds[channels],
        mean=(0.5,) * channels,
        std=(0.25,) * channels,
        depth_range_mm=(0, 1) if channels == 4 else None,
        central=0.875,
    )
    first, again = (augment(images, Augment(policy=name), seeded(5), spec)[1] for _ in range(2))
    assert torch.equal(first, again)
    assert first.shape == (6, channels, *((28, 28) if name == "fdrl" else (32, 32)))
    assert 0 <= first.min() <= first.max() <= 1
    assert torch.equal(first, augment(images, Augment(policy=name), seeded(5), spec)[1])


def test_a_blur_goes_as_far_as_it_is_told():
    """A point's spread is the blur's variance; without noise in it, one batch has one strength."""
    images = torch.zeros((4, 1, 33, 33), dtype=torch.uint8)
    images[:, :, 16, 16] = 255
    places = torch.arange(33.0) - 16

    def widest(blur_px: float) -> float:
        spreads = []
        for seed in range(40):
            x = augment(images, Augment(flip=0, blur=1, blur_px=blur_px), seeded(seed), SPEC)[1][0, 0]
            along = x.sum(0) / x.sum()
            spreads.append(float((along * places**2).sum() ** 0.5))
        return max(spreads)

    assert widest(1.5) == pytest.approx(1.45, abs=0.1)
    assert widest(3) == pytest.approx(2.75, abs=0.2)
