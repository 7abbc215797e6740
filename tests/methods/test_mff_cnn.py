"""MFF-CNN against the numbers of its paper and against slow loops written from its formulas."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from mien.core.errors import MienError
from mien.data.batches import Batch
from mien.losses import Objective, Sizes
from mien.methods import Method, create_method
from mien.methods.mff_cnn import fuse, segment, select_by_norm

FULL = 1_210_640
ROWS = [  # rows of Table 6, then other inputs and widths: parameters, classes, input channels, count
    ({}, 6, 1, FULL),
    ({"mid_level": False}, 6, 1, 29_200),
    ({"selection": False}, 6, 1, 1_217_552),
    ({"joint": False}, 6, 1, 1_210_634),
    ({}, 6, 3, 1_210_784),
    ({}, 7, 1, 1_214_866),
    ({"batch_norm": True}, 6, 1, FULL + 248),
    ({"preset": "mffcnn-8"}, 6, 1, 1_213_020),
    ({"preset": "mffcnn-wide"}, 6, 1, 1_256_492),
    ({"image_widths": (4, 8, 8, 32, 4, 8), "patch_widths": (4, 8, 8, 32)}, 6, 1, 1_210_920),
]


def picture_batch(n: int, n_classes: int = 6, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 1, 60, 60, generator=generator)
    y = torch.randint(n_classes, (n,), generator=generator)
    return Batch(x, y, torch.eye(n_classes)[y])


@pytest.mark.parametrize(("params", "n_classes", "in_channels", "expected"), ROWS)
def test_parameter_counts(params, n_classes, in_channels, expected):
    method = create_method("mff_cnn", n_classes, in_channels, **params)
    assert sum(p.numel() for p in method.parameters()) == expected


def test_parameters_layer_by_layer():
    parts = create_method("mff_cnn", 6).named_children()
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in parts}
    assert {name: n for name, n in counts.items() if n} == {
        "image_tower": 3_860,
        "patch_tower": 1_520,
        "mid": 1_179_904,
        "image_head": 4_614,
        "patch_head": 20_742,
    }


def test_operations_of_one_picture():
    method = create_method("mff_cnn", 6)
    macs, conv_biases = [], []

    def count(module: nn.Module, _: object, output: torch.Tensor) -> None:
        macs.append(output.numel() * module.weight[0].numel())
        if isinstance(module, nn.Conv2d):
            conv_biases.append(output.numel())

    for module in method.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    method(torch.zeros(1, 1, 60, 60))
    assert sum(macs) == 4_738_896
    assert sum(macs) + sum(conv_biases) == 4_867_584


def test_map_sizes():
    method = create_method("mff_cnn", 6)
    sides = {}
    for name, tower, x in (
        ("image", method.image_tower, torch.zeros(1, 1, 60, 60)),
        ("patch", method.patch_tower, torch.zeros(1, 1, 24, 24)),
    ):
        layers = [m for m in tower.modules() if isinstance(m, nn.Conv2d | nn.MaxPool2d)]
        seen: list[int] = []
        for layer in layers:
            layer.register_forward_hook(lambda m, i, o, seen=seen: seen.append(o.shape[-1]))
        tower(x)
        sides[name] = seen
    assert sides == {"image": [58, 56, 28, 26, 24, 12, 10, 8, 4], "patch": [22, 20, 10, 8, 6, 3]}


def test_patches_overlap_by_half_and_cover_the_picture_row_by_row():
    x = torch.arange(2 * 3600).view(2, 1, 60, 60).float()
    patches = segment(x)
    assert patches.shape == (32, 1, 24, 24)
    for i, patch in enumerate(patches):
        picture, (row, column) = i // 16, divmod(i % 16, 4)
        assert torch.equal(patch, x[picture, :, row * 12 : row * 12 + 24, column * 12 : column * 12 + 24])
    assert patches[:16].unique().numel() == 3600


@pytest.mark.parametrize("order", ["index", "norm"])
def test_selection_against_a_loop(order):
    vectors = torch.randn(3, 20, 9, generator=torch.Generator().manual_seed(0))
    chosen = select_by_norm(vectors, 12, order)
    for sample, kept in zip(vectors.numpy(), chosen.numpy(), strict=True):
        places = sorted(range(20), key=lambda i: -math.sqrt(sum(v * v for v in sample[i])))[:12]
        np.testing.assert_array_equal(kept, sample[sorted(places) if order == "index" else places])


def test_of_equal_norms_the_lower_index_is_kept():
    vectors = torch.zeros(1, 6, 2)
    vectors[0, 4] = torch.tensor([3.0, 4.0])
    vectors[0, [1, 3], 0] = torch.tensor([1.0, -1.0])
    assert select_by_norm(vectors, 2)[0].tolist() == [[1, 0], [3, 4]]


def test_selection_passes_gradients_to_the_kept_alone():
    vectors = torch.tensor([[[3.0], [1.0], [2.0]]], requires_grad=True)
    select_by_norm(vectors, 2).sum().backward()
    assert vectors.grad.flatten().tolist() == [1, 0, 1]


def test_prediction_is_the_argmax_of_the_summed_probabilities():
    generator = torch.Generator().manual_seed(1)
    image, patch = (3 * torch.randn(50, 6, generator=generator, dtype=torch.float64) for _ in range(2))
    summed = image.softmax(1) + patch.softmax(1)
    fused = fuse(image, patch, "probability")
    torch.testing.assert_close(fused.softmax(1), summed / 2, rtol=0, atol=1e-12)
    assert torch.equal(fused.argmax(1), summed.argmax(1))
    assert not torch.equal(
        fused.argmax(1), fuse(image, patch, "logit").argmax(1)
    )  # the two fusions do differ


def test_fusion_survives_sure_branches():
    image, patch = torch.tensor([[500.0, 0.0]]), torch.tensor([[0.0, 500.0]])
    fused = fuse(image, patch, "probability")
    assert fused.isfinite().all()
    torch.testing.assert_close(fused.softmax(1), torch.tensor([[0.5, 0.5]]))


def step(method: Method, batch: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The paper's loss of a batch, and its terms."""
    outputs = method.outputs(batch.x)
    shapes = {name: tuple(value.shape[1:]) for name, value in outputs.items()}
    return Objective(method.losses(), Sizes(6, shapes))(outputs, batch)


