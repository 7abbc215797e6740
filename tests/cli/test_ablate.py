"""`mien ablate` as a researcher types it, on a look-alike of FER2013."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.data.fake import write_fake
from mien.metrics.ablation import AblationTable

RECIPE = """
name: tiny
method:
  name: baseline
  params:
    backbone:
      name: resnet18
      stem: stride1
      options: {layers: [1, 1, 1, 1], channels: [4, 4, 8, 8], zero_init_last: false}
input: {size_px: 16, channels: gray, mean: [0.5], std: [0.5]}
data: {name: fer2013, train_split: Training, val_fraction: 0.2, test_split: PublicTest}
train: {epochs: 2, batch_size: 16, optimizer: adam, lr: 0.01, precision: fp32}
ablations:
  frozen: {train.freeze: [backbone]}
  wide: {method.params.dropout: 0.5}
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake("fer2013", tmp_path_factory.mktemp("fer2013"), n_per_class=8)


def test_rows_and_seeds_make_a_table_and_a_second_call_trains_nothing(
    mien: Callable, recipe: Path, root: Path, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    command = ("ablate", recipe, "--data-root", root, "--run-dir", runs, "--rows", "full,frozen")
    first = mien(*command)
    assert first.code == 0, first.err
    assert {p.name for p in runs.iterdir()} == {
        "full-seed0", "full-seed1", "frozen-seed0", "frozen-seed1",
        "ablation.json", "ablation.csv", "ablation.md",
    }  # fmt: skip
    table = AblationTable.from_json((runs / "ablation.json").read_text())
    full, frozen = table.rows
    assert [run.seed for run in full.runs] == [0, 1]
    assert frozen.changes == {"train.freeze": ["backbone"]}
    assert frozen.gap is not None
    assert frozen.gap.value == pytest.approx(full.accuracy - frozen.accuracy)
    assert len((runs / "ablation.csv").read_text().splitlines()) == 5
    report = json.loads((runs / "full-seed1" / "report.json").read_text())
    assert report["accuracy"] == full.runs[1].accuracy
    assert report["seeds"] == [1]

    weights = (runs / "full-seed0" / "best.safetensors").stat().st_mtime_ns
    again = mien(*command)
    assert again.code == 0, again.err
    assert (runs / "full-seed0" / "best.safetensors").stat().st_mtime_ns == weights
    assert AblationTable.from_json((runs / "ablation.json").read_text()).rows == table.rows

    compared = mien("compare", runs / "full-seed0", runs / "frozen-seed0", "--report", tmp_path / "compared")
    assert compared.code == 0, compared.err
    assert 'train.freeze\t[]\t["backbone"]' in compared.out
    pair = json.loads((tmp_path / "compared" / "comparison.json").read_text())["pairs"][0]
    assert pair["accuracy"]["value"] == pytest.approx(full.runs[0].accuracy - frozen.runs[0].accuracy)
    refused = mien("compare", runs, runs / "full-seed0")
    assert refused.code == 2
    assert "holds runs of which each can be compared" in refused.err

    other = mien(*command, "--set", "train.lr=0.02")
    assert other.code == 2
    assert "other settings" in other.err


def test_wrong_rows_and_seeds_are_one_line(mien: Callable, recipe: Path, root: Path, tmp_path: Path) -> None:
    common = ("ablate", recipe, "--data-root", root, "--run-dir", tmp_path / "r")
    typo = mien(*common, "--rows", "ful")
    assert typo.code == 2
    assert "full" in typo.err
    seeds = mien(*common, "--seeds", "one")
    assert seeds.code == 2
    assert "--seeds" in seeds.err
    untested = mien(*common, "--set", "data.test_split=null")
    assert untested.code == 2
    assert "test_split" in untested.err
    folds = mien(
        *common,
        "--set",
        "data.test_split=null",
        "--set",
        "data.protocol={name: kfold, group: image, folds: 2}",
    )
    assert folds.code == 2
    assert "mien crossval" in folds.err
