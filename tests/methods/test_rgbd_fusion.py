"""RGB-D fusion against the numbers of its specification and against its formulas written out."""

import pytest
import torch
from torch import nn

from mien.core.errors import MienError
from mien.methods import METHODS, Method, create_method
from mien.methods._cost import cost_of
from mien.methods.rgbd_fusion import LANet, SpatialMask, Trunk
from mien.nets.backbones import BackboneParams

TRUNK, MASKS, ENCODER, HEAD = 7_202_562, 4 * 15_667, 28_687_872, 595_975
ROWS = [  # rows of Tables 3.6 and 3.7, then other heads: parameters, count
    ({}, 43_814_307),
    ({"transformer": False}, 2 * TRUNK + 2 * MASKS + 126_727),
    ({"fusion": "sum", "transformer": False}, 2 * TRUNK + 126_727),
    ({"modality": "rgb"}, TRUNK + MASKS + ENCODER + HEAD),
    ({"modality": "depth"}, TRUNK + MASKS + ENCODER + HEAD),
    ({"heads": 12}, 43_814_307),
    ({"n_masks": 3}, 43_814_307 - 2 * 15_667),
]
SMALL = {**METHODS["rgbd_fusion"].small, "size_px": 64}


def n_parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(("params", "expected"), ROWS)
def test_parameter_counts(params, expected):
    with torch.device("meta"):
        assert n_parameters(create_method("rgbd_fusion", 7, **params)) == expected


def test_parameters_layer_by_layer():
    with torch.device("meta"):
        method = create_method("rgbd_fusion", 7)
    assert {name: n_parameters(part) for name, part in method.named_children()} == {
        "trunks": 2 * TRUNK,
        "masks": 125_336,
        "encoder": 271_104 + 63_744 + 4 * 7_087_872 + 1_536,
        "head": HEAD,
    }
    assert n_parameters(method) - 2 * TRUNK == 29_409_183
    assert n_parameters(method.masks["rgb"][0]) == 15_667


def test_multiply_accumulates_of_one_pair():
    """The 4.357 G are fvcore's, which counts 2 for each value that BatchNorm gives, 5 for LayerNorm."""
    norms = {nn.BatchNorm2d: 2, nn.LayerNorm: 5}
    values = []
    with torch.device("meta"):
        method = create_method("rgbd_fusion", 7).eval()
        for module in method.modules():
            for kind, cost in norms.items():
                if isinstance(module, kind):
                    module.register_forward_hook(lambda m, i, o, cost=cost: values.append(cost * o.numel()))
        method(torch.zeros(1, 4, 260, 260))
    macs = cost_of("rgbd_fusion").macs
    assert macs == 4_299_434_624
    assert round((macs + sum(values)) / 1e9, 3) == 4.357


def test_map_sizes_at_260_px():
    with torch.device("meta"):
        method = create_method("rgbd_fusion", 7).eval()
        sizes = []
        net = method.trunks["rgb"].net
        net.bn1.register_forward_hook(lambda m, i, o: sizes.append(tuple(o.shape[1:])))
        for stage in net.blocks:
            stage.register_forward_hook(lambda m, i, o: sizes.append(tuple(o.shape[1:])))
        found = method.outputs(torch.zeros(2, 4, 260, 260))
    assert sizes == [
        (32, 130, 130),
        (16, 130, 130),
        (24, 65, 65),
        (48, 33, 33),
        (88, 17, 17),
        (120, 17, 17),
        (208, 9, 9),
        (352, 9, 9),
    ]
    assert {name: tuple(value.shape) for name, value in found.items()} == {
        "logits": (2, 7),
        "features": (2, 768),
        "masks": (2, 2, 9, 9),
    }


def test_trunks_of_other_families_are_whole():
    trunk = Trunk(BackboneParams(name="test_resnet"))
    assert trunk(torch.zeros(1, 3, 64, 64)).shape[1] == trunk.n_features == trunk.net.num_features


def test_a_lanet_is_written_out():
    torch.manual_seed(0)
    net, x = LANet(16).eval(), torch.randn(2, 16, 3, 3)
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.1 * torch.randn_like(p))
    w1, w2 = net[0].weight[:, :, 0, 0], net[3].weight[:, :, 0, 0]  # [2, 16] (r = 8), [1, 2]
    for place in ((0, 0), (1, 2)):
        column = x[:, :, *place]  # [B, 16]
        hidden = (column @ w1.T + net[0].bias) / (1 + 1e-5) ** 0.5 * net[1].weight + net[1].bias
        out = (hidden.relu() @ w2.T + net[3].bias) / (1 + 1e-5) ** 0.5 * net[4].weight + net[4].bias
        torch.testing.assert_close(net(x)[:, :, *place], out.sigmoid())


def test_the_mask_is_the_largest_at_each_place():
    torch.manual_seed(0)
    mask, x = SpatialMask(16, 4).eval(), torch.randn(2, 16, 5, 5)
    each = [net(x) for net in mask]
    torch.testing.assert_close(mask(x), torch.maximum(torch.maximum(*each[:2]), torch.maximum(*each[2:])))
    assert len({int(i) for i in torch.stack(each).argmax(0).flatten()}) > 1


def small(seed: int = 0, **params: object) -> Method:
    torch.manual_seed(seed)
    return create_method("rgbd_fusion", 7, **{**SMALL, **params}).eval()


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(4, 4, 64, 64, generator=torch.Generator().manual_seed(1))


