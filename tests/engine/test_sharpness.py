import pytest
import torch
from torch import nn

from mien.core.errors import MienError
from mien.data.batches import batches_of
from mien.data.sampling import epoch_order
from mien.engine.fit import make_learner
from mien.engine.loop import TrainState, backward, epoch_generator, make_batch, train_one_epoch
from mien.engine.sharpness import uphill


class Bowl(nn.Module):
    """loss = x A x / 2, of which everything is known."""

    def __init__(self):
        super().__init__()
        self.x = nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
        self.a = torch.tensor([[3.0, 0.5], [0.5, 1.0]], dtype=torch.float64)

    def forward(self):
        return self.x @ self.a @ self.x / 2


def test_the_gradient_on_a_quadratic_is_that_of_the_two_step_formula():
    bowl, rho = Bowl(), 0.3
    x = bowl.x.detach().clone()
    bowl().backward()
    with uphill(bowl, rho):
        bowl.x.grad = None
        bowl().backward()
    slope = bowl.a @ x
    torch.testing.assert_close(bowl.x.grad, bowl.a @ (x + rho * slope / slope.norm()))
    assert torch.equal(bowl.x.detach(), x)


def test_statistics_and_weights_are_those_before_to_the_last_bit():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    x = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    net(x).square().sum().backward()
    before = {k: v.clone() for k, v in net.state_dict().items() if "num" not in k}
    with uphill(net, 0.1):
        assert not torch.equal(net[0].weight, before["0.weight"])
        net(x + 1)
    assert all(torch.equal(net.state_dict()[k], v) for k, v in before.items())
    assert net[1].momentum == 0.1


def test_an_error_inside_puts_the_weights_back():
    bowl = Bowl()
    bowl().backward()
    with pytest.raises(RuntimeError), uphill(bowl, 1.0):
        raise RuntimeError
    assert bowl.x.tolist() == [1.0, -2.0]


def test_no_gradient_moves_nothing():
    bowl = Bowl()
    bowl.x.grad = torch.zeros(2, dtype=torch.float64)
    with uphill(bowl, 1.0):
        assert bowl.x.tolist() == [1.0, -2.0]


def test_the_loop_steps_by_the_gradient_uphill(tiny_recipe, tiny_parts):
    """One epoch of the loop beside the same steps written out."""
    recipe = tiny_recipe(
        "train.sam_rho=0.2", "train.optimizer=sgd", "train.momentum=0", "method.params.dropout=0"
    )
    looped, written = (make_learner(recipe, tiny_parts) for _ in range(2))
    spec = tiny_parts.spec.input
    train_one_epoch(looped, tiny_parts.train, recipe, spec, TrainState(), lambda n, loss: None)
    written.method.train()
    generator = epoch_generator(0, 0)
    order = epoch_order(tiny_parts.train.labels, "shuffle", generator)
    for places in batches_of(order, 8):
        batch = make_batch(tiny_parts.train, places, recipe, spec, 0, None, generator)
        parameters = list(written.method.parameters())
        written.method.zero_grad()
        backward(written, batch, 8)
        norm = torch.cat([p.grad.flatten() for p in parameters]).norm()
        kept = {k: v.clone() for k, v in written.method.state_dict().items()}
        with torch.no_grad():
            for p in parameters:
                p += 0.2 * p.grad / norm
        written.method.zero_grad()
        backward(written, batch, 8)
        gradients = [p.grad.clone() for p in parameters]
        written.method.load_state_dict(kept)
        with torch.no_grad():
            for p, g in zip(parameters, gradients, strict=True):
                p -= 0.005 * g
    for a, b in zip(looped.method.parameters(), written.method.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    plain_recipe = tiny_recipe("train.optimizer=sgd", "train.momentum=0", "method.params.dropout=0")
    plain = make_learner(plain_recipe, tiny_parts)
    train_one_epoch(plain, tiny_parts.train, plain_recipe, spec, TrainState(), lambda n, loss: None)
    pairs = zip(looped.method.parameters(), plain.method.parameters(), strict=True)
    assert max((a - b).abs().max() for a, b in pairs) > 1e-3


def test_losses_that_move_their_own_state_are_refused(tiny_recipe, tiny_parts):
    recipe = tiny_recipe(
        "train.sam_rho=0.05", "loss=[{name: cross_entropy}, {name: centre, params: {of: features}}]"
    )
    with pytest.raises(MienError, match="sam_rho"):
        make_learner(recipe, tiny_parts)


def test_the_average_is_that_of_a_slow_loop(tiny_recipe, tiny_parts):
    recipe = tiny_recipe("train.ema_decay=0.9")
    learner, seen = make_learner(recipe, tiny_parts), []
    train_one_epoch(
        learner,
        tiny_parts.train,
        recipe,
        tiny_parts.spec.input,
        TrainState(),
        lambda n, loss: seen.append({k: v.clone() for k, v in learner.method.state_dict().items()}),
    )
    for name, value in learner.kept.state_dict().items():
        slow = seen[0][name].clone()  # the first step starts the average
        for state in seen[1:]:
            slow = 0.9 * slow + 0.1 * state[name]
        if value.is_floating_point():
            torch.testing.assert_close(value, slow, rtol=1e-5, atol=1e-7)
