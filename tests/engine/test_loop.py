import dataclasses

import pytest
import torch
from torch import nn

from mien.core.errors import MienError
from mien.data.batches import Batch
from mien.engine.fit import make_learner
from mien.engine.loop import (
    TrainState,
    backward,
    class_weights,
    epoch_generator,
    make_batch,
    n_steps,
    split_batch,
    train_one_epoch,
)
from mien.engine.processes import share_of


def batch_of(n: int, weighted: bool = False) -> Batch:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, 1, 16, 16, generator=generator)
    y = torch.arange(n) % 3
    weight = torch.tensor([0.5, 1.0, 4.0])[y] if weighted else None
    return Batch(x, y, torch.eye(3)[y], weight)


def without_batch_norm(learner):
    """BatchNorm and dropout see parts of a batch, so they alone would make accumulation differ."""
    for module in learner.method.modules():
        if isinstance(module, nn.BatchNorm2d | nn.Dropout):
            module.eval()
    return learner


@pytest.mark.parametrize("weighted", [False, True])
def test_accumulated_gradients_are_those_of_one_batch(tiny_recipe, tiny_parts, weighted):
    batch = batch_of(11, weighted)
    gradients, losses = [], []
    for micro in (11, 4, 1):
        learner = without_batch_norm(make_learner(tiny_recipe(), tiny_parts))
        loss, _ = backward(learner, batch, micro)
        losses.append(loss)
        gradients.append(torch.cat([p.grad.flatten() for p in learner.method.parameters()]))
    for loss, gradient in zip(losses[1:], gradients[1:], strict=True):
        assert loss == pytest.approx(losses[0], rel=1e-5)
        torch.testing.assert_close(gradient, gradients[0], rtol=1e-4, atol=1e-6)
    assert gradients[0].abs().max() > 1e-3


def test_a_batch_is_cut_whole():
    batch = batch_of(7, weighted=True)
    parts = split_batch(batch, 3)
    assert [len(part.y) for part in parts] == [3, 4]  # none is left alone
    for name in ("x", "y", "target", "weight"):
        assert torch.equal(torch.cat([getattr(part, name) for part in parts]), getattr(batch, name))
    assert sum(share_of(part, batch) for part in parts) == pytest.approx(1)
    assert all(part.weight is None for part in split_batch(batch_of(7), 3))


def test_class_weights_balance_the_classes(tiny_parts):
    labels = torch.tensor([0, 0, 0, 0, 0, 1])
    packed = dataclasses.replace(tiny_parts.train, labels=labels, ids=tuple("abcdef"))
    weights = class_weights(packed)
    assert weights.tolist() == pytest.approx([6 / (3 * 5), 6 / 3, 0])  # class 2 has no sample
    assert weights[labels].sum().item() == pytest.approx(2 * 6 / 3)


@pytest.mark.parametrize("changes", [(), ("train.label_smoothing=0.2",), ("train.mixup=0.4",)])
def test_targets_are_distributions(tiny_recipe, tiny_parts, changes):
    recipe = tiny_recipe("train.label_smoothing=0.1", *changes)
    batch = make_batch(
        tiny_parts.train, torch.arange(9), recipe, recipe.input, 0, None, torch.Generator().manual_seed(0)
    )
    torch.testing.assert_close(batch.target.sum(1), torch.ones(9))
    smoothing = recipe.train.label_smoothing
    unmixed = 1 - smoothing + smoothing / 3
    assert batch.target.min() >= smoothing / 3 - 1e-6
    if not recipe.train.mixup:
        assert batch.target.max().item() == pytest.approx(unmixed)
    else:
        assert batch.target.max(1).values.min() < unmixed - 1e-4


def test_mixup_ends_before_the_run_does(tiny_recipe, tiny_parts):
    recipe = tiny_recipe("train.mixup=0.4", "train.mixup_off_epochs=1")  # of three epochs
    places, generator = torch.arange(9), torch.Generator()
    mixed = [
        bool(
            (
                make_batch(tiny_parts.train, places, recipe, recipe.input, epoch, None, generator).target % 1
            ).any()
        )
        for epoch in range(3)
    ]
    assert mixed == [True, True, False]


