"""ARM against the numbers of its paper and against slow loops written from its formulas."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mien.core.errors import MienError
from mien.methods import METHODS, Method, cost_of, create_method
from mien.methods.arm import DeAlbino, FeatureArrangement, SharingAffinity, coverage
from mien.nets.layout import memory_format

SMALL = {**METHODS["arm"].small, "size_px": 48}
BACKBONE = 11_176_512
TABLE_2 = [  # FA, DA, SA; length of the representation; weights behind the backbone
    ((False, False, False), 512, 3_591),
    ((False, True, False), 12_800, 9 + 89_607),
    ((False, False, True), 512, 3_591 + 1),
    ((True, True, False), 121, 1_024 + 4 + 854),
    ((True, False, True), 121, 854 + 1),
    ((False, True, True), 12_800, 9 + 89_607 + 1),
    ((True, True, True), 121, 1_024 + 4 + 854 + 1),
]


def on_paper(n_classes: int = 7, **params: object) -> Method:
    """The method without any numbers in it."""
    with torch.device("meta"):
        return create_method("arm", n_classes, **params)


def n_weights(method: nn.Module) -> int:
    return sum(p.numel() for p in method.parameters())


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_parameters_and_operations_of_the_paper():
    cost = cost_of("arm")
    assert cost.parameters == 11_178_395
    assert cost.macs == pytest.approx(1.8138e9, rel=1e-4)
    assert n_weights(on_paper(fa=False, da=False, sa=False)) == 11_180_103
    assert n_weights(on_paper(da_bn=False)) == 11_178_395 - 4


@pytest.mark.parametrize(("blocks", "n_values", "behind"), TABLE_2)
def test_rows_of_table_2(blocks, n_values, behind):
    method = on_paper(**dict(zip(("fa", "da", "sa"), blocks, strict=True)))
    assert n_weights(method) == BACKBONE + behind
    features = method.outputs(torch.zeros(2, 3, 224, 224, device="meta"))["features"]
    assert features.shape == (2, n_values)


@pytest.mark.parametrize(
    ("kernel", "n_values"),
    [(1, 25_088), (2, 18_432), (3, 12_800), (4, 8_192), (5, 4_608), (6, 2_048), (7, 512)],
)
def test_kernels_of_figure_6(kernel, n_values):
    method = on_paper(fa=False, sa=False, da_kernel=kernel)
    assert method.fc.in_features == n_values
    assert n_weights(method) == BACKBONE + kernel**2 + 7 * n_values + 7


def test_shapes_of_the_paper():
    method, shapes = on_paper(), {}
    for name in ("backbone", "fa", "da", "sa"):
        hook = lambda m, i, o, name=name: shapes.update({name: tuple(o.shape)})  # noqa: E731
        getattr(method, name).register_forward_hook(hook)
    assert method(torch.zeros(2, 3, 224, 224, device="meta")).shape == (2, 7)
    assert shapes == {
        "backbone": (2, 512, 7, 7),
        "fa": (2, 2, 112, 112),
        "da": (2, 2, 11, 11),
        "sa": (2, 121),
    }


def test_arrangement_against_a_loop():
    x, r = noise(2, 18, 2, 3), 3
    arranged = FeatureArrangement(18, r)(x)
    assert arranged.shape == (2, 2, 6, 9)
    for b, c, y, u, i, j in torch.cartesian_prod(*map(torch.arange, (2, 2, 2, 3, r, r))).tolist():
        assert arranged[b, c, r * y + i, r * u + j] == x[b, r * r * c + r * i + j, y, u]


def test_four_arrangements_of_2_gather_the_same_clusters():
    x = noise(1, 512, 7, 7)
    at_once, by_steps = FeatureArrangement(512, 16)(x), x
    for _ in range(4):
        by_steps = F.pixel_shuffle(by_steps, 2)
    clusters = [
        a.unfold(2, 16, 16).unfold(3, 16, 16).flatten(4).sort(4).values for a in (at_once, by_steps)
    ]  # [1, 2, 7, 7, 256]
    assert torch.equal(*clusters)


def test_de_albino_against_a_loop():
    x, kernel, stride = noise(2, 3, 9, 9), 4, 2
    da = DeAlbino(kernel, stride).double()
    expected = torch.zeros(2, 3, 3, 3, dtype=torch.float64)
    for b, c, y, u in torch.cartesian_prod(*map(torch.arange, (2, 3, 3, 3))).tolist():
        for i in range(kernel):
            for j in range(kernel):
                expected[b, c, y, u] += da.weight[i, j].item() * x[b, c, stride * y + i, stride * u + j]
    torch.testing.assert_close(da(x).detach(), expected, rtol=0, atol=1e-12)


def test_the_kernel_starts_as_a_convolution_does():
    torch.manual_seed(0)
    weight = DeAlbino(32, 8).weight
    assert 0.99 / 32 < weight.abs().max() <= 1 / 32
    assert weight.std().item() == pytest.approx(1 / 32 / math.sqrt(3), rel=0.05)


def test_de_albino_leaves_the_network_in_channels_last():
    assert memory_format(on_paper(da_bn=True)) is torch.channels_last
    torch.manual_seed(0)
    method, x = create_method("arm", **SMALL).eval(), torch.randn(3, 3, 48, 48)
    with torch.inference_mode():
        expected = method(x)
        other = method.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
    torch.testing.assert_close(other, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_sharing_affinity_against_equations_1_and_2(training):
    a, sa = noise(5, 7), SharingAffinity(7, gar_eval="batch").double().train(training)
    with torch.no_grad():
        sa.affinity.fill_(0.3)
    shared = sa(a)
    for d in range(7):
        gar = sum(a[i, d].item() for i in range(5)) / 5
        for i in range(5):
            assert shared[i, d].item() == pytest.approx(a[i, d].item() + 0.3 * gar, abs=1e-12)


@pytest.mark.parametrize("da", [True, False])
def test_the_chain_of_blocks(da):
    torch.manual_seed(0)
    method, x = create_method("arm", **SMALL, da=da).double().eval(), noise(3, 3, 48, 48)
    with torch.no_grad():
        method.sa.running_gar.copy_(noise(25))
        method.sa.affinity.fill_(0.3)
        outputs = method.outputs(x)
        windows = F.pixel_shuffle(method.backbone(x), 4).unfold(2, 4, 2).unfold(3, 4, 2)  # [3, 6, 5, 5, 4, 4]
        kernel = method.da.weight if da else torch.full((4, 4), 1 / 16)
        maps = (windows * kernel).sum((4, 5))
        a = (method.da.bn(maps) if da else maps).mean(1).flatten(1)  # [3, 25]
        torch.testing.assert_close(outputs["representation"], a)
        torch.testing.assert_close(outputs["features"], a + 0.3 * noise(25))
        torch.testing.assert_close(outputs["logits"], method.fc(outputs["features"]))


def test_without_any_block_it_is_the_baseline():
    torch.manual_seed(0)
    method = create_method("arm", **SMALL, fa=False, da=False, sa=False).eval()
    plain = create_method("baseline", backbone=SMALL["backbone"]).eval()
    state = {key.replace("fc.", "head.linear."): value for key, value in method.state_dict().items()}
    plain.load_state_dict(state)
    x = torch.randn(2, 3, 48, 48)
    torch.testing.assert_close(method(x), plain(x))


def test_the_mean_over_batch_and_channel_is_the_mean_representation():
    maps = noise(4, 2, 11, 11)
    representations = maps.mean(1).flatten(1)
    shared = SharingAffinity(121).double()(representations)
    torch.testing.assert_close(shared - representations, maps.mean((0, 1)).flatten().expand(4, 121))


def test_the_running_mean_follows_the_batches_of_training():
    sa = SharingAffinity(3, momentum=0.1).double()
    batches, expected = [noise(4, 3, seed=seed) for seed in range(5)], torch.zeros(3, dtype=torch.float64)
    for batch in batches:
        sa(batch)
        expected = 0.9 * expected + 0.1 * batch.mean(0)
    torch.testing.assert_close(sa.running_gar, expected)
    one = noise(1, 3, seed=9)
    torch.testing.assert_close(sa.eval()(one).detach(), one + expected)
    torch.testing.assert_close(sa.running_gar, expected)  # evaluation moves nothing


def test_without_gar_evaluation_sees_the_representation_alone():
    sa, a = SharingAffinity(3, gar_eval="none"), torch.randn(4, 3)
    sa(a)
    assert torch.equal(sa.eval()(a), a)


def patterns(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Seven coarse patterns under strong noise: [N, 3, 48, 48] and labels."""
    fixed, generator = torch.Generator().manual_seed(0), torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 7
    coarse = torch.randn(7, 3, 6, 6, generator=fixed)[y] + 2.5 * torch.randn(n, 3, 6, 6, generator=generator)
    return F.interpolate(coarse, size=(48, 48)), y


