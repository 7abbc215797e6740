"""EMMA against the numbers of methods' counts and against loops over its equations."""

import math

import numpy as np
import pytest
import torch

from mien.core.compound import MIXTURE_SETS, compound_scores, coupling_matrix
from mien.core.errors import MienError
from mien.core.labels import BASIC6
from mien.core.specs import InputSpec, ModelSpec
from mien.data.batches import Batch
from mien.engine.export import export_onnx
from mien.engine.optimiser import freeze, set_training
from mien.losses import Objective, Sizes
from mien.methods import Method, create_method
from mien.methods.emma import ConstrainedAngleHead, CrossEntropyHead, EmmaParams
from mien.runtime.compound import compound_reader
from mien.runtime.engine_onnx import OnnxPredictor

SMALL = {"extractor": "backbone", "backbone": {"name": "test_resnet"}, "dropout": 0.0}
EXTRACTORS = {  # N_z, parameters of the extractor, W_b of 6 basic emotions, W_c of 11 compounds
    "resnet50": (2048, 23_508_032, 12_288, 22_528),
    "efficientnet_b2": (1408, 7_202_562 + 498_432, 8_448, 15_488),
    "dan": (512, 19_723_733 - 3_591 - 14, 3_072, 5_632),
    "ddamfn": (512, 4_105_999 - 3_591, 3_072, 5_632),
}


def n_parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("extractor", list(EXTRACTORS))
def test_parameter_counts(extractor):
    n_features, trunk, w_b, w_c = EXTRACTORS[extractor]
    with torch.device("meta"):
        basic = create_method("emma", 6, extractor=extractor)
        transfer = create_method("emma", 11, extractor=extractor, negative_slope=1.0)
    assert basic.extractor.n_features == n_features
    assert n_parameters(basic.extractor) == trunk
    assert n_parameters(basic.head.emovecs) == w_b
    assert n_parameters(basic.head.norm) == 12
    assert n_parameters(basic) == trunk + w_b + 12
    assert n_parameters(transfer.head.emovecs) == w_c


def test_efficientnet_trunk_without_its_head_convolution():
    with torch.device("meta"):
        net = create_method("emma", 6, extractor="efficientnet_b2").extractor.backbone.net
    head = n_parameters(net.conv_head) + n_parameters(net.bn2)
    assert (head, n_parameters(net) - head) == (498_432, 7_202_562)


@pytest.mark.parametrize(("extractor", "side"), [("efficientnet_b2", 224), ("dan", 224), ("ddamfn", 112)])
def test_shapes_of_a_full_size_crop(extractor, side):
    with torch.device("meta"):
        method = create_method("emma", 6, extractor=extractor).eval()
    outputs = method.outputs(torch.zeros(2, 3, side, side, device="meta"))
    assert outputs["features"].shape == (2, EXTRACTORS[extractor][0])
    for name in ("logits", "cosine", "similarity"):
        assert outputs[name].shape == (2, 6)


def make_head(n_features: int = 10, **params: object) -> ConstrainedAngleHead:
    torch.manual_seed(0)
    settings = EmmaParams.model_validate({"dropout": 0.0, **params})
    head = ConstrainedAngleHead(n_features, 6, settings).double()
    head.norm.running_mean.uniform_(-0.5, 0.5)
    head.norm.running_var.uniform_(0.05, 0.2)
    torch.nn.init.uniform_(head.norm.weight, 0.5, 1.5)
    torch.nn.init.uniform_(head.norm.bias, -0.5, 0.5)
    return head


@pytest.mark.parametrize("slope", [0.1, 0.0, 1.0])
def test_logits_against_a_loop_over_equation_2(slope):
    head = make_head(negative_slope=slope).eval()
    x = 3 * torch.randn(4, 10, dtype=torch.float64)
    outputs = head(x)
    w, norm = head.emovecs.weight, head.norm
    for n in range(4):
        length = math.sqrt(sum(v * v for v in x[n].tolist()))
        for i in range(6):
            dot = sum(a * b for a, b in zip(w[i].tolist(), x[n].tolist(), strict=True))
            cosine = dot / length / math.sqrt(sum(v * v for v in w[i].tolist()))
            u = (cosine - norm.running_mean[i].item()) / math.sqrt(norm.running_var[i].item() + norm.eps)
            u = u * norm.weight[i].item() + norm.bias[i].item()
            z = length * (u if u > 0 else slope * u)
            assert outputs["cosine"][n, i].item() == pytest.approx(cosine, abs=1e-12)
            assert outputs["similarity"][n, i].item() == pytest.approx(u, abs=1e-12)
            assert outputs["logits"][n, i].item() == pytest.approx(z, abs=1e-12)


