import pytest
import torch
from torch import nn

from mien.core.errors import MienError
from mien.explain.cam import grad_cam
from mien.methods import create_method
from mien.methods.mff_cnn import put_together, segment
from mien.nets.explainable import CamLayer, over_channels


class Linear(nn.Module):
    """Logits w . GAP(A); A is the input itself."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.maps, self.weight = nn.Identity(), weight

    def outputs(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"logits": self.maps(x).mean((2, 3)) @ self.weight.T}


def test_of_a_linear_network_it_is_the_weighted_sum_of_its_maps():
    torch.manual_seed(0)
    net, x = Linear(torch.randn(3, 5)), torch.randn(2, 5, 4, 6)
    found = grad_cam(net.outputs, CamLayer(net.maps), x, torch.tensor([2, 0]))
    for i, target in enumerate((2, 0)):
        expected = torch.zeros(4, 6)
        for k in range(5):
            expected += net.weight[target, k] / 24 * x[i, k]  # d logit / d A_k is w_k / (h w) everywhere
        torch.testing.assert_close(found[i], expected.relu(), rtol=0, atol=1e-7)
    assert found.min() == 0
    assert found.max() > 0.05


def test_tokens_are_a_square_grid_of_places():
    tokens = torch.arange(18.0).reshape(1, 2, 9, 1)
    assert over_channels(tokens)[0].tolist() == [[9, 11, 13], [15, 17, 19], [21, 23, 25]]
    assert over_channels(torch.ones(1, 4, 1, 1)).tolist() == [[[4.0]]]
    with pytest.raises(MienError, match="8 tokens are no square grid"):
        over_channels(torch.ones(1, 2, 8, 1))


def test_patches_put_together_are_the_face_again():
    face = torch.rand(2, 1, 60, 60)
    patches = segment(face).reshape(2, 16, 24, 24)
    torch.testing.assert_close(put_together(patches), face[:, 0], rtol=0, atol=1e-6)


def test_mff_maps_before_and_after_selection_by_a_slow_loop():
    torch.manual_seed(3)
    method, x, target = create_method("mff_cnn").eval(), torch.rand(1, 1, 60, 60), 5
    kept = {}
    method.local_maps.register_forward_hook(lambda module, given, out: kept.update(maps=out))
    score = method.outputs(x)["patch_logits"][0, target]
    (gradient,) = torch.autograd.grad(score, kept["maps"])
    maps, gradient = kept["maps"][0].detach().reshape(16, 32, 3, 3), gradient[0].reshape(16, 32, 3, 3)
    assert int((gradient.flatten(2).abs().sum(2) == 0).sum()) == 512 - 384  # what is dropped has none
    before, after = torch.zeros(1, 16, 3, 3), torch.zeros(1, 16, 3, 3)
    for patch in range(16):
        for k in range(32):
            before[0, patch] += gradient[:, k].mean() * maps[patch, k]
            after[0, patch] += gradient[patch, k].mean() * maps[patch, k]
    layers = method.explainable().cam
    for name, expected in (("before", before), ("after", after)):
        found = grad_cam(method.outputs, layers[f"patches {name} selection"], x, torch.tensor([target]))
        torch.testing.assert_close(found, put_together(expected.relu()), rtol=1e-4, atol=1e-9)
        assert found.max() > 1e-6
    assert not torch.allclose(before, after, rtol=0.05, atol=0)