@pytest.mark.parametrize("fusion", ["probability", "logit"])
def test_loss_against_a_loop_over_equation_5(fusion):
    torch.manual_seed(0)
    method = create_method("mff_cnn", 6, fusion=fusion).double()
    batch = picture_batch(5)
    batch = Batch(batch.x.double(), batch.y, batch.target.double())
    loss, _ = step(method, batch)
    outputs = method.outputs(batch.x)
    image, patch = outputs["image_logits"], outputs["patch_logits"]
    total = 0.0
    for i in range(5):
        t = int(batch.y[i])
        p, q = (np.exp(z) / np.exp(z).sum() for z in (image[i].detach().numpy(), patch[i].detach().numpy()))
        if fusion == "probability":
            y = (p + q) / 2
        else:
            s = image[i].detach().numpy() + patch[i].detach().numpy()
            y = np.exp(s) / np.exp(s).sum()
        total += -math.log(p[t]) - math.log(q[t]) - 0.1 * math.log(y[t])
    assert loss.item() == pytest.approx(total / 5, rel=1e-10)


def test_soft_targets_mix_the_losses_of_their_labels():
    torch.manual_seed(0)
    method = create_method("mff_cnn", 6)
    batch = picture_batch(3)
    losses = []
    for label in (0, 4):
        y = torch.full((3,), label)
        losses.append(step(method, Batch(batch.x, y, torch.eye(6)[y]))[0].item())
    target = torch.tensor([[0.3, 0, 0, 0, 0.7, 0]]).expand(3, 6)
    soft = step(method, Batch(batch.x, batch.y, target))[0].item()
    assert soft == pytest.approx(0.3 * losses[0] + 0.7 * losses[1], rel=1e-5)


def test_without_joint_tuning_the_loss_is_plain_cross_entropy():
    torch.manual_seed(0)
    method = create_method("mff_cnn", 6, joint=False)
    batch = picture_batch(4)
    loss, parts = step(method, batch)
    assert list(parts) == ["cross_entropy"]
    expected = nn.functional.cross_entropy(method(batch.x), batch.y)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("branch", ["image", "patch"])
def test_a_dead_branch_is_told(branch):
    method = create_method("mff_cnn", 6)
    last = [m for m in getattr(method, f"{branch}_tower").modules() if isinstance(m, nn.Conv2d)][-1]
    nn.init.zeros_(last.weight)
    nn.init.constant_(last.bias, -1)
    with pytest.warns(RuntimeWarning, match=f"the {branch} branch is zero for a whole batch"):
        method(picture_batch(2).x)


def test_another_size_is_refused_in_one_line():
    with pytest.raises(MienError, match=r"takes crops of 60 px, got 48 x 48"):
        create_method("mff_cnn", 6)(torch.zeros(1, 1, 48, 48))


def test_more_vectors_than_there_are_cannot_be_selected():
    with pytest.raises(MienError, match=r"n_selected \(384\) exceeds the 256 local vectors"):
        create_method("mff_cnn", 6, patch_widths=(4, 4, 4, 16))
    assert create_method("mff_cnn", 6, patch_widths=(4, 4, 4, 16), selection=False).params.n_local == 256