def test_crops_follow_the_size_schedule(tiny_recipe, tiny_parts):
    recipe = tiny_recipe("train.size_schedule={0: 8, 2: 16}")
    sides = [
        make_batch(
            tiny_parts.train, torch.arange(2), recipe, recipe.input, epoch, None, torch.Generator()
        ).x.shape[-1]
        for epoch in range(3)
    ]
    assert sides == [8, 8, 16]


@pytest.mark.parametrize("batch_size", [8, 13, 26, 27, 64])
def test_steps_of_an_epoch_are_counted_as_they_are_taken(tiny_recipe, tiny_parts, batch_size):
    recipe, state, seen = tiny_recipe(f"train.batch_size={batch_size}"), TrainState(), []
    learner = make_learner(recipe, tiny_parts)
    row = train_one_epoch(
        learner, tiny_parts.train, recipe, recipe.input, state, lambda n, loss: seen.append(n)
    )
    assert state.step == len(seen) == n_steps(27, batch_size)
    assert sum(seen) == 27 - (27 % batch_size == 1)
    assert row["lr"] == 0.005


def test_the_mean_loss_is_that_of_the_steps(tiny_recipe, tiny_parts):
    recipe, seen = tiny_recipe("train.accumulate=3"), []
    learner = make_learner(recipe, tiny_parts)
    row = train_one_epoch(
        learner, tiny_parts.train, recipe, recipe.input, TrainState(), lambda n, loss: seen.append((n, loss))
    )
    assert row["train_loss"] == pytest.approx(sum(n * loss for n, loss in seen) / 27)


def test_a_diverged_run_stops_with_one_line(tiny_recipe, tiny_parts):
    recipe = tiny_recipe()
    learner = make_learner(recipe, tiny_parts)
    with torch.no_grad():
        learner.method.head.linear.bias.fill_(float("nan"))
    with pytest.raises(MienError, match=r"training diverged: the loss is nan in step 1 .*lower train\.lr"):
        train_one_epoch(learner, tiny_parts.train, recipe, recipe.input, TrainState(), lambda n, loss: None)


def test_an_epoch_draws_the_same_numbers_whenever_it_runs():
    first = torch.rand(3, generator=epoch_generator(0, 4)), torch.rand(3)
    torch.rand(100)
    again = torch.rand(3, generator=epoch_generator(0, 4)), torch.rand(3)
    other = torch.rand(3, generator=epoch_generator(0, 5))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])  # dropout draws from the global generator
    assert not torch.equal(first[0], other)


def test_minimal_random_resampling_shortens_the_epoch(tiny_recipe, tiny_parts):
    rare = dataclasses.replace(tiny_parts.train, labels=torch.tensor([0] * 13 + [1] * 10 + [2] * 4))
    recipe, seen = tiny_recipe("train.sampler=mrr", "train.batch_size=6"), []
    learner = make_learner(recipe, tiny_parts)
    train_one_epoch(learner, rare, recipe, recipe.input, TrainState(), lambda n, loss: seen.append(n))
    assert seen == [6, 6]  # four of each of three classes


def test_mixup_and_cut_mix_take_turns(tiny_recipe, tiny_parts):
    recipe = tiny_recipe("train.mixup=1.0", "train.cutmix=1.0", "augment={}")
    clean = tiny_recipe("augment={}")
    kinds = []
    for seed in range(24):
        generator = torch.Generator().manual_seed(seed)
        args = (tiny_parts.train, torch.arange(9))
        mixed = make_batch(*args, recipe, recipe.input, 0, None, generator)
        plain = make_batch(*args, clean, recipe.input, 0, None, torch.Generator())
        untouched = (mixed.x == plain.x).float().mean()
        kinds.append(bool(untouched > 0.02))  # CutMix leaves pixels as they are
    assert 4 < sum(kinds) < 22
