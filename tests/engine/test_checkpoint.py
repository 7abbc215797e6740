import ast
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import mien
from mien.core.errors import MienError
from mien.engine import checkpoint as ckpt

SOURCES = sorted(Path(mien.__file__).parent.rglob("*.py"))


@pytest.fixture
def saved(tiny_recipe, tiny_parts, tmp_path) -> Path:
    recipe = tiny_recipe()
    method = ckpt.build_method(recipe, 3, recipe.input)
    ckpt.save_model(tmp_path / "best.safetensors", method.state_dict(), tiny_parts.spec, recipe)
    return tmp_path / "best.safetensors"


def test_a_model_comes_back_from_its_file_or_folder(saved, tiny_parts, tiny_recipe):
    for path in (saved, saved.parent):
        method, spec, recipe = ckpt.load_model(path)
        assert spec == tiny_parts.spec
        assert recipe == tiny_recipe()
        assert not method.training


@pytest.mark.parametrize("keep", [0, 4, 100, -7])
def test_a_truncated_file_is_one_line(saved, keep):
    saved.write_bytes(saved.read_bytes()[:keep])
    with pytest.raises(MienError, match=r"best\.safetensors is damaged or no checkpoint") as caught:
        ckpt.load_model(saved)
    assert "\n" not in str(caught.value)


def test_what_is_missing_is_said(saved, tmp_path):
    with pytest.raises(MienError, match="there is no checkpoint"):
        ckpt.load_model(tmp_path / "nowhere.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "plain.safetensors")
    with pytest.raises(MienError, match="its ModelSpec or recipe is missing"):
        ckpt.load_model(tmp_path / "plain.safetensors")


def test_weights_of_another_network_are_one_line(saved):
    tensors, metadata = ckpt.load_tensors(saved)
    ckpt.save_tensors(saved, tensors | {"head.linear.bias": torch.zeros(5)}, metadata)
    with pytest.raises(MienError, match=r"head\.linear\.bias is \(5,\) there, \(3,\) here"):
        ckpt.load_model(saved)


def test_loading_never_fetches_pretrained_weights(saved, tiny_recipe):
    tensors, metadata = ckpt.load_tensors(saved)
    recipe = tiny_recipe("method.params.backbone.weights=/no/such/file.pt")
    ckpt.save_tensors(saved, tensors, metadata | {ckpt.RECIPE_KEY: recipe.model_dump_json()})
    method, _, again = ckpt.load_model(saved)
    assert again == recipe
    assert torch.equal(method.state_dict()["head.linear.bias"], tensors["head.linear.bias"])
    with pytest.raises(MienError, match="no weights file"):
        ckpt.build_method(recipe, 3, recipe.input)


def test_a_failed_write_leaves_the_file_before_it(saved, monkeypatch):
    before = saved.read_bytes()

    def full_disk(tensors, path, metadata):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ckpt, "save_file", full_disk)
    with pytest.raises(MienError, match=r"cannot be written: .*No space left"):
        ckpt.save_tensors(saved, {"a": torch.zeros(1)}, {})
    assert saved.read_bytes() == before


def test_shared_and_channels_last_tensors_are_saved_apart(tmp_path):
    x = torch.arange(24.0).view(1, 2, 3, 4)
    ckpt.save_tensors(
        tmp_path / "t.safetensors", {"a": x, "b": x.to(memory_format=torch.channels_last), "c": x[:, :1]}, {}
    )
    tensors, _ = ckpt.load_tensors(tmp_path / "t.safetensors")
    assert torch.equal(tensors["a"], x)
    assert torch.equal(tensors["b"], x)
    assert torch.equal(tensors["c"], x[:, :1])


@pytest.mark.parametrize("kind", ["sgd", "adam", "adamw"])
def test_optimiser_states_survive_as_tensors_and_json(kind, tmp_path):
    torch.manual_seed(0)
    make = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
    }
    nets = [nn.Linear(3, 2), nn.Linear(3, 2)]
    optimizers = [make[kind](net.parameters()) for net in nets]

    def step(place: int) -> None:
        optimizers[place].zero_grad()
        nets[place](torch.ones(1, 3)).square().sum().backward()
        optimizers[place].step()

    step(0)
    step(0)
    tensors, plain = ckpt.flatten_optimizer(optimizers[0].state_dict())
    ckpt.save_tensors(tmp_path / "o.safetensors", tensors, {})
    loaded, _ = ckpt.load_tensors(tmp_path / "o.safetensors")
    optimizers[1].load_state_dict(ckpt.unflatten_optimizer(loaded, plain))
    nets[1].load_state_dict(nets[0].state_dict())
    step(0)
    step(1)
    assert torch.equal(nets[0].weight, nets[1].weight)


def test_a_recipe_with_a_typo_in_a_checkpoint_is_one_line(saved):
    tensors, metadata = ckpt.load_tensors(saved)
    text = metadata[ckpt.RECIPE_KEY].replace('"epochs"', '"epoch"')
    ckpt.save_tensors(saved, tensors, metadata | {ckpt.RECIPE_KEY: text})
    with pytest.raises(MienError, match=r"best\.safetensors: train\.epoch: there is no such key"):
        ckpt.load_model(saved)


def test_nothing_in_mien_unpickles():
    """Only torch.load may read foreign weights, and only as plain tensors."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert not {"pickle", "joblib", "dill"} & {name.name for name in node.names}, path
            if isinstance(node, ast.ImportFrom) and node.module == "pickle":
                assert [name.name for name in node.names] == ["UnpicklingError"], path
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "torch.load",
                "np.load",
                "numpy.load",
            ):
                said = {word.arg: ast.unparse(word.value) for word in node.keywords}
                assert said.get("weights_only") == "True" or said.get("allow_pickle") == "False", path
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) != "torch.save", path
