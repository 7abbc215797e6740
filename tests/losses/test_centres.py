"""The state of losses with centres: what moves it, what does not, and that it is saved and resumed."""

from dataclasses import dataclass

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor

from mien.core.recipe import LossChoice
from mien.losses import Objective, Sizes
from mien.losses import functional as L

K, D, M = 4, 6, 3
SIZES = Sizes(K, {"logits": (K,), "features": (D,), "latents": (M, D), "intra_weights": (M,)})
OUTPUT = {
    "centre": "features",
    "island": "features",
    "compactness": "latents",
    "distribution": "intra_weights",
}
AUTOGRAD = LossChoice(name="island", weight=0.01, params={"center_update": "autograd"})
MOVED = [*(LossChoice(name=name) for name in OUTPUT), AUTOGRAD]
EVERY = pytest.mark.parametrize("choice", MOVED, ids=lambda c: "-".join([c.name, *c.params.values()]))


@dataclass
class Labels:
    y: Tensor
    target: Tensor
    weight: Tensor | None = None


def make(choice: LossChoice, seed: int = 0) -> Objective:
    torch.manual_seed(seed)
    return Objective([choice], SIZES)


def batch(choice: LossChoice, n: int = 8, seed: int = 1) -> tuple[dict[str, Tensor], Labels]:
    """Random outputs, class 3 absent."""
    of = OUTPUT[choice.name]
    values = torch.rand(n, *SIZES.outputs[of], generator=torch.Generator().manual_seed(seed))
    y = torch.arange(n) % 3
    return {of: values}, Labels(y, torch.eye(K)[y])


def centres(objective: Objective) -> Tensor:
    (term,) = objective.terms.values()
    return term.centres.clone()


def parts(outputs: dict[str, Tensor], labels: Labels, size: int):
    (name, values), *_ = outputs.items()
    for x, y in zip(values.split(size), labels.y.split(size), strict=True):
        yield {name: x}, Labels(y, torch.eye(K)[y])


@EVERY
def test_the_parts_of_a_batch_move_the_centres_as_one_batch(choice):
    whole, cut = make(choice), make(choice)
    for seed in (1, 2, 3):
        outputs, labels = batch(choice, seed=seed)
        before = centres(whole)
        whole(outputs, labels)
        whole.end_step()
        for part in parts(outputs, labels, 3):
            cut(*part)
        cut.end_step()
        torch.testing.assert_close(centres(cut), centres(whole), rtol=1e-5, atol=1e-7)
        assert (centres(whole) - before).abs().max() > 1e-4


@EVERY
def test_a_step_is_seen_once(choice):
    objective = make(choice)
    objective(*batch(choice))
    objective.end_step()
    after = centres(objective)
    objective.end_step()
    assert torch.equal(centres(objective), after)


@EVERY
def test_nothing_is_seen_in_evaluation(choice):
    objective = make(choice).eval()
    before = {name: value.clone() for name, value in objective.state_dict().items()}
    value, _ = objective(*batch(choice))
    objective.end_step()
    assert value.isfinite()
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())


@EVERY
def test_no_optimiser_owns_what_is_moved(choice):
    objective = make(choice)
    assert list(objective.parameters()) == []
    outputs, labels = batch(choice)
    (values,) = outputs.values()
    values.requires_grad_()
    objective(outputs, labels)[0].backward()
    objective.end_step()
    assert values.grad is not None
    assert not centres(objective).requires_grad


@EVERY
def test_a_resumed_objective_goes_on_as_an_unbroken_one(choice):
    unbroken = make(choice)
    unbroken(*batch(choice))
    unbroken.end_step()
    resumed = make(choice, seed=9)
    resumed.load_state_dict(load(save(unbroken.state_dict())))  # as in a checkpoint
    values = []
    for objective in (unbroken, resumed):
        values.append(objective(*batch(choice, seed=2))[0])
        objective.end_step()
    assert values[0] == values[1]
    assert torch.equal(centres(resumed), centres(unbroken))


def test_centres_go_half_way_by_their_members():
    choice = LossChoice(name="centre")
    objective = make(choice)
    before = centres(objective)
    outputs, labels = batch(choice)
    value, _ = objective(outputs, labels)
    torch.testing.assert_close(value, L.centre(outputs["features"], before, labels.y))
    objective.end_step()
    torch.testing.assert_close(centres(objective), L.centre_step(before, outputs["features"], labels.y, 0.5))
    assert torch.equal(centres(objective)[3], before[3])  # absent