@pytest.fixture(scope="module")
def trained() -> Method:
    """A small ARM that has learnt some of the patterns."""
    torch.manual_seed(0)
    x, y = patterns(140, seed=1)
    method = create_method("arm", **SMALL).train()
    optimizer = torch.optim.Adam(method.parameters(), lr=2e-3)
    for _ in range(40):
        places = torch.randperm(140)[:35]
        optimizer.zero_grad()
        F.cross_entropy(method(x[places]), y[places]).backward()
        optimizer.step()
    return method.eval()


@pytest.mark.parametrize("gar_eval", ["batch", "running", "none"])
def test_the_order_of_the_test_set_matters_to_gar_of_the_batch_alone(trained, gar_eval):
    x, y = patterns(140, seed=2)
    method = create_method("arm", **SMALL, gar_eval=gar_eval).eval()
    method.load_state_dict(trained.state_dict())
    by_class = y.argsort(stable=True)
    shuffled = torch.randperm(140, generator=torch.Generator().manual_seed(0))
    predictions = {}
    for name, order in (("by class", by_class), ("shuffled", shuffled)):
        predictions[name] = torch.empty(140, dtype=torch.long)
        with torch.inference_mode():
            for places in order.split(20):  # by class: a batch is one class
                predictions[name][places] = method(x[places]).argmax(1)
    changed = int((predictions["by class"] != predictions["shuffled"]).sum())
    right = {name: float((predicted == y).float().mean()) for name, predicted in predictions.items()}
    assert right["shuffled"] > 0.4
    if gar_eval == "batch":  # a_GAR of one class tells the class: the score is a lie
        assert changed > 14
        assert right["by class"] > right["shuffled"] + 0.1
    else:
        assert changed == 0


