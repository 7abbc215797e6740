"""FDRL against the numbers of its paper and against slow loops written from its equations, in float64."""

import math

import pytest
import torch
from torch import Tensor, nn

from mien.core.errors import MienError
from mien.data.batches import Batch
from mien.losses import Objective, Sizes
from mien.methods import METHODS, Method, cost_of, create_method
from mien.methods.fdrl import (
    FeatureDecomposition,
    InterRelation,
    IntraRelation,
    SeparateLinear,
    inter_feature_weights,
    intra_feature_weights,
)

SMALL = dict(METHODS["fdrl"].small)
B, M, P, D = 3, 4, 6, 5
VARIANTS = {  # weights, losses and outputs besides logits and features
    "baseline": (11_180_103, [], []),
    "fdn": (11_176_512 + 590_976 + 903, ["compactness"], ["latents"]),
    "fdn_inter": (12_065_607 - 148_608, ["compactness"], ["latents", "inter_weights"]),
    "fdn_intra": (
        12_065_607 - 148_608,
        ["compactness", "balance", "distribution"],
        ["latents", "intra_weights"],
    ),
    "full": (
        12_065_607,
        ["compactness", "balance", "distribution"],
        ["latents", "intra_weights", "inter_weights"],
    ),
}


def on_paper(n_classes: int = 7, **params: object) -> Method:
    """The method without any numbers in it."""
    with torch.device("meta"):
        return create_method("fdrl", n_classes, **params)


def n_weights(method: nn.Module) -> int:
    return sum(p.numel() for p in method.parameters())


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layer(linear: SeparateLinear, j: int, x: list[float]) -> list[float]:
    """The j-th layer on one vector, number by number."""
    n_out, n_in = linear.weight.shape[1:]
    biases = [0.0] * n_out if linear.bias is None else linear.bias[j * n_out : (j + 1) * n_out].tolist()
    rows = linear.weight[j].tolist()
    return [sum(rows[o][i] * x[i] for i in range(n_in)) + biases[o] for o in range(n_out)]


def relu(values: list[float]) -> list[float]:
    return [max(v, 0.0) for v in values]


def assert_same(given: Tensor, expected: list) -> None:
    torch.testing.assert_close(given.detach(), torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-9)


def test_parameters_and_operations_of_the_paper():
    cost = cost_of("fdrl")
    assert cost.parameters == 12_065_607
    assert cost.macs == pytest.approx(1.8145e9, rel=1e-4)
    assert n_weights(on_paper(bias=False)) == 12_062_151
    parts = {name: n_weights(part) for name, part in on_paper().named_children()}
    assert parts == {"backbone": 11_176_512, "fdn": 590_976, "intra": 148_608, "inter": 148_608, "epn": 903}


@pytest.mark.parametrize(
    ("n_latents", "expected"),
    [
        (1, 11_276_103),
        (3, 11_473_479),
        (5, 11_670_855),
        (7, 11_868_231),
        (9, 12_065_607),
        (11, 12_262_983),
        (13, 12_460_359),
    ],
)
def test_the_latents_of_figure_4(n_latents, expected):
    assert n_weights(on_paper(n_latents=n_latents)) == expected


@pytest.mark.parametrize("variant", VARIANTS)
def test_rows_of_table_2(variant):
    expected, losses, outputs = VARIANTS[variant]
    method = on_paper(variant=variant)
    assert n_weights(method) == expected
    assert [choice.name for choice in method.losses()] == ["cross_entropy", *losses]
    given = method.outputs(torch.zeros(2, 3, 224, 224, device="meta"))
    shapes = {name: tuple(value.shape[1:]) for name, value in given.items()}
    sizes = {"latents": (9, 128), "intra_weights": (9,), "inter_weights": (9, 9)}
    features = (512,) if variant == "baseline" else (128,)
    assert shapes == {"logits": (7,), "features": features, **{name: sizes[name] for name in outputs}}


def test_weights_of_the_losses():
    paper = {choice.name: choice.weight for choice in on_paper().losses()}
    assert paper == {"cross_entropy": 1.0, "compactness": 1e-4, "balance": 1.0, "distribution": 1e-4}
    row = on_paper(loss_weights=(1e-5, 0.5, 0)).losses()  # table 1
    assert [choice.weight for choice in row] == [1.0, 1e-5, 0.5, 0.0]


