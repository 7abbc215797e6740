"""DDAMFN against the numbers of its paper, stage by stage, and against its formulas."""

from pathlib import Path

import pytest
import torch

from mien.core.errors import MienError
from mien.methods import Method, cost_of, create_method
from mien.methods.ddamfn import MixBlock, MixedDepthwise, mixed_feature_net

SMALL = {"size_px": 32, "repeats": (1, 0, 1)}

STAGES = {  # parameters and output at 112 px
    "conv1": (1_920, (64, 56, 56)),
    "conv2_dw": (768, (64, 56, 56)),
    "conv_23": (23_192, (64, 28, 28)),
    "conv_3": (197_208, (64, 28, 28)),
    "conv_34": (62_744, (128, 14, 14)),
    "conv_4": (1_225_088, (128, 14, 14)),
    "conv_45": (539_232, (256, 7, 7)),
    "conv_5": (1_823_808, (256, 7, 7)),
    "conv_6_sep": (132_608, (512, 7, 7)),
}


def n_parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.fixture(scope="module")
def full() -> Method:
    with torch.device("meta"):
        return create_method("ddamfn", 7).eval()


def test_parameters_and_operations():
    cost = cost_of("ddamfn")
    assert cost.parameters == 4_105_999
    assert cost.macs == 539_588_896  # published, with what other counters count: 551.22 M


def test_stages(full):
    x = torch.zeros(1, 3, 112, 112, device="meta")
    found = {}
    for name, stage in full.extractor.trunk.named_children():
        x = stage(x)
        found[name] = (n_parameters(stage), tuple(x.shape[1:]))
    assert found == STAGES


def test_parameters_behind_the_trunk(full):
    assert [n_parameters(head) for head in full.extractor.heads] == [34_864, 34_864]
    assert n_parameters(full.extractor.pool) == 26_112
    assert n_parameters(full.head) == 3_591


def test_shapes_of_a_full_size_crop(full):
    outputs = full.outputs(torch.zeros(2, 3, 112, 112, device="meta"))
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {
        "logits": (2, 7),
        "features": (2, 512),
        "attention": (2, 2, 512, 7, 7),
        "attention_maps": (2, 2, 7, 7),
    }


def test_mixed_kernels_against_single_channels():
    torch.manual_seed(0)
    mixed = MixedDepthwise({3: 3, 5: 2, 9: 1}, stride=2).double()
    x = torch.randn(2, 6, 12, 12, dtype=torch.float64)
    filters = [w for conv in mixed.mixed_depthwise_conv for w in conv.weight]  # each [1, k, k]
    assert [w.shape[-1] for w in filters] == [3, 3, 3, 5, 5, 9]
    for c, (w, out) in enumerate(zip(filters, mixed(x).unbind(1), strict=True)):
        alone = torch.nn.functional.conv2d(x[:, c : c + 1], w[None], stride=2, padding=w.shape[-1] // 2)
        torch.testing.assert_close(out, alone[:, 0])


@pytest.mark.parametrize("stride", [1, 2])
def test_only_blocks_that_keep_the_size_add_their_input(stride):
    block = MixBlock(8, 8, {3: 8, 5: 8}, stride).eval()
    torch.nn.init.zeros_(block.project[1].weight)  # silences the way through the block
    x = torch.randn(1, 8, 6, 6)
    assert torch.equal(block(x), x if stride == 1 else torch.zeros(1, 8, 3, 3))


def test_the_strongest_head_weighs_each_value():
    torch.manual_seed(0)
    extractor = create_method("ddamfn", **SMALL).extractor.double().eval()
    x = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    outputs = extractor(x)
    trunk = extractor.trunk(x)
    attention = torch.stack([head(trunk) for head in extractor.heads], 1)
    torch.testing.assert_close(outputs["attention"], attention)
    torch.testing.assert_close(outputs["attention_maps"], attention.mean(2))
    convolution, norm = extractor.pool
    weighted = trunk * torch.maximum(attention[:, 0], attention[:, 1])
    summed = (weighted * convolution.weight[:, 0]).sum((2, 3))  # [B, 512]
    torch.testing.assert_close(outputs["features"], norm(summed[:, :, None, None]).flatten(1))


def test_objective():
    choices = create_method("ddamfn", **SMALL).losses()
    assert [(c.name, c.weight) for c in choices] == [("cross_entropy", 1), ("attention_diversity", 0.1)]
    assert [c.name for c in create_method("ddamfn", n_heads=1, **SMALL).losses()] == ["cross_entropy"]


def official_state() -> dict[str, torch.Tensor]:
    """A trunk's state as the authors' file has it: with parts that no forward reads."""
    torch.manual_seed(1)
    state = mixed_feature_net(3, (1, 0, 1)).state_dict()
    dead = {
        "conv_23.conv_dw.bn.weight": 128,
        "conv_23.conv_dw.prelu.weight": 128,
        "linear.weight": 512,
        "bn.weight": 256,
    }
    return state | {name: torch.zeros(n) for name, n in dead.items()}


def test_weights_load_by_their_official_names(tmp_path: Path):
    state = official_state()
    assert "conv_3.model.0.conv_dw.mixed_depthwise_conv.1.weight" in state
    assert "conv_45.CA.conv2.bias" in state
    assert "conv_6_sep.prelu.weight" in state
    torch.save(state, tmp_path / "mfn.pt")
    method = create_method("ddamfn", weights=str(tmp_path / "mfn.pt"), **SMALL)
    own = method.extractor.trunk.state_dict()
    assert all(torch.equal(own[name], state[name]) for name in own)


def test_weights_that_do_not_fit_are_refused(tmp_path: Path):
    with pytest.raises(MienError, match="no ImageNet weights"):
        create_method("ddamfn", weights="imagenet", **SMALL)
    torch.save({"conv1.weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(MienError, match=r"other.pt: none of its 1 tensors fits"):
        create_method("ddamfn", weights=str(tmp_path / "other.pt"), **SMALL)


@pytest.mark.parametrize("size_px", [100, 16])
def test_a_side_the_strides_do_not_divide_is_refused(size_px):
    with pytest.raises(MienError, match=f"a multiple of 16 px and at least 32, got {size_px}: set"):
        create_method("ddamfn", size_px=size_px)


def test_bad_input_is_told():
    method = create_method("ddamfn", **SMALL)
    with pytest.raises(MienError, match=r"crops of 32 px, got 112 x 112"):
        method(torch.zeros(2, 3, 112, 112))
    with pytest.raises(MienError, match=r"batches \[B, 3, H, W\], got \[2, 1, 32, 32\]"):
        method(torch.zeros(2, 1, 32, 32))
    with pytest.raises(MienError, match=r"ddamfn normalises .* batch of one"):
        method.train()(torch.zeros(1, 3, 32, 32))
