import pytest
import torch
from torch.nn import functional as F

from mien.core.errors import MienError
from mien.data.batches import Batch
from mien.methods import METHODS, create_method
from mien.methods._base import soft_cross_entropy


def batch_of(target: torch.Tensor, weight: torch.Tensor | None = None) -> Batch:
    return Batch(torch.zeros(len(target), 1, 2, 2), target.argmax(1), target, weight)


def test_soft_cross_entropy_is_torchs_for_hard_labels():
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    y, class_weight = torch.tensor([0, 1, 2, 3, 0, 0]), torch.tensor([1.0, 2.0, 3.0, 0.5])
    target = torch.eye(4)[y]
    torch.testing.assert_close(soft_cross_entropy(logits, batch_of(target)), F.cross_entropy(logits, y))
    weighted = soft_cross_entropy(logits, batch_of(target, class_weight[y]))
    torch.testing.assert_close(weighted, F.cross_entropy(logits, y, weight=class_weight))


def test_soft_cross_entropy_of_a_distribution():
    logits = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    target = torch.tensor([[0.5, 0.5, 0, 0], [0.1, 0.2, 0.3, 0.4], [0, 0, 1, 0]], dtype=torch.float64)
    expected = F.cross_entropy(logits, target)
    assert soft_cross_entropy(logits, batch_of(target)).item() == pytest.approx(expected.item(), rel=1e-6)


def test_biases_and_normalisation_are_not_decayed():
    method = create_method("baseline", backbone={"name": "test_resnet"})
    decayed, spared = method.param_groups(0.1)
    assert decayed["weight_decay"] == 0.1
    assert spared["weight_decay"] == 0
    spared_ids = {id(p) for p in spared["params"]}
    for name, p in method.named_parameters():
        assert (id(p) in spared_ids) == (name.endswith("bias") or p.ndim == 1), name
    assert len(decayed["params"]) + len(spared["params"]) == len(list(method.parameters()))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"dropuot": 0.1}, "method baseline: dropuot: there is no such key; did you mean 'dropout'?"),
        ({"backbone": {"nam": "resnet18"}}, "backbone.nam: there is no such key; did you mean 'name'?"),
        ({"dropout": 1.5}, "dropout: Input should be less than 1, got 1.5"),
        ({"backbone": {"name": "resnet81"}}, "unknown backbone 'resnet81'"),
    ],
)
def test_a_wrong_parameter_is_one_line(params, said):
    with pytest.raises(MienError) as caught:
        create_method("baseline", **params)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_method_is_one_line():
    with pytest.raises(MienError, match="unknown method 'basline'; did you mean 'baseline'"):
        create_method("basline")
    assert "baseline" in METHODS