@pytest.mark.parametrize("bias", [True, False])
def test_separate_layers_against_linear_ones(bias):
    separate = SeparateLinear(M, P, D, bias).double()
    x = noise(B, M, P)
    for j in range(M):
        linear = nn.Linear(P, D, bias).double()
        linear.weight.data = separate.weight[j].data
        if bias:
            linear.bias.data = separate.bias[j * D : (j + 1) * D].data
        torch.testing.assert_close(separate(x)[:, j], linear(x[:, j]), rtol=0, atol=1e-12)


def test_separate_layers_start_as_linear_ones_do():
    torch.manual_seed(0)
    separate, linear = SeparateLinear(9, 512, 128, True), nn.Linear(512, 9 * 128)
    for ours, theirs in ((separate.weight, linear.weight), (separate.bias, linear.bias)):
        assert ours.std().item() == pytest.approx(theirs.std().item(), rel=0.05)
        assert ours.abs().max().item() == pytest.approx(theirs.abs().max().item(), rel=0.01)


def test_weight_decay_passes_over_biases():
    method = on_paper()
    undecayed = {id(p) for p in method.param_groups(0.1)[1]["params"]}
    biases = {id(part.linear.bias) for part in (method.fdn, method.intra, method.inter)}
    assert biases <= undecayed
    assert id(method.fdn.linear.weight) not in undecayed


@pytest.mark.parametrize("bias", [True, False])
def test_decomposition_against_equation_1(bias):
    fdn, x = FeatureDecomposition(P, M, D, bias).double(), noise(B, P)
    expected = [[relu(layer(fdn.linear, j, x[i].tolist())) for j in range(M)] for i in range(B)]
    assert_same(fdn(x), expected)


@pytest.mark.parametrize("scale", ["mean", "l1", "sum"])
def test_intra_relation_against_equations_3_4_and_7(scale):
    intra, latents = IntraRelation(M, D, True, scale).double(), noise(B, M, D).relu()
    weights, aware = [], []
    for i in range(B):
        alpha = []
        for j in range(M):
            importance = [1 / (1 + math.exp(-v)) for v in layer(intra.linear, j, latents[i, j].tolist())]
            alpha.append(sum(abs(v) for v in importance))
        divisor = {"mean": D, "l1": 1, "sum": sum(alpha)}[scale]
        weights.append([a / divisor for a in alpha])
        aware.append([[weights[i][j] * v for v in latents[i, j].tolist()] for j in range(M)])
    given_aware, given_weights = intra(latents)
    assert_same(given_weights, weights)
    assert_same(given_aware, aware)


def test_where_the_intra_weights_start():
    half = torch.full((2, 9, 128), 0.5)  # sigmoids of nothing
    starts = {s: intra_feature_weights(half, s).unique().tolist() for s in ("l1", "mean", "sum")}
    assert starts == {"l1": [64.0], "mean": [0.5], "sum": [pytest.approx(1 / 9)]}


def test_inter_relation_against_equations_8_to_10():
    inter, features = InterRelation(M, D, True).double(), noise(B, M, D)
    weights, heard = [], []
    for i in range(B):
        g = [relu(layer(inter.linear, j, features[i, j].tolist())) for j in range(M)]
        w = [[0.0] * M for _ in range(M)]
        for j in range(M):
            for m in range(M):
                if j != m:
                    w[j][m] = math.tanh(math.sqrt(sum((g[j][d] - g[m][d]) ** 2 for d in range(D))))
        weights.append(w)
        heard.append([[sum(w[j][m] * g[m][d] for m in range(M)) for d in range(D)] for j in range(M)])
    given_heard, given_weights = inter(features)
    assert_same(given_weights, weights)
    assert_same(given_heard, heard)
    assert torch.equal(given_weights, given_weights.mT)


