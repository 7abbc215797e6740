"""What every registered loss must keep; a new one is tested without an edit, if its output is named below."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from mien.core.errors import MienError
from mien.core.recipe import LossChoice
from mien.losses import LOSSES, Objective, Sizes

K = 5
SIZES = Sizes(
    K,
    {
        "logits": (K,),
        "other_logits": (K,),
        "features": (8,),
        "pooled": (8,),
        "latents": (3, 6),
        "intra_weights": (3,),
        "heads": (4, 6),
        "attention_maps": (4, 2, 3),
    },
)
CLASSIFICATION = {"cross_entropy", "focal", "squared_hinge"}
EVERY = pytest.mark.parametrize("name", list(LOSSES))


@dataclass
class Labels:
    y: Tensor
    target: Tensor
    weight: Tensor | None = None


def labels(n: int, classes: int = K, weight: Tensor | None = None) -> Labels:
    y = torch.arange(n) % classes
    return Labels(y, torch.eye(K)[y], weight)


def make(name: str, **params) -> Objective:
    torch.manual_seed(0)
    return Objective([LossChoice(name=name, params=params)], SIZES)


def random_outputs(n: int, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    made = {}
    for name, shape in SIZES.outputs.items():
        value = torch.rand(n, *shape, generator=generator)
        made[name] = (value.log_softmax(1) if name == "heads" else value).to(dtype).requires_grad_()
    return made


def test_they_are_all_there():
    assert set(LOSSES) >= CLASSIFICATION | {
        *("centre", "island", "constrained_angle", "compactness", "distribution", "balance"),
        *("affinity", "partition", "attention_diversity"),
    }


@EVERY
def test_a_finite_scalar_with_a_gradient(name):
    objective, outputs = make(name), random_outputs(10)
    value, parts = objective(outputs, labels(10))
    assert value.shape == ()
    assert value.isfinite()
    assert list(parts) == [name]
    value.backward()
    (term,) = objective.terms.values()
    for needed in term.needs:
        assert outputs[needed].grad.isfinite().all()
        assert outputs[needed].grad.any() or name == "balance"
    assert all(p.grad.isfinite().all() for p in objective.parameters())


@EVERY
@pytest.mark.parametrize(("n", "classes"), [(1, K), (2, K), (6, 1)])
def test_a_batch_of_one_and_absent_classes(name, n, classes):
    objective = make(name)
    for _ in range(3):
        outputs = random_outputs(n)
        value, _ = objective(outputs, labels(n, classes))
        value.backward()
        objective.end_step()
        (term,) = objective.terms.values()
        assert value.isfinite()
        assert outputs[term.of].grad.isfinite().all()
        assert all(tensor.isfinite().all() for tensor in objective.state_dict().values())


@EVERY
@pytest.mark.parametrize("level", [0.0, 0.25])
def test_equal_outputs_have_finite_gradients(name, level):
    objective = make(name)
    for _ in range(3):
        outputs = {
            of: torch.full((6, *shape), level, requires_grad=True) for of, shape in SIZES.outputs.items()
        }
        value, _ = objective(outputs, labels(6))
        value.backward()
        objective.end_step()
        (term,) = objective.terms.values()
        assert value.isfinite()
        assert outputs[term.of].grad.isfinite().all()
        assert all(p.grad.isfinite().all() for p in objective.parameters())
        assert all(tensor.isfinite().all() for tensor in objective.state_dict().values())


@EVERY
def test_bf16_outputs_are_summed_in_fp32(name):
    rounded = random_outputs(10, torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        value, _ = make(name)(rounded, labels(10))
    expected, _ = make(name)({of: x.float() for of, x in rounded.items()}, labels(10))
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-6)


@EVERY
def test_weights_of_samples_are_for_classification_alone(name):
    weight = torch.tensor([1.0, 5.0, 1.0, 1.0, 0.2, 1.0])
    plain, _ = make(name)(random_outputs(6), labels(6))
    weighted, _ = make(name)(random_outputs(6), labels(6, weight=weight))
    assert (plain != weighted) == (name in CLASSIFICATION | {"constrained_angle"})


@EVERY
def test_a_wrong_parameter_is_refused_in_one_line(name):
    with pytest.raises(
        MienError, match=f"^loss {name}: offf: there is no such key; did you mean 'of'"
    ) as error:
        make(name, offf="logits")
    assert "\n" not in str(error.value)


@EVERY
def test_an_output_that_is_not_there_is_refused_in_one_line(name):
    with pytest.raises(
        MienError, match=f"^loss {name} needs the output 'nothing', which .* it has att"
    ) as error:
        make(name, of="nothing")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("focal", {"gamma": -1}),
        ("focal", {"alpha": 0}),
        ("squared_hinge", {"form": "cubic"}),
        ("centre", {"step": 0}),
        ("compactness", {"step": 1.5}),
        ("island", {"pairwise": -1}),
        ("island", {"center_update": "sgd"}),
        ("constrained_angle", {"negative_slope": 2}),
    ],
)
def test_values_out_of_range_are_refused(name, params):
    (key,) = params
    with pytest.raises(MienError, match=rf"^loss {name}: {key}: .*, got [^\n]*$"):
        make(name, **params)


@pytest.mark.parametrize(
    ("name", "of", "said"),
    [
        ("cross_entropy", "features", r"reads \[B, K\] with K = 5; the output 'features' is \[B, 8\]"),
        ("centre", "latents", r"reads \[B, D\] .* 'latents' is \[B, 3, 6\]"),
        ("compactness", "features", r"reads \[B, M, D\] .* 'features' is \[B, 8\]"),
    ],
)
def test_an_output_of_another_shape_is_refused(name, of, said):
    with pytest.raises(MienError, match=f"^loss {name} {said}: name another one"):
        make(name, of=of)


def test_terms_read_the_output_they_are_told():
    outputs = random_outputs(4)
    (of_other, _), (of_logits, _) = (
        make("focal", of=of)(outputs, labels(4)) for of in ("other_logits", "logits")
    )
    assert of_other != of_logits
    swapped = outputs | {"logits": outputs["other_logits"]}
    assert make("focal")(swapped, labels(4))[0] == of_other


def test_the_weighted_sum_of_several_terms():
    choices = [
        LossChoice(name="cross_entropy"),
        LossChoice(name="cross_entropy", weight=0.5, params={"of": "other_logits"}),
        LossChoice(name="balance", weight=2.0),
    ]
    value, parts = Objective(choices, SIZES)(random_outputs(6), labels(6))
    assert list(parts) == ["cross_entropy", "cross_entropy_2", "balance"]
    expected = parts["cross_entropy"] + 0.5 * parts["cross_entropy_2"] + 2 * parts["balance"]
    torch.testing.assert_close(value, expected)


def test_the_angle_term_keeps_its_statistics_in_evaluation():
    objective = make("constrained_angle")
    objective(random_outputs(6), labels(6))
    before = {name: value.clone() for name, value in objective.state_dict().items()}
    assert before["terms.constrained_angle.norm.num_batches_tracked"] == 1
    objective.eval()(random_outputs(4), labels(4))
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())
