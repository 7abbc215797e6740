"""Parameter groups, frozen parts and precision."""

import pytest
import torch

from mien.core.errors import MienError
from mien.engine.fit import fit, make_learner
from mien.engine.loop import TrainState, train_one_epoch


def one_epoch(recipe, parts):
    learner, state = make_learner(recipe, parts), TrainState()
    before = {name: value.clone() for name, value in learner.method.state_dict().items()}
    train_one_epoch(learner, parts.train, recipe, recipe.input, state, lambda n, loss: None)
    after = learner.method.state_dict()
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    return learner, moved


def test_parts_learn_at_their_own_rate(tiny_recipe, tiny_parts):
    factors = "{backbone: 0.1, backbone.net.layer4: 0.5}"
    learner, _ = one_epoch(tiny_recipe(f"train.lr_factors={factors}"), tiny_parts)
    rates = {}
    for group in learner.optimizer.param_groups:
        for p in group["params"]:
            rates[id(p)] = group["lr"]
    for name, p in learner.method.named_parameters():
        factor = 0.5 if "layer4" in name else 0.1 if name.startswith("backbone") else 1
        assert rates[id(p)] == pytest.approx(0.005 * factor), name


def test_frozen_parts_stand_still_with_their_statistics(tiny_recipe, tiny_parts):
    learner, moved = one_epoch(tiny_recipe("train.freeze=[backbone]"), tiny_parts)
    assert moved == {"head.linear.weight", "head.linear.bias"}
    assert not learner.method.backbone.training
    _, moved = one_epoch(tiny_recipe(), tiny_parts)
    assert any("running_mean" in name for name in moved)


@pytest.mark.parametrize("change", ["train.freeze=[bakbone]", "train.lr_factors={bakbone: 2}"])
def test_a_part_that_is_not_there(tiny_recipe, tiny_parts, change):
    with pytest.raises(MienError, match="has no part 'bakbone'; its parts: backbone, head"):
        make_learner(tiny_recipe(change), tiny_parts)


def test_nothing_left_to_learn(tiny_recipe, tiny_parts):
    with pytest.raises(MienError, match="leaves nothing to learn"):
        make_learner(tiny_recipe("train.freeze=[backbone, head]"), tiny_parts)


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_half_precision_learns_and_resumes_to_the_same_numbers(tiny_recipe, tiny_parts, tmp_path, precision):
    changes = (f"train.precision={precision}", "train.clip_norm=1.0")
    whole = fit(tiny_recipe(*changes), tiny_parts, tmp_path / "whole")
    fit(tiny_recipe(*changes, "train.epochs=2"), tiny_parts, tmp_path / "parts")
    resumed = fit(tiny_recipe(*changes), tiny_parts, tmp_path / "parts", resume=True)
    for unbroken, row in zip(whole.state.history, resumed.state.history, strict=True):
        assert unbroken | {"seconds": 0} == row | {"seconds": 0}
    assert whole.state.history[-1]["train_loss"] < whole.state.history[0]["train_loss"]