def tiny(**params: object) -> Method:
    torch.manual_seed(0)
    return create_method("fdrl", **{**SMALL, **params})


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v != "baseline"])
@pytest.mark.parametrize("delta", [0.5, 0.2])
def test_expression_feature_against_equations_11_and_12(variant, delta):
    method = tiny(variant=variant, delta=delta, n_latents=M, d_latent=D).double().eval()
    x = noise(2, 3, 48, 48)
    given = method.outputs(x)
    latents = method.fdn(method.backbone(x).mean((2, 3)))
    f = latents if method.intra is None else method.intra(latents)[0]
    f_hat = None if method.inter is None else method.inter(f)[0]
    expected = [[0.0] * D for _ in range(2)]
    for i in range(2):
        for j in range(M):
            for d in range(D):
                y = f[i, j, d].item()
                if f_hat is not None:
                    y = delta * y + (1 - delta) * f_hat[i, j, d].item()
                expected[i][d] += y
    assert_same(given["features"], expected)
    torch.testing.assert_close(given["logits"], method.epn(given["features"]))


def test_with_delta_1_nothing_is_heard_from_the_others():
    full, alone = tiny(delta=1.0).eval(), tiny(variant="fdn_intra").eval()
    alone.load_state_dict({k: v for k, v in full.state_dict().items() if not k.startswith("inter.")})
    x = torch.randn(2, 3, 48, 48)
    torch.testing.assert_close(full(x), alone(x))


def test_the_objective_is_equation_13():
    method, x, y = tiny().double().train(), noise(6, 3, 48, 48), torch.arange(6) % 7
    outputs = {name: value.detach() for name, value in method.outputs(x).items()}
    sizes = Sizes(7, {name: tuple(value.shape[1:]) for name, value in outputs.items()})
    loss, parts = Objective(method.losses(), sizes)(outputs, Batch(x, y, torch.eye(7).double()[y]))
    assert list(parts) == ["cross_entropy", "compactness", "balance", "distribution"]
    latents, weights = outputs["latents"], outputs["intra_weights"]
    n = weights.shape[1]
    # before its first step the centres are the batch's own means, and 1/M for every class
    spread = sum(float((v - v.mean(0)).square().sum()) / 6 for v in latents.unbind(1))
    balance = sum(abs(float(weights[:, j].mean()) - 1 / n) for j in range(n))
    distribution = float((weights - 1 / n).square().sum()) / 6
    cross_entropy = float(nn.functional.cross_entropy(outputs["logits"], y))
    expected = cross_entropy + 1e-4 * spread + balance + 1e-4 * distribution
    assert loss.item() == pytest.approx(expected, rel=1e-12)


def test_coinciding_messages_have_finite_gradients():
    messages = torch.zeros(2, 3, 4, requires_grad=True)
    weights = inter_feature_weights(messages)
    assert weights.max() < 1e-5
    weights.sum().backward()
    assert torch.equal(messages.grad, torch.zeros(2, 3, 4))


@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize("scale", ["mean", "l1", "sum"])
def test_equal_crops_and_one_crop_can_be_learnt_from(n, scale):
    method = tiny(intra_weight=scale).train()
    with torch.no_grad():
        method.fdn.linear.bias.fill_(-100)  # every latent is 0, and so is every message's input
        method.inter.linear.bias.fill_(-1)
    method(torch.ones(n, 3, 48, 48)).logsumexp(1).sum().backward()
    assert all(p.grad.isfinite().all() for p in method.parameters())


@pytest.mark.parametrize("scale", ["mean", "l1", "sum"])
def test_bf16_stays_near_fp32(scale):
    method, x = tiny(intra_weight=scale).train(), torch.randn(8, 3, 48, 48)
    exact = method.outputs(x)
    with torch.autocast("cpu", torch.bfloat16):
        outputs = method.outputs(x)
    for name in ("features", "intra_weights", "inter_weights"):
        assert outputs[name].dtype == torch.float32
        assert (outputs[name] - exact[name]).abs().max() < 0.05 * exact[name].abs().max()


def test_other_channels_are_refused():
    with pytest.raises(MienError, match=r"fdrl was built for batches \[B, 3, H, W\], got \[2, 1, 48, 48\]"):
        tiny()(torch.zeros(2, 1, 48, 48))


def test_a_variant_that_is_none_is_refused():
    with pytest.raises(MienError, match=r"method fdrl: .*variant"):
        create_method("fdrl", variant="inter")