def test_in_training_the_cosine_is_normalised_over_the_batch():
    head = make_head().train()
    torch.nn.init.ones_(head.norm.weight)
    torch.nn.init.zeros_(head.norm.bias)
    similarity = head(torch.randn(50, 10, dtype=torch.float64))["similarity"]
    torch.testing.assert_close(similarity.mean(0), torch.zeros(6).double(), rtol=0, atol=1e-12)
    torch.testing.assert_close(similarity.var(0, correction=0), torch.ones(6).double(), rtol=1e-3, atol=0)


def test_the_length_of_an_emovec_does_not_matter_the_length_of_a_feature_scales_the_logits():
    head = make_head().eval()
    x = torch.randn(3, 10, dtype=torch.float64)
    before = head(x)
    with torch.no_grad():
        head.emovecs.weight[2] *= 7
    torch.testing.assert_close(head(x)["logits"], before["logits"])
    twice = head(2 * x)
    torch.testing.assert_close(twice["logits"], 2 * before["logits"])
    torch.testing.assert_close(twice["similarity"], before["similarity"])


def test_equation_5_as_printed_normalises_the_cosine_times_the_length():
    x = torch.randn(5, 10, dtype=torch.float64)
    head, printed = make_head().eval(), make_head(cer_input="sim").eval()
    length = x.norm(dim=1, keepdim=True)
    expected = printed.norm(length * head(x)["cosine"])
    torch.testing.assert_close(printed(x)["similarity"], expected)
    torch.testing.assert_close(printed(x)["logits"], head(x)["logits"])
    trained, plain = printed.train(), head.train()
    trained(x), plain(x)  # the statistics stay those of the cosine
    torch.testing.assert_close(trained.norm.running_mean, plain.norm.running_mean)


def test_constrained_angle_loss_is_cross_entropy_on_the_logits():
    torch.manual_seed(0)
    method = create_method("emma", 6, **SMALL).double().eval()
    x = torch.randn(4, 3, 64, 64, dtype=torch.float64)
    y = torch.tensor([0, 5, 2, 2])
    outputs = method.outputs(x)
    sizes = Sizes(6, {name: tuple(value.shape[1:]) for name, value in outputs.items()})
    loss, parts = Objective(method.losses(), sizes)(outputs, Batch(x, y, torch.eye(6).double()[y]))
    assert list(parts) == ["cross_entropy"]
    z = np.exp(outputs["logits"].detach().numpy())
    expected = -sum(math.log(z[n, y[n]] / z[n].sum()) for n in range(4)) / 4  # eq. 2 with its logarithm
    assert loss.item() == pytest.approx(expected, rel=1e-10)


def test_the_loss_moves_the_length_of_the_features():
    x = torch.randn(4, 10, dtype=torch.float64, requires_grad=True)
    logits = make_head().eval()(x)["logits"]
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2, 3])).backward()
    assert ((x * x.grad).sum(1).abs() > 1e-6).all()


def test_gradients_of_the_head():
    head = make_head().eval()
    x = torch.randn(3, 10, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: head(x)["logits"], x)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_features_even_zeros_give_finite_gradients(value):
    head = make_head().train()
    x = torch.full((4, 10), value, dtype=torch.float64, requires_grad=True)
    logits = head(x)["logits"]
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2, 3])).backward()
    assert logits.isfinite().all()
    assert x.grad.isfinite().all()


def test_bf16_autocast_leaves_the_cosine_exact():
    head = make_head().float().eval()
    x = torch.randn(4, 10)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = head(x)["cosine"]
    torch.testing.assert_close(rounded, head(x)["cosine"], rtol=0, atol=1e-6)


def test_the_linear_head_has_a_bias_and_its_logits_are_the_similarity():
    with torch.device("meta"):
        assert n_parameters(create_method("emma", 6, head="linear").head) == 6 * 512 + 6
    torch.manual_seed(0)
    method = create_method("emma", 6, head="linear", **SMALL).eval()
    outputs = method.outputs(torch.randn(3, 3, 64, 64))
    assert torch.equal(outputs["similarity"], outputs["logits"])
    linear = method.head.linear.linear
    torch.testing.assert_close(outputs["logits"], linear(outputs["features"]))


def test_the_linear_heads_logits_can_be_standardised_by_running_statistics():
    torch.manual_seed(0)
    head = CrossEntropyHead(10, 6, EmmaParams(head="linear", dropout=0.0, ce_similarity="bn_logit"))
    x = torch.randn(64, 10)
    for _ in range(150):
        logits = head.train()(x)["logits"]
    outputs = head.eval()(x)
    standard = (logits - logits.mean(0)) / logits.std(0)
    torch.testing.assert_close(outputs["logits"], logits)
    torch.testing.assert_close(outputs["similarity"], standard, rtol=1e-3, atol=1e-3)
    assert not outputs["similarity"].requires_grad
    assert sum(p.numel() for p in head.parameters()) == 66


