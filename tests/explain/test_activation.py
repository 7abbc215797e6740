"""Grad-CAM from an exported model's own map is Grad-CAM by gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mien.core.specs import ModelSpec
from mien.engine.export import export_onnx
from mien.engine.method_maps import grad_cam_maker
from mien.explain.activation import activation_maker, gives_activation
from mien.methods import create_method
from mien.runtime.engine_onnx import OnnxPredictor

LABELS = ("anger", "fear", "happiness")


@pytest.fixture
def pair(tmp_path):
    torch.manual_seed(0)
    method = create_method("baseline", 3, backbone={"name": "test_resnet"}, in_channels=3).eval()
    spec = ModelSpec(
        name="m",
        method="baseline",
        labels=LABELS,
        input={"size_px": 64, "channels": "rgb", "mean": (0.5,) * 3, "std": (0.5,) * 3},
    )
    export_onnx(method, spec, tmp_path / "m.onnx")
    return method, spec, OnnxPredictor(tmp_path / "m.onnx")


def test_it_is_grad_cam(pair):
    method, spec, predictor = pair
    x = np.random.default_rng(0).standard_normal((3, 3, 64, 64)).astype(np.float32)
    targets = np.array([0, 2, 1])
    assert gives_activation(predictor)
    ours = activation_maker(predictor)(x, targets)["gradcam"]
    by_gradients = grad_cam_maker(method, spec)(x, targets)["last map"]
    assert ours.shape == by_gradients.shape
    assert by_gradients.max() > 0
    np.testing.assert_allclose(ours, by_gradients, atol=1e-5 * by_gradients.max())


def test_the_map_adds_up_to_the_logits(pair):
    method, _, predictor = pair
    x = np.random.default_rng(1).standard_normal((2, 3, 64, 64)).astype(np.float32)
    given = predictor.outputs(x)
    bias = method.head.linear.bias.detach().numpy()
    np.testing.assert_allclose(given["cam"].mean((1, 2)) + bias, given["logits"], atol=1e-5)


def test_a_model_without_such_a_map_says_so():
    class Plain:
        def logits(self, batch):
            return batch

    assert not gives_activation(Plain())
