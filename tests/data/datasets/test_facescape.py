from __future__ import annotations

import json
from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.data.datasets import load_dataset
from mien.data.fake import write_fake


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fake("facescape", tmp_path, n_per_class=2)


def test_valid_views_of_twenty_expressions(root: Path) -> None:
    dataset = load_dataset("facescape", root)
    assert len(dataset.labels) == 20
    assert dataset.info.native_labels[:4] == ("neutral", "smile", "mouth_stretch", "anger")
    assert len(dataset.samples) == 2 * 20
    for sample in dataset.samples:
        person, folder, view = sample.id.split("/")
        number, _, name = folder.partition("_")
        assert dataset.info.native_labels[int(number) - 1] == name == dataset.labels.names[sample.label]
        assert (sample.subject, sample.sequence, view) == (person, f"{person}/{folder}", "0")
        assert sample.meta["mesh"] == str(root / "meshes" / person / f"{folder}.ply")
        assert json.loads(Path(sample.meta["cameras"]).read_text(encoding="utf-8"))["0_valid"] is True
    assert (dataset.samples[0].meta["gender"], dataset.samples[0].meta["age"]) == ("female", "21")


def test_models_alone_are_refused(tmp_path: Path) -> None:
    models = tmp_path / "1" / "models_reg"
    models.mkdir(parents=True)
    (models / "1_neutral.obj").write_text("v 0 0 0", encoding="ascii")
    with pytest.raises(MienError, match=r"no expression of FaceScape .*\(1 in all\): 1/models_reg"):
        load_dataset("facescape", tmp_path)


def test_damaged_cameras_are_named(root: Path) -> None:
    (root / "images" / "2" / "14_sadness" / "params.json").write_text("{", encoding="ascii")
    with pytest.raises(MienError, match=r"params\.json \(1 in all\): 2/14_sadness"):
        load_dataset("facescape", root)
