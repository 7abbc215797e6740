"""The samplers, among them minimal random resampling with the counts of the ARM paper's Table 1."""

import pytest
import torch

from mien.data.sampling import epoch_order

AFFECTNET = {
    "neutral": 74_874,
    "happy": 134_415,
    "sad": 25_459,
    "surprise": 14_090,
    "fear": 6_378,
    "disgust": 3_803,
    "anger": 24_882,
    "contempt": 3_750,
}


def labels_of(counts: list[int], seed: int = 0) -> torch.Tensor:
    """Labels with so many of each class, in no order."""
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("n_classes", "size"), [(7, 26_621), (8, 30_000)])
def test_mrr_epochs_of_affectnet(n_classes, size):
    counts = list(AFFECTNET.values())[:n_classes]
    labels = labels_of(counts)
    order = epoch_order(labels, "mrr", generator())
    assert len(order) == size == n_classes * min(counts)
    assert len(order.unique()) == size  # without replacement
    assert torch.bincount(labels[order]).tolist() == [min(counts)] * n_classes


def test_mrr_draws_anew_each_epoch_and_reaches_every_sample():
    labels, epochs = labels_of([12, 5, 40]), generator()
    orders = [epoch_order(labels, "mrr", epochs) for _ in range(60)]
    assert set(orders[0].tolist()) != set(orders[1].tolist())
    assert set(torch.cat(orders).tolist()) == set(range(57))


def test_mrr_draws_each_sample_of_a_class_alike():
    labels, epochs = labels_of([3, 12]), generator()
    seen = torch.zeros(15)
    for _ in range(4000):
        seen[epoch_order(labels, "mrr", epochs)] += 1
    assert (seen[labels == 0] == 4000).all()
    # 3 of 12: a quarter each; one standard deviation is 27
    assert (seen[labels == 1] - 1000).abs().max() < 120


def test_mrr_leaves_absent_classes_out():
    labels = torch.tensor([5, 2, 2, 2, 5, 2])
    order = epoch_order(labels, "mrr", generator())
    assert sorted(labels[order].tolist()) == [2, 2, 5, 5]


@pytest.mark.parametrize("how", ["mrr", "weighted"])
def test_classes_come_mixed(how):
    labels = torch.arange(4).repeat_interleave(50)
    order = epoch_order(labels, how, generator())
    assert torch.bincount(labels[order[:40]], minlength=4).min() >= 3


def test_shuffle_takes_every_sample_once():
    order = epoch_order(labels_of([4, 9]), "shuffle", generator())
    assert order.tolist() != list(range(13))
    assert sorted(order.tolist()) == list(range(13))


def test_weighted_draws_classes_alike_with_replacement():
    counts = [7000, 2000, 0, 1000]
    labels = labels_of(counts)
    order = epoch_order(labels, "weighted", generator())
    assert len(order) == 10_000
    drawn = torch.bincount(labels[order], minlength=4)
    assert drawn[2] == 0
    # a third each; one standard deviation is 47
    assert (drawn[[0, 1, 3]] - 10_000 / 3).abs().max() < 200
    times = torch.bincount(order, minlength=10_000)
    assert times[labels == 3].max() > 1
    assert times[labels == 3].float().mean() > 6 * times[labels == 0].float().mean()


@pytest.mark.parametrize("how", ["shuffle", "weighted", "mrr"])
def test_the_seed_decides(how):
    labels = labels_of([20, 30])
    first, again, other = (epoch_order(labels, how, generator(seed)).tolist() for seed in (0, 0, 1))
    assert first == again
    assert first != other
