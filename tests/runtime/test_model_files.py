import hashlib
import json

import pytest

from mien.core.errors import MienError
from mien.runtime import model_files
from mien.runtime.model_files import find_model, list_models

CARD = {
    "name": "tiny",
    "version": "1",
    "about": "A model for tests.",
    "method": "baseline",
    "labels": ["anger", "happiness"],
    "size_px": 48,
    "n_parameters": 10,
    "trained_on": "nothing",
    "protocol": "none",
    "numbers": {"accuracy": 0.5},
    "limits": ["tests only"],
    "licence": "Apache-2.0",
}


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Two embedded models: tiny and small."""
    sums = []
    for name in ("tiny", "small"):
        content = f"weights of {name}".encode()
        (tmp_path / f"{name}.onnx").write_bytes(content)
        (tmp_path / f"{name}.json").write_text(json.dumps(CARD | {"name": name}))
        sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}.onnx\n")
    (tmp_path / "SHA256SUMS").write_text("".join(sums))
    monkeypatch.setattr(model_files, "WEIGHTS_DIR", tmp_path)
    return tmp_path


def test_an_embedded_model_by_name(weights):
    assert find_model("tiny") == weights / "tiny.onnx"


def test_a_users_file_by_path(weights, tmp_path):
    mine = tmp_path / "my model.bin"
    mine.write_bytes(b"anything")
    assert find_model(mine) == mine
    assert find_model(str(mine)) == mine


def test_a_truncated_embedded_model_is_one_clear_line(weights):
    (weights / "tiny.onnx").write_bytes(b"weights of")
    with pytest.raises(MienError, match=r"tiny\.onnx: the file is damaged or truncated") as error:
        find_model("tiny")
    assert "\n" not in str(error.value)
    assert find_model("small") == weights / "small.onnx"


@pytest.mark.parametrize("sums", [None, "nonsense\n", "0000  other.onnx\n"])
def test_without_a_checksum_nothing_is_trusted(weights, sums):
    if sums is None:
        (weights / "SHA256SUMS").unlink()
    else:
        (weights / "SHA256SUMS").write_text(sums)
    with pytest.raises(MienError, match="checksum"):
        find_model("tiny")


def test_an_unknown_name_lists_the_known_ones(weights):
    with pytest.raises(
        MienError, match=r"unknown model 'tinny'; did you mean 'tiny'\? \(known: small, tiny\)"
    ):
        find_model("tinny")


@pytest.mark.parametrize("path", ["none.onnx", "some/where/none"])
def test_a_missing_path_is_named(weights, path):
    with pytest.raises(MienError, match="no such model file"):
        find_model(path)


def test_a_folder_is_no_model(weights):
    with pytest.raises(MienError, match="is a folder"):
        find_model(weights)


def test_cards_are_listed_by_name(weights):
    cards = list_models()
    assert [card.name for card in cards] == ["small", "tiny"]
    assert cards[0].numbers == {"accuracy": 0.5}


@pytest.mark.parametrize("text", [None, "{}", "not json"])
def test_a_broken_card_is_named(weights, text):
    if text is None:
        (weights / "tiny.json").unlink()
    else:
        (weights / "tiny.json").write_text(text)
    with pytest.raises(MienError, match=r"tiny\.json"):
        list_models()


def test_every_embedded_model_is_whole_and_has_a_card():
    for card in list_models():
        assert find_model(card.name).is_file()