def maps_of(method: Method, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return method.trunks["rgb"](x[:, :3]), method.trunks["depth"](x[:, 3:].repeat(1, 3, 1, 1))


@torch.no_grad()
def test_the_mean_of_both_masks_weighs_the_colour_maps(x):
    method = small(transformer=False)
    colour, depth = maps_of(method, x)
    masks = method.masks["rgb"](colour), method.masks["depth"](depth)
    found = method.outputs(x)
    torch.testing.assert_close(found["masks"], torch.cat(masks, 1))
    expected = (0.5 * (masks[0] + masks[1]) * colour).mean((2, 3))
    torch.testing.assert_close(found["features"], expected)
    torch.testing.assert_close(method.head(expected), found["logits"])


@torch.no_grad()
def test_the_encoder_reads_the_weighed_maps(x):
    method = small()
    colour, depth = maps_of(method, x)
    mask = 0.5 * (method.masks["rgb"](colour) + method.masks["depth"](depth))
    torch.testing.assert_close(method.outputs(x)["features"], method.encoder(mask * colour))


@torch.no_grad()
def test_sum_fusion_is_equation_3_3(x):
    method = small(fusion="sum", transformer=False)
    colour, depth = maps_of(method, x)
    found = method.outputs(x)
    torch.testing.assert_close(found["logits"], method.head((colour + depth).mean((2, 3))))
    assert set(found) == {"logits", "features"}


@torch.no_grad()
def test_one_modality_is_weighed_by_its_own_mask_and_blind_to_the_other(x):
    for modality, own, other in (("rgb", slice(0, 3), slice(3, 4)), ("depth", slice(3, 4), slice(0, 3))):
        method = small(modality=modality, transformer=False)
        maps = method.trunks[modality](x[:, own].expand(-1, 3, -1, -1))
        found = method.outputs(x)
        torch.testing.assert_close(found["features"], (method.masks[modality](maps) * maps).mean((2, 3)))
        assert found["masks"].shape == (4, 1, 2, 2)
        changed = x.clone()
        changed[:, other] = 0
        assert torch.equal(method(changed), found["logits"])


@torch.no_grad()
@pytest.mark.parametrize("params", [{}, {"transformer": False}, {"fusion": "sum", "transformer": False}])
@pytest.mark.parametrize("nothing", [0.0, -1.7])  # what normalisation makes of "not measured"
def test_without_depth_it_is_the_model_of_colour_alone(x, params, nothing):
    method = small(**params)
    alone = small(1, modality="rgb", **params)
    alone.load_state_dict({k: v for k, v in method.state_dict().items() if ".depth." not in k})
    with_all = method(x)
    some = x.clone()
    some[:2, 3] = nothing
    torch.testing.assert_close(method(some)[:2], alone(some)[:2], rtol=0, atol=1e-7)
    torch.testing.assert_close(method(some)[2:], with_all[2:], rtol=0, atol=1e-7)
    assert (method(some) - with_all)[:2].abs().amax(1).min() > 1e-5


def test_a_batch_without_any_depth_learns_without_nan(x):
    method = small().train()
    x[:, 3] = 0
    method.outputs(x)["logits"].square().sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in method.parameters())


def test_modality_dropout_hides_the_depth_of_some_samples_in_training_alone(x):
    hidden, shown = small(modality_dropout=1.0), small()
    assert torch.equal(hidden(x), shown(x))
    without = x.clone()
    without[:, 3] = 0
    # in training mode BatchNorm sees the batch, so only the share of hidden samples is compared
    some = small(modality_dropout=0.3).train()
    torch.manual_seed(0)
    share = torch.stack([some._has_depth(x.expand(4, 4, 64, 64)) for _ in range(250)]).float().mean()
    assert share.item() == pytest.approx(0.7, abs=0.06)  # standard deviation 0.0145
    assert not hidden.train()._has_depth(x).any()
    assert shown.train()._has_depth(x).all()


def test_the_objective_is_cross_entropy_and_island_loss():
    assert [(c.name, c.weight, c.params) for c in small().losses()] == [
        ("cross_entropy", 1.0, {}),
        ("island", 1e-2, {"pairwise": 10.0}),
    ]


def test_one_pair_is_a_batch_unless_its_maps_are_a_single_place(x):
    method = small().train()
    assert method(x[:1]).isfinite().all()
    with pytest.raises(MienError, match=r"cannot learn from one crop of 32 x 32 px.*raise train\.batch_size"):
        method(x[:1, :, :32, :32])
    assert method(x[:2, :, :32, :32]).isfinite().all()


def test_what_does_not_fit_is_told(x):
    with pytest.raises(MienError, match=r"modality rgbd takes 4 channels, got 3: set input\.channels"):
        create_method("rgbd_fusion", 7, 3, **SMALL)
    with pytest.raises(MienError, match="rgbd_fusion was built for"):
        small()(x[:, :3])
    with pytest.raises(MienError, match=r"dim \(32\) must be a multiple of heads \(5\)"):
        small(heads=5)
    with pytest.raises(MienError, match="modality_dropout needs modality: rgbd"):
        small(modality="rgb", modality_dropout=0.5)
    assert create_method("rgbd_fusion", 7, 3, **SMALL, modality="rgb").eval()(x[:, :3]).shape == (4, 7)
