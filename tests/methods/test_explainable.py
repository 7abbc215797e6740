"""What every registered method declares of itself; a new method is tested here without an edit."""

import pytest
import torch

from mien.explain.cam import grad_cam
from mien.methods import METHODS, Method, create_method


def build(name: str, **more: object) -> tuple[Method, torch.Tensor]:
    torch.manual_seed(0)
    info = METHODS[name]
    size_px = info.small_px or info.input.size_px
    method = create_method(name, size_px=size_px, **{**info.small, **more}).eval()
    return method, torch.randn(3, info.input.n_channels, size_px, size_px)


@pytest.mark.parametrize("name", list(METHODS))
def test_declared_outputs_and_layers_are_there(name):
    method, x = build(name)
    declared = method.explainable()
    assert set(declared.hows) >= {"gradcam", "occlusion", "embedding"}
    with torch.inference_mode():
        outputs = method.outputs(x)
        alone = method.outputs(x[1:2])
    assert outputs[declared.embedding].ndim == 2
    for output, names in declared.attention.items():
        assert outputs[output].shape[:2] == (3, len(names))
        assert outputs[output].ndim == 4
        torch.testing.assert_close(alone[output], outputs[output][1:2], rtol=1e-4, atol=1e-5)
    if declared.latents is not None:
        assert outputs[declared.latents].ndim == 2
    if declared.similarity is not None:
        assert outputs[declared.similarity].shape == (3, 7)
    targets = torch.tensor([0, 3, 5])
    for layer in declared.cam.values():
        assert layer.module in list(method.modules())
        maps = grad_cam(method.outputs, layer, x, targets)
        assert maps.shape[0] == 3
        assert maps.ndim == 3
        assert maps.isfinite().all()
        assert not maps.requires_grad
        one = grad_cam(method.outputs, layer, x[1:2], targets[1:2])
        torch.testing.assert_close(one, maps[1:2], rtol=1e-3, atol=1e-6)
    assert all(parameter.grad is None for parameter in method.parameters())


@pytest.mark.parametrize(
    ("name", "params", "has", "has_not"),
    [
        ("fdrl", {}, "latents", "attention"),
        ("fdrl", {"variant": "fdn_inter"}, "gradcam", "latents"),
        ("dan", {}, "attention", "similarity"),
        ("ddamfn", {}, "attention", "latents"),
        ("emma", {}, "similarity", "attention"),
        ("rgbd_fusion", {}, "attention", "similarity"),
        ("rgbd_fusion", {"fusion": "sum"}, "gradcam", "attention"),
    ],
)
def test_it_depends_on_the_variant(name, params, has, has_not):
    hows = build(name, **params)[0].explainable().hows
    assert has in hows
    assert has_not not in hows


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, ["image pool 2", "image pool 3", "patches before selection", "patches after selection"]),
        ({"selection": False, "joint": False}, ["image pool 2", "image pool 3", "patches"]),
    ],
)
def test_the_maps_of_mff_cnn(params, names):
    method, x = build("mff_cnn", **params)
    layers = method.explainable().cam
    assert list(layers) == names
    sides = [
        grad_cam(method.outputs, layer, x, torch.zeros(3, dtype=torch.long)).shape[1:]
        for layer in layers.values()
    ]
    assert sides == [(12, 12), (4, 4), *[(60, 60)] * (len(names) - 2)]


def test_emma_shows_what_its_extractor_shows():
    params = {"extractor": "ddamfn", "backbone": {}}
    method = create_method("emma", size_px=32, **params)
    assert list(method.explainable().attention) == ["attention_maps"]
    assert method.explainable().similarity == "similarity"
