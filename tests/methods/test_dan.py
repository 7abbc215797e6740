"""DAN against the numbers of its paper and against slow loops written from its formulas."""

import pytest
import torch

from mien.core.errors import MienError
from mien.methods import Method, cost_of, create_method
from mien.methods.dan import ChannelAttention, CrossAttentionHead, DanExtractor, DanParams, SpatialAttention

SMALL = {"backbone": {"name": "test_resnet"}}


def n_parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.fixture(scope="module")
def full() -> Method:
    with torch.device("meta"):
        return create_method("dan", 7).eval()


@pytest.fixture
def small() -> Method:
    torch.manual_seed(0)
    return create_method("dan", 7, **SMALL).double().eval()


def test_parameters_and_operations():
    cost = cost_of("dan")
    assert cost.parameters == 19_723_733
    assert cost.macs == 2_224_737_792  # published: 2.23 G


def test_parameters_part_by_part(full):
    head = full.extractor.heads[0]
    linear, norm = full.head
    counts = {
        "trunk": full.extractor.backbone,
        "head": head,
        "spatial": head.spatial,
        "channel": head.channel,
        "linear": linear,
        "norm": norm,
    }
    assert {name: n_parameters(part) for name, part in counts.items()} == {
        "trunk": 11_176_512,
        "head": 2_135_904,
        "spatial": 2_102_528,
        "channel": 33_376,
        "linear": 3_591,
        "norm": 14,
    }
    assert len(full.extractor.heads) == 4


def test_shapes_of_a_full_size_crop(full):
    outputs = full.outputs(torch.zeros(2, 3, 224, 224, device="meta"))
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {
        "logits": (2, 7),
        "features": (2, 512),
        "heads": (2, 4, 512),
        "pooled": (2, 512),
        "attention_maps": (2, 4, 7, 7),
    }


def test_initial_weights():
    torch.manual_seed(0)
    head = CrossAttentionHead(64)
    for module in head.modules():
        if isinstance(module, torch.nn.Conv2d):
            fan_out = module.out_channels * module.kernel_size[0] * module.kernel_size[1]
            assert module.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.05)
        if isinstance(module, torch.nn.Linear):
            assert module.weight.std().item() == pytest.approx(0.001, rel=0.15)
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            assert not module.bias.any()


def test_features_are_the_summed_log_shares_of_the_heads(small):
    x = torch.randn(3, 3, 64, 64, dtype=torch.float64)
    outputs = small.outputs(x)
    trunk = small.extractor.backbone(x)
    torch.testing.assert_close(outputs["pooled"], trunk.mean((2, 3)))
    vectors = torch.stack([head(trunk)[0] for head in small.extractor.heads])  # [H, B, D]
    for b in range(3):
        for d in range(0, trunk.shape[1], 17):
            shares = [v - sum(u.exp() for u in vectors[:, b, d]).log() for v in vectors[:, b, d]]
            torch.testing.assert_close(outputs["heads"][b, :, d], torch.stack(shares))
            torch.testing.assert_close(outputs["features"][b, d], sum(shares))
    torch.testing.assert_close(outputs["heads"].exp().sum(1), torch.ones_like(outputs["pooled"]))


def test_a_head_weighs_places_then_channels():
    torch.manual_seed(0)
    head = CrossAttentionHead(32).double().eval()
    x = torch.randn(2, 32, 3, 5, dtype=torch.float64)
    vector, where = head(x)
    reduced = head.spatial.reduce(x)
    expected = sum(shape(reduced) for shape in head.spatial.shapes).clamp(min=0).sum(1)  # [B, h, w]
    torch.testing.assert_close(where, expected)
    pooled = (x * expected[:, None]).flatten(2).mean(2)
    torch.testing.assert_close(vector, pooled * head.channel(pooled))
    assert where.min() >= 0
    weights = head.channel(pooled)
    assert weights.min() > 0
    assert weights.max() < 1


def test_all_three_shapes_keep_the_size():
    x = torch.zeros(1, 8, 4, 6)
    assert SpatialAttention(8)(x).shape == (1, 1, 4, 6)
    assert [shape[0].kernel_size for shape in SpatialAttention(8).shapes] == [(3, 3), (1, 3), (3, 1)]
    assert ChannelAttention(8).attend[0].out_features == 1  # 8 / 16 would be none


def test_objective():
    assert [(c.name, c.weight) for c in create_method("dan", **SMALL).losses()] == [
        ("cross_entropy", 1),
        ("affinity", 1),
        ("partition", 1),
    ]


def test_one_head_is_a_plain_vector_without_partition():
    torch.manual_seed(0)
    method = create_method("dan", n_heads=1, **SMALL).eval()
    assert [choice.name for choice in method.losses()] == ["cross_entropy", "affinity"]
    outputs = method.outputs(torch.randn(2, 3, 64, 64))
    assert torch.equal(outputs["heads"][:, 0], outputs["features"])
    assert outputs["features"].any()


def test_bad_input_is_told():
    extractor = DanExtractor(3, DanParams.model_validate(SMALL))
    with pytest.raises(MienError, match=r"dan was built for batches \[B, 3, H, W\], got \[2, 1, 64, 64\]"):
        extractor(torch.zeros(2, 1, 64, 64))
    with pytest.raises(MienError, match=r"dan normalises .* batch of one"):
        extractor.train()(torch.zeros(1, 3, 64, 64))
    with pytest.raises(MienError, match=r"n_heads.*got 0"):
        create_method("dan", n_heads=0)


def test_equal_pictures_give_finite_gradients():
    torch.manual_seed(0)
    method = create_method("dan", **SMALL).train()
    outputs = method.outputs(torch.ones(4, 3, 64, 64))
    (outputs["logits"].square().sum() + outputs["heads"].sum()).backward()
    assert all(p.grad.isfinite().all() for p in method.parameters() if p.grad is not None)
