"""Train, evaluate, export and analyse, as a researcher types it, on a look-alike of FER2013."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from mien.data.fake import write_fake

RECIPE = """
name: tiny
method:
  name: baseline
  params:
    backbone:
      name: resnet18
      stem: stride1
      options: {layers: [1, 1, 1, 1], channels: [16, 16, 32, 32], zero_init_last: false}
input:
  size_px: 32
  channels: gray
  mean: [0.5]
  std: [0.25]
  align: {points: [[0.309, 0.386], [0.691, 0.386], [0.5, 0.584], [0.344, 0.747], [0.656, 0.747]]}
data: {name: fer2013, train_split: Training, val_fraction: 0.2, test_split: PublicTest}
train: {epochs: 12, batch_size: 16, optimizer: adam, lr: 0.01, precision: fp32}
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake("fer2013", tmp_path_factory.mktemp("fer2013"), n_per_class=24)


@pytest.mark.slow
def test_train_evaluate_export_and_use(mien: Callable, recipe: Path, root: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    trained = mien("train", recipe, "--data-root", root, "--run-dir", run)
    assert trained.code == 0, trained.err
    assert "best epoch" in trained.out
    assert {p.name for p in run.iterdir()} >= {
        "best.safetensors", "last.safetensors", "recipe.json", "protocol.json", "history.json", "curves.png",
    }  # fmt: skip
    assert len(json.loads((run / "history.json").read_text())) == 12

    again = mien("train", recipe, "--data-root", root, "--run-dir", run)
    assert again.code == 2
    assert "--resume" in again.err
    assert "Traceback" not in again.err

    report = tmp_path / "report"
    words = ("--data", "fer2013", "--data-root", root, "--split", "PublicTest")
    scored = mien("evaluate", run, *words, "--report", report)
    assert scored.code == 0, scored.err
    told = json.loads((report / "report.json").read_text())
    assert told["accuracy"] > 0.5  # drawn faces are easy; chance is one in seven
    assert told["n"] == told["n_detected"] == sum(map(sum, told["confusion"]))
    assert told["selected_on"] == "fer2013 20% of Training, held out"

    page = (report / "report.html").read_text()
    assert "How it learned" in page
    assert ("Surest mistakes" in page) == (told["accuracy"] < 1)

    exported = mien("export", run, "--out", tmp_path / "tiny.onnx")
    assert exported.code == 0, exported.err
    assert "parity" in exported.out
    same = mien("evaluate", tmp_path / "tiny.onnx", *words, "--report", tmp_path / "onnx")
    assert same.code == 0, same.err
    assert json.loads((tmp_path / "onnx" / "report.json").read_text())["confusion"] == told["confusion"]

    small = mien("export", run, "--precision", "int8", "--data-root", root, "--out", tmp_path / "tiny8.onnx")
    assert small.code == 0, small.err
    assert "held-out faces: same label for" in small.out
    rescored = mien("evaluate", tmp_path / "tiny8.onnx", *words, "--report", tmp_path / "int8")
    assert rescored.code == 0, rescored.err
    assert json.loads((tmp_path / "int8" / "report.json").read_text())["accuracy"] > 0.5

    picture = tmp_path / "grey wall.png"
    cv2.imwrite(str(picture), np.full((120, 160, 3), 128, np.uint8))
    seen = mien(
        "analyze",
        picture,
        "--model",
        tmp_path / "tiny.onnx",
        "--detector",
        "haar",
        "--out",
        tmp_path / "t.csv",
    )
    assert seen.code == 0, seen.err
    assert "no_face" in (tmp_path / "t.csv").read_text()

    # nothing of the machine that exported it travels in the file
    model = onnx.load(tmp_path / "tiny.onnx")
    assert str(Path.home()) not in str(model)
    assert "site-packages" not in str(model)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("train", "no_such_recipe"), "no recipe 'no_such_recipe'"),
        (("train", "{recipe}", "--set", "train.epohcs=3", "--data-root", "{root}"), "did you mean 'epochs'"),
        (("train", "{recipe}", "--set", "train.epochs=none", "--data-root", "{root}"), "train.epochs"),
        (("train", "{recipe}", "--set", "nonsense", "--data-root", "{root}"), "expected key=value"),
        (("train", "{recipe}", "--data-root", "{root}/missing"), "there is no folder"),
        (
            ("train", "{recipe}", "--set", "method.name=armm", "--data-root", "{root}"),
            "unknown method 'armm'",
        ),
        (("train", "{recipe}", "--set", "method.params.dropuot=0.1", "--data-root", "{root}"), "dropuot"),
        (
            ("evaluate", "no-model", "--data", "fer2013", "--split", "x", "--data-root", "{root}"),
            "unknown model",
        ),
        (
            ("evaluate", "{root}", "--data", "fer2013", "--split", "x", "--data-root", "{root}"),
            "no checkpoint",
        ),
        (("export", "{root}"), "no checkpoint"),
    ],
)
def test_wrong_usage_is_one_line(
    mien: Callable, recipe: Path, root: Path, words: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    filled = [w.format(recipe=recipe, root=root) for w in words]
    if filled[0] == "train":
        filled += ["--run-dir", str(tmp_path / "run")]
    said = mien(*filled)
    assert said.code == 2
    assert expected in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_truncated_checkpoint_is_one_line(mien: Callable, tmp_path: Path) -> None:
    (tmp_path / "best.safetensors").write_bytes(b"\x20\x00\x00\x00\x00\x00\x00\x00{")
    said = mien("export", tmp_path)
    assert said.code == 2
    assert "damaged or no checkpoint" in said.err


@pytest.mark.parametrize("verb", ["methods", "datasets", "recipes", "models"])
def test_listings_are_one_item_a_line_when_piped(mien: Callable, verb: str) -> None:
    said = mien(verb)
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    wanted = {
        "methods": "baseline",
        "datasets": "fer2013",
        "recipes": "fer2013_baseline_resnet18",
        "models": "mien-base",
    }
    assert wanted[verb] in [line.split("\t")[0] for line in lines]
    assert all("\t" in line for line in lines)