def test_centres_end_at_the_class_means():
    choice = LossChoice(name="centre")
    objective, (outputs, labels) = make(choice), batch(choice)
    for _ in range(100):
        objective(outputs, labels)
        objective.end_step()
    for k in range(3):
        torch.testing.assert_close(centres(objective)[k], outputs["features"][labels.y == k].mean(0))


def test_explicit_island_step():
    choice = LossChoice(name="island", weight=0.01)
    objective = make(choice)
    before = centres(objective)
    outputs, labels = batch(choice)
    value, parts_ = objective(outputs, labels)
    expected = L.centre(outputs["features"], before, labels.y) + 10 * L.island_pairwise(before)
    torch.testing.assert_close(parts_["island"], expected)
    torch.testing.assert_close(value, 0.01 * expected)
    objective.end_step()
    torch.testing.assert_close(
        centres(objective), L.island_centre_step(before, outputs["features"], labels.y, 0.5)
    )


def test_autograd_island_step_is_sgd_on_the_weighted_loss():
    objective = make(AUTOGRAD)
    learnt = centres(objective).requires_grad_()
    sgd = torch.optim.SGD([learnt], lr=0.5)
    for seed in (1, 2, 3):
        outputs, labels = batch(AUTOGRAD, seed=seed)
        objective(outputs, labels)
        objective.end_step()
        sgd.zero_grad()
        (0.01 * L.island(outputs["features"], learnt, labels.y, 10.0)).backward()
        sgd.step()
        torch.testing.assert_close(centres(objective), learnt.detach())


@pytest.mark.parametrize("center_update", ["explicit", "autograd"])
def test_island_centres_stay_further_apart_than_others(center_update):
    choices = (LossChoice(name="centre"), LossChoice(name="island", params={"center_update": center_update}))
    alike = []
    for objective, choice in ((make(choice), choice) for choice in choices):
        for seed in range(20):
            objective(*batch(choice, seed=seed))
            objective.end_step()
        alike.append(L.island_pairwise(centres(objective)).item())
    assert alike[1] < alike[0] - 1


def test_latent_centres_start_at_the_means_of_the_first_step():
    choice = LossChoice(name="compactness")
    objective, (outputs, labels) = make(choice), batch(choice)
    latents = outputs["latents"]
    value, _ = objective(outputs, labels)
    torch.testing.assert_close(value, L.compactness(latents, latents.mean(0)))
    objective.end_step()
    first = centres(objective)
    torch.testing.assert_close(first, latents.mean(0))
    outputs, labels = batch(choice, seed=2)
    value, _ = objective(outputs, labels)
    torch.testing.assert_close(value, L.compactness(outputs["latents"], first))
    objective.end_step()
    delta = (first - outputs["latents"]).sum(0) / (1 + 8)  # every sample is a member
    torch.testing.assert_close(centres(objective), first - 0.5 * delta)


def test_class_centres_of_the_intra_weights_start_even():
    choice = LossChoice(name="distribution", params={"step": 0.25})
    objective = make(choice)
    assert torch.equal(centres(objective), torch.full((K, M), 1 / M))
    outputs, labels = batch(choice)
    objective(outputs, labels)
    objective.end_step()
    mine = outputs["intra_weights"][labels.y == 2]
    delta = (1 / M - mine).sum(0) / (1 + len(mine))
    torch.testing.assert_close(centres(objective)[2], 1 / M - 0.25 * delta)


def test_affinity_centres_are_learnt():
    sizes = Sizes(K, {"pooled": (D,)})
    objective = Objective([LossChoice(name="affinity")], sizes)
    (learnt,) = objective.parameters()
    assert learnt.shape == (K, D)
    y = torch.arange(8) % 3
    objective({"pooled": torch.randn(8, D)}, Labels(y, torch.eye(K)[y]))[0].backward()
    assert learnt.grad[3].any()  # an absent class still adds to the variance
    before = learnt.detach().clone()
    objective.end_step()
    assert torch.equal(learnt, before)
