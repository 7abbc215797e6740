import pytest
import torch

from mien.nets.transformer import MapEncoder


def encoder(**sizes: int) -> MapEncoder:
    torch.manual_seed(0)
    return MapEncoder(12, **{"dim": 16, "depth": 2, "heads": 2, "grid": 3, **sizes}).eval()


def test_parameters_are_those_of_vit_blocks():
    with torch.device("meta"):
        net = MapEncoder(352)
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in net.named_children()}
    assert counts == {"embed": 271_104, "blocks": 28_351_488, "norm": 1_536}
    assert net.cls.numel() + net.position.numel() == 63_744


def test_one_block_is_written_out():
    """Pre-norm attention and MLP (Dosovitskiy et al., eq. 1 to 4), for the class token."""
    net, x = encoder(depth=1), torch.randn(2, 12, 3, 3)
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.1 * torch.randn_like(p))
    block, d, heads = net.blocks[0], 16, 2
    weight = net.embed.weight[:, :, 0, 0]
    for i in range(2):
        tokens = [net.cls[0, 0]]
        tokens += [weight @ x[i, :, r, c] + net.embed.bias for r in range(3) for c in range(3)]
        z = torch.stack(tokens) + net.position[0]  # [10, 16]
        q, k, v = (torch.nn.functional.linear(block.norm1(z), block.attn.qkv.weight, block.attn.qkv.bias)
                   .view(10, 3, heads, d // heads).permute(1, 2, 0, 3))  # fmt: skip
        weights = (q @ k.transpose(1, 2) / (d // heads) ** 0.5).softmax(2)  # [heads, 10, 10]
        attended = (weights @ v).transpose(0, 1).reshape(10, d)
        z = z + block.attn.proj(attended)
        hidden = torch.nn.functional.gelu(block.mlp.fc1(block.norm2(z)))
        z = z + block.mlp.fc2(hidden)
        torch.testing.assert_close(net(x)[i], net.norm(z[0]))
    assert block.mlp.fc1.out_features == 64


def test_places_are_told_apart_by_their_positions():
    net, x = encoder(), torch.randn(1, 12, 3, 3)
    torch.testing.assert_close(net(x.flip(3)), net(x.flip(3)))
    assert not torch.allclose(net(x.flip(3)), net(x), atol=1e-6)
    with torch.no_grad():
        net.position.zero_()
    torch.testing.assert_close(net(x.flip(3)), net(x))


@pytest.mark.parametrize("shape", [(3, 3), (6, 6), (1, 1), (4, 2)])
def test_other_map_sizes_interpolate_the_positions(shape):
    net = encoder()
    with torch.no_grad():  # positions that are a plane stay one
        net.position[0, 1:] = torch.arange(3.0).repeat(3)[:, None] * torch.ones(16)
    positions = net._positions(*shape)
    assert positions.shape == (1, 1 + shape[0] * shape[1], 16)
    columns = positions[0, 1:, 0].view(shape)
    assert torch.equal(columns, columns[:1].expand(shape))
    assert columns.mean().item() == pytest.approx(1, abs=1e-6)
    assert net(torch.randn(2, 12, *shape)).isfinite().all()
    assert torch.equal(positions[0, 0], net.position[0, 0])


def test_first_weights_are_small_and_not_zero():
    net = encoder(dim=64)
    for weight in (net.position, net.blocks[0].attn.qkv.weight, net.blocks[1].mlp.fc2.weight):
        assert weight.std().item() == pytest.approx(0.02, rel=0.15)
    assert not net.blocks[0].attn.qkv.bias.any()
