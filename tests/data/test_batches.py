import numpy as np
import pytest
import torch

from mien.core.errors import MienError
from mien.core.records import Sample
from mien.core.specs import InputSpec
from mien.data.batches import Batch, batches_of, pack
from mien.data.crops import ready_crops

GRAY = InputSpec(size_px=8, channels="gray", mean=(0.5,), std=(0.5,))
RGB = InputSpec(size_px=8, channels="rgb", mean=(0.5,) * 3, std=(0.5,) * 3)


def samples() -> list[Sample]:
    rng = np.random.default_rng(0)
    return [
        Sample(
            f"s{i}",
            rng.integers(0, 256, (8, 8), dtype=np.uint8),
            i % 3,
            "train",
            soft_label=np.full(3, 1 / 3),
        )
        for i in range(5)
    ]


def test_packed_pictures_are_the_samples():
    made = samples()
    packed = pack(made, 3, GRAY, ready_crops(GRAY))
    assert packed.images.shape == (5, 1, 8, 8)
    assert packed.images.dtype == torch.uint8
    for sample, image in zip(made, packed.images, strict=True):
        np.testing.assert_array_equal(image[0].numpy(), sample.image)
    assert packed.labels.tolist() == [0, 1, 2, 0, 1]
    assert torch.equal(packed.targets, torch.eye(3)[packed.labels])
    assert packed.ids == ("s0", "s1", "s2", "s3", "s4")
    assert packed.detected.all()
    assert len(packed) == 5


def test_grey_pictures_fill_three_channels():
    packed = pack(samples(), 3, RGB, ready_crops(RGB))
    assert packed.images.shape == (5, 3, 8, 8)
    assert torch.equal(packed.images[:, 0], packed.images[:, 2])


def test_channels_keep_their_order():
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[..., 0] = 200  # red
    packed = pack([Sample("red", picture, 0, "train")], 1, RGB, ready_crops(RGB))
    assert packed.images[0].amax((1, 2)).tolist() == [200, 0, 0]


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_soft_labels_enter_by_their_weight(weight):
    packed = pack(samples(), 3, GRAY, ready_crops(GRAY), soft_weight=weight)
    expected = (1 - weight) * torch.eye(3)[packed.labels] + weight / 3
    torch.testing.assert_close(packed.targets, expected)


def test_a_sample_without_votes_keeps_its_hard_label():
    packed = pack(
        [Sample("a", np.zeros((8, 8), np.uint8), 1, "train")], 3, GRAY, ready_crops(GRAY), soft_weight=1.0
    )
    assert packed.targets.tolist() == [[0, 1, 0]]


def test_missed_faces_are_marked_and_every_sample_is_counted():
    seen = []
    packed = pack(samples(), 3, GRAY, lambda s: (s.image, s.id != "s2"), on_sample=lambda: seen.append(1))
    assert packed.detected.tolist() == [True, True, False, True, True]
    assert len(seen) == 5


@pytest.mark.parametrize("label", [-1, 3])
def test_labels_must_be_known(label):
    with pytest.raises(MienError, match=r"expected labelled samples \(0\.\.2\)"):
        pack([Sample("a", np.zeros((8, 8), np.uint8), label, "train")], 3, GRAY, ready_crops(GRAY))
    with pytest.raises(MienError, match="got 0 samples"):
        pack([], 3, GRAY, ready_crops(GRAY))


def test_an_order_is_cut_in_its_order():
    order = torch.tensor([4, 0, 3, 1, 2])
    assert [p.tolist() for p in batches_of(order, 2)] == [[4, 0], [3, 1]]  # the left-over one is dropped
    assert [p.tolist() for p in batches_of(order, 3)] == [[4, 0, 3], [1, 2]]
    assert [len(p) for p in batches_of(order, 1)] == [1] * 5


def test_a_batch_moves_whole():
    batch = Batch(torch.zeros(2, 1, 4, 4), torch.tensor([0, 1]), torch.eye(2), torch.ones(2))
    moved = batch.to(torch.device("meta"))
    assert {t.device.type for t in (moved.x, moved.y, moved.target, moved.weight)} == {"meta"}
    assert Batch(batch.x, batch.y, batch.target).to(torch.device("cpu")).weight is None
