import pytest

from mien.core.errors import MienError
from mien.methods import METHODS, create_method


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
