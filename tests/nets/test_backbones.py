import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from mien.core.errors import MienError
from mien.nets.backbones import Backbone, BackboneParams, load_weights
from mien.nets.heads import LinearHead


@pytest.mark.parametrize(
    ("name", "options", "side"),
    [
        ("test_resnet", {}, 64),
        ("test_efficientnet", {}, 64),
        ("test_vit", {"img_size": 64}, 64),  # tokens, one of them a class token
        (
            "swin_tiny_patch4_window7_224",
            {"img_size": 56, "embed_dim": 8, "depths": (1, 1), "num_heads": (1, 1)},
            56,
        ),
    ],
)
def test_any_kind_of_network_gives_a_map(name, options, side):
    backbone = Backbone(BackboneParams(name=name, options=options), in_channels=1).eval()
    with torch.inference_mode():
        features = backbone(torch.zeros(2, 1, side, side))
    assert features.shape[:2] == (2, backbone.n_features)
    assert features.ndim == 4
    assert LinearHead(backbone.n_features, 7)(features.mean((2, 3))).shape == (2, 7)


def test_a_mirrored_backbone_gives_a_face_and_its_mirror_image_one_answer():
    torch.manual_seed(0)
    plain = Backbone(BackboneParams(name="test_resnet"), 1)
    mirrored = Backbone(BackboneParams(name="test_resnet", mirrored=True), 1)
    mirrored.load_state_dict(plain.state_dict())
    x = torch.rand(3, 1, 64, 64)
    torch.testing.assert_close(mirrored(x), plain(x))  # it learns from one view
    plain.eval()
    mirrored.eval()
    both = (plain(x) + plain(x.flip(3)).flip(3)) / 2
    torch.testing.assert_close(mirrored(x), both)
    torch.testing.assert_close(mirrored(x.flip(3)).mean((2, 3)), mirrored(x).mean((2, 3)))
    assert not torch.allclose(plain(x.flip(3)).mean((2, 3)), plain(x).mean((2, 3)), atol=1e-4)
    with pytest.raises(MienError, match="mirrored needs a map"):
        Backbone(BackboneParams(name="test_vit", options={"img_size": 64}, mirrored=True), 3).eval()(
            torch.zeros(1, 3, 64, 64)
        )


def test_the_stride1_stem_keeps_the_resolution():
    options = {"layers": [1, 1, 1, 1], "channels": [8, 8, 8, 8]}
    x = torch.zeros(1, 1, 48, 48)
    sides = {
        stem: Backbone(BackboneParams(name="resnet18", stem=stem, options=options), 1)(x).shape[-1]
        for stem in ("timm", "stride1", "stride1_pool")
    }
    assert sides == {"timm": 2, "stride1": 6, "stride1_pool": 3}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (BackboneParams(name="resnet19"), "unknown backbone 'resnet19'; did you mean"),
        (BackboneParams(name="test_vit", stem="stride1"), "stem: stride1 is for ResNets"),
        (BackboneParams(name="resnet18", options={"layer": 3}), "resnet18 refuses options"),
        (BackboneParams(name="test_resnet", weights="nowhere.pt"), "no weights file nowhere.pt"),
    ],
)
def test_a_wrong_backbone_is_one_line(params, said):
    with pytest.raises(MienError, match=said) as caught:
        Backbone(params, 3)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_own_weights_are_loaded_and_a_classifier_is_left_out(tmp_path, ending):
    source, other = nn.Linear(3, 2), nn.Linear(3, 2)
    state = {f"module.{k}": v for k, v in source.state_dict().items()} | {"fc.weight": torch.zeros(7, 2)}
    path = tmp_path / f"weights{ending}"
    if ending == ".pt":
        torch.save({"state_dict": state}, path)
    else:
        save_file(state, path)
    load_weights(other, path)
    assert torch.equal(other.weight, source.weight)


def test_weights_that_do_not_fit_are_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"weight": torch.zeros(5, 5)}, path)
    with pytest.raises(MienError, match="none of its 1 tensors fits Linear"):
        load_weights(nn.Linear(3, 2), path)
    save_file({"weight": torch.zeros(2, 3)}, path)
    with pytest.raises(MienError, match=r"lacks 1 of the network's 2 tensors, e\.g\. bias"):
        load_weights(nn.Linear(3, 2), path)


class Trap:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple:
        return pytest.fail, ("a weight file ran code",)


@pytest.mark.parametrize("content", [pickle.dumps(Trap()), b"", b"not a weight file"])
def test_a_pickled_module_or_rubbish_is_never_opened(tmp_path, content):
    for ending in (".pt", ".safetensors"):
        path = tmp_path / f"weights{ending}"
        path.write_bytes(content)
        with pytest.raises(MienError, match="is no plain state dict"):
            load_weights(nn.Linear(3, 2), path)


def test_a_file_of_more_than_tensors_is_refused(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save([1, 2, 3], path)
    with pytest.raises(MienError, match="holds more than named tensors"):
        load_weights(nn.Linear(3, 2), path)