def test_the_coverage_of_figure_4():
    assert coverage(7, 3, 1).tolist() == [
        [1, 2, 3, 3, 3, 2, 1],
        [2, 4, 6, 6, 6, 4, 2],
        [3, 6, 9, 9, 9, 6, 3],
        [3, 6, 9, 9, 9, 6, 3],
        [3, 6, 9, 9, 9, 6, 3],
        [2, 4, 6, 6, 6, 4, 2],
        [1, 2, 3, 3, 3, 2, 1],
    ]


def test_the_coverage_of_the_arranged_map():
    seen = coverage(112, 32, 8)
    steps = seen[0, ::8].tolist()
    assert steps == [1, 2, 3, *[4] * 8, 3, 2, 1]
    assert torch.equal(seen[0], seen[0, ::8].repeat_interleave(8))
    assert (seen.min(), seen.max()) == (1, 16)


@pytest.mark.parametrize(("side", "kernel", "stride"), [(7, 3, 1), (10, 4, 3)])
def test_coverage_against_the_gradient_of_a_convolution(side, kernel, stride):
    x = torch.zeros(1, 1, side, side, requires_grad=True)
    F.conv2d(x, torch.ones(1, 1, kernel, kernel), stride=stride).sum().backward()
    assert torch.equal(coverage(side, kernel, stride), x.grad[0, 0].long())


def test_coverage_of_the_centre_over_the_corner_is_a_hump():
    ratios = [coverage(7, k, 1)[3, 3] / coverage(7, k, 1)[0, 0] for k in range(1, 8)]
    assert ratios == [1, 4, 9, 16, 9, 4, 1]


def test_bf16_stays_near_fp32():
    torch.manual_seed(0)
    method, x = create_method("arm", **SMALL), torch.randn(8, 3, 48, 48)
    exact = method.train().outputs(x)["features"]
    with torch.autocast("cpu", torch.bfloat16):
        outputs = method.outputs(x)
    assert outputs["features"].dtype == method.sa.running_gar.dtype == torch.float32
    assert (outputs["features"] - exact).abs().max() < 0.05 * exact.abs().max()


def test_equal_crops_and_one_crop_can_be_learnt_from():
    method = create_method("arm", **SMALL).train()
    for n in (1, 4):
        method.zero_grad()
        method(torch.ones(n, 3, 48, 48)).logsumexp(1).sum().backward()
        assert all(p.grad.isfinite().all() for p in method.parameters())


@pytest.mark.parametrize("name", ["test_efficientnet", "resnet18"])
def test_any_backbone_with_a_map(name):
    # 256 channels of 2 x 2, and 512 of 2 x 2
    method = create_method("arm", backbone={"name": name}, size_px=64, shuffle=8, da_kernel=4, da_stride=4)
    assert method.eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 7)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (
            {**SMALL, "shuffle": 5},
            r"shuffle: 5 needs a multiple of 25 channels, the backbone gives 96; .* 1, 2, 4$",
        ),
        (
            {**SMALL, "da_kernel": 13},
            r"da_kernel: 13 is larger than the map it runs over, 12 x 12: lower it",
        ),
        ({"backbone": {"name": "test_vit", "options": {"img_size": 48}}, "size_px": 48}, "a square map"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(params, said):
    with pytest.raises(MienError, match=said) as caught:
        create_method("arm", **params)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((2, 3, 56, 56), "arm was built for crops of 48 px, got 56 x 56"),
        ((2, 3, 48, 40), "arm was built for crops of 48 px, got 40 x 48"),
        ((2, 1, 48, 48), r"arm was built for batches \[B, 3, H, W\], got \[2, 1, 48, 48\]"),
    ],
)
def test_other_crops_are_refused(shape, said):
    with pytest.raises(MienError, match=said):
        create_method("arm", **SMALL)(torch.zeros(*shape))