def test_losses_of_the_extractors_own_paper_are_an_option():
    with torch.device("meta"):
        names = {
            extractor: [c.name for c in create_method("emma", extractor=extractor, aux_losses=True).losses()]
            for extractor in ("dan", "ddamfn")
        }
    assert names == {
        "dan": ["cross_entropy", "affinity", "partition"],
        "ddamfn": ["cross_entropy", "attention_diversity"],
    }


def test_transfer_learns_a_head_on_a_frozen_extractor():
    torch.manual_seed(0)
    basic, transfer = (
        create_method("emma", 6, **SMALL),
        create_method("emma", 11, negative_slope=1.0, **SMALL),
    )
    transfer.extractor.load_state_dict(basic.extractor.state_dict())
    freeze(transfer, ["extractor"])
    set_training(transfer, ["extractor"])
    emovecs = transfer.head.emovecs.weight.detach().clone()
    optimizer = torch.optim.SGD([p for p in transfer.parameters() if p.requires_grad], lr=0.1)
    for _ in range(2):
        outputs = transfer.outputs(torch.randn(22, 3, 64, 64))
        torch.nn.functional.cross_entropy(outputs["logits"], torch.arange(22) % 11).backward()
        optimizer.step()
    length = outputs["features"].norm(dim=1, keepdim=True)
    torch.testing.assert_close(outputs["logits"], length * outputs["similarity"])  # NS = 1: no Leaky ReLU
    kept = basic.extractor.state_dict()
    assert all(torch.equal(value, kept[name]) for name, value in transfer.extractor.state_dict().items())
    assert not torch.allclose(transfer.head.emovecs.weight, emovecs)


def test_exported_names_are_outputs():
    method: Method = create_method("emma", 6, **SMALL).eval()
    assert method.exported == ("logits", "similarity")
    assert set(method.exported) <= set(method.outputs(torch.zeros(1, 3, 64, 64)))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"extractor": "dan", "backbone": {"name": "resnet34"}}, "dan brings its own network"),
        ({"extractor": "resnet50", "aux_losses": True}, "resnet50 has no losses of its own"),
        ({"extractor": "ddamfn", "size_px": 100}, "a multiple of 16 px"),
        ({"extractor": "ddamfn", "backbone": {"weights": "imagenet"}}, "ddamfn has no ImageNet weights"),
        ({"negative_slope": 2.0}, "negative_slope"),
    ],
)
def test_wrong_parameters_are_told(params, said):
    with pytest.raises(MienError, match=said) as caught:
        create_method("emma", **params)
    assert "\n" not in str(caught.value)


def test_bad_input_is_told():
    method = create_method("emma", 6, **SMALL)
    with pytest.raises(MienError, match=r"emma was built for batches \[B, 3, H, W\], got \[2, 1, 64, 64\]"):
        method(torch.zeros(2, 1, 64, 64))
    with pytest.raises(MienError, match=r"emma normalises .* batch of one"):
        method.train()(torch.zeros(1, 3, 64, 64))


def test_an_exported_model_gives_the_similarities_that_compounds_are_mixed_from(tmp_path):
    """From torch to an ONNX file to the run-time's compounds: eq. 5 on BN(cos), not on the logits."""
    torch.manual_seed(1)
    method = create_method("emma", 6, size_px=32, **SMALL)
    for _ in range(3):  # give the running statistics values of their own
        method.train().outputs(torch.randn(16, 3, 32, 32))
    spec = ModelSpec(
        name="emma-small",
        method="emma",
        labels=BASIC6.names,
        input=InputSpec(size_px=32, channels="rgb", mean=(0.5,) * 3, std=(0.25,) * 3),
    )
    export_onnx(method, spec, tmp_path / "emma.onnx")
    predictor = OnnxPredictor(tmp_path / "emma.onnx")
    x = torch.randn(5, 3, 32, 32)
    with torch.inference_mode():
        similarity = method.eval().outputs(x)["similarity"].numpy()
    mixtures = MIXTURE_SETS["rafdb11"]
    reader = compound_reader(mixtures, predictor)
    logits, intensities = reader.predict(predictor, x.numpy())
    expected = compound_scores(similarity.astype(np.float64), coupling_matrix(mixtures, list(BASIC6.names)))
    by_name = dict(zip(mixtures.names, expected.T, strict=True))
    np.testing.assert_allclose(intensities, np.stack([by_name[n] for n in reader.names], axis=1), atol=1e-4)
    assert np.abs(logits - similarity).max() > 0.1
