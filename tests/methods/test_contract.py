"""What every registered method must keep; a new method is tested here without an edit."""

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from mien.core.labels import BASIC7, basic_space
from mien.core.recipe import Recipe, validate_recipe
from mien.core.specs import InputSpec, ModelSpec
from mien.data.batches import Batch
from mien.data.fake import draw_face
from mien.data.transforms import normalise
from mien.engine.checkpoint import load_model, save_model
from mien.engine.export import export_onnx, parity
from mien.engine.loop import StepOutput, TrainingStep, make_objective
from mien.methods import METHODS, Method, create_method
from mien.runtime.engine_onnx import OnnxPredictor

pytestmark = pytest.mark.parametrize("name", list(METHODS))


def tiny(name: str) -> tuple[dict, InputSpec]:
    """Parameters and input of the method's small version."""
    info = METHODS[name]
    size_px = info.small_px or info.input.size_px
    return dict(info.small), info.input.model_copy(update={"size_px": size_px})


def build(name: str, n_classes: int = 7, seed: int = 0) -> Method:
    torch.manual_seed(seed)
    params, spec = tiny(name)
    return create_method(name, n_classes, size_px=spec.size_px, **params)


def random_batch(name: str, n: int, n_classes: int = 7, seed: int = 0) -> Batch:
    spec = tiny(name)[1]
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, spec.n_channels, spec.size_px, spec.size_px, generator=generator)
    y = torch.arange(n) % n_classes
    return Batch(x, y, torch.eye(n_classes)[y])


def make_recipe(name: str) -> Recipe:
    tree = {
        "name": "tiny",
        "method": {"name": name, "params": tiny(name)[0]},
        "data": {"name": "fer2013"},
        "train": {"epochs": 1, "lr": 0.1},
    }
    return validate_recipe(tree, "test")


def with_loss(name: str, method: Method, n_classes: int = 7) -> TrainingStep:
    """The method and the objective of its paper."""
    return TrainingStep(method, make_objective(method, make_recipe(name), n_classes, tiny(name)[1]))


def step(name: str, method: Method, batch: Batch) -> StepOutput:
    return with_loss(name, method, batch.target.shape[1])(batch)


@pytest.mark.parametrize("n_classes", [7, 8])
def test_logits_have_one_column_a_class(name, n_classes):
    method, batch = build(name, n_classes), random_batch(name, 3, n_classes)
    assert method.eval()(batch.x).shape == (3, n_classes)
    output = step(name, method.train(), batch)
    assert output.logits.shape == (3, n_classes)
    assert output.loss.shape == ()


@pytest.mark.parametrize("way", ["training", "forward"])
def test_every_parameter_gets_a_gradient(name, way):
    method, batch = build(name), random_batch(name, 8)
    with torch.no_grad():  # a layer that starts at zero would hide those before it
        for p in method.parameters():
            p.add_(0.01 * torch.randn_like(p))
    if way == "training":
        step(name, method.train(), batch).loss.backward()
    else:  # parameters() holds what forward uses and nothing else
        method.train()(batch.x).square().sum().backward()
    idle = idle_biases(method)
    without = [
        n for n, p in method.named_parameters() if p.grad is None or (not p.grad.any() and n not in idle)
    ]
    assert without == []


def idle_biases(method: Method) -> set[str]:
    """Biases right before BatchNorm, which takes them away again: their gradient is 0 but for rounding."""
    return {
        f"{name}.{i}.bias"
        for name, layers in method.named_modules()
        if isinstance(layers, nn.Sequential)
        for i, after in enumerate(list(layers)[1:])
        if isinstance(after, nn.BatchNorm2d)
    }


def test_optimiser_groups_hold_every_parameter_once(name):
    method = build(name)
    grouped = [id(p) for group in method.param_groups(0.1) for p in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in method.parameters())


def test_evaluation_does_not_look_at_the_neighbours(name):
    method, x = build(name).eval(), random_batch(name, 6).x
    with torch.inference_mode():
        together, alone = method(x), torch.cat([method(one[None]) for one in x])
        backwards = method(x.flip(0)).flip(0)
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-5)
    torch.testing.assert_close(backwards, together, rtol=0, atol=1e-5)
    assert not torch.allclose(together[0], together[1], atol=1e-3)


def test_same_seed_same_loss(name):
    losses = []
    for seed in (0, 0, 1):
        method = build(name, seed=seed).train()
        losses.append(step(name, method, random_batch(name, 4)).loss.item())
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


def test_finite_loss_on_a_batch_of_one_class(name):
    batch = random_batch(name, 4, n_classes=1)
    target = torch.eye(7)[batch.y]
    loss = step(name, build(name).train(), Batch(batch.x, batch.y, target)).loss
    loss.backward()
    assert loss.isfinite()


def test_a_hard_label_is_the_limit_of_a_soft_one(name):
    method, batch = build(name).eval(), random_batch(name, 4)
    nearly = batch.target * (1 - 1e-6) + 1e-6 / 7
    learner = with_loss(name, method)
    losses = [learner(Batch(batch.x, batch.y, t)).loss.item() for t in (batch.target, nearly)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)


def make_spec(name: str) -> ModelSpec:
    return ModelSpec(name="tiny", method=name, labels=basic_space(7).names, input=tiny(name)[1])


def test_saved_and_loaded_it_is_the_same_model(name, tmp_path):
    method, spec = build(name).eval(), make_spec(name)
    recipe = make_recipe(name)
    save_model(tmp_path / "best.safetensors", method.state_dict(), spec, recipe)
    again, spec_again, recipe_again = load_model(tmp_path)
    assert spec_again == spec
    assert recipe_again == recipe
    x = random_batch(name, 3).x
    with torch.inference_mode():
        assert torch.equal(again(x), method(x))


def test_the_exported_model_says_the_same(name, tmp_path):
    method, spec, path = build(name).eval(), make_spec(name), tmp_path / "tiny.onnx"
    export_onnx(method, spec, path)
    predictor = OnnxPredictor(path)
    assert predictor.spec == spec
    for n in (1, 6):
        x = random_batch(name, n).x
        with torch.inference_mode():
            expected = method(x).numpy()
        np.testing.assert_allclose(predictor.logits(x.numpy()), expected, rtol=0, atol=1e-4)
    assert parity(method, OnnxPredictor, path) < 1e-4


def test_it_learns_drawn_faces(name):
    spec = tiny(name)[1]
    rng = np.random.default_rng(0)
    y = torch.arange(35) % 7
    faces = [draw_face(BASIC7.names[k], rng, 2 * spec.size_px) for k in y]
    pictures = np.stack(
        [cv2.resize(face, (spec.size_px, spec.size_px), interpolation=cv2.INTER_AREA) for face in faces]
    )
    images = torch.from_numpy(pictures)[:, None].expand(-1, spec.n_channels, -1, -1)
    batch = Batch(normalise(images, spec), y, torch.eye(7)[y])
    method = build(name)
    optimizer = torch.optim.Adam(method.param_groups(0.0), lr=0.002)
    learner = with_loss(name, method)
    for n_steps in range(1, 201):
        optimizer.zero_grad()
        learner.train()(batch).loss.backward()
        optimizer.step()
        learner.objective.end_step()
        if n_steps % 20 == 0:
            with torch.inference_mode():
                right = (method.eval()(batch.x).argmax(1) == y).float().mean()
            if right > 0.9:
                return
    pytest.fail(f"{name} has {right:.0%} of 35 faces right after 200 steps")
