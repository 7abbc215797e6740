"""``mien explain``, as a researcher types it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch

from mien.core.labels import BASIC7
from mien.core.recipe import parse_recipe
from mien.core.records import Face
from mien.core.specs import ModelSpec
from mien.data.fake import draw_face
from mien.engine.checkpoint import build_method, save_model

RECIPE = """
name: tiny
method:
  name: baseline
  params:
    backbone: {name: resnet18, stem: stride1, options: {layers: [1, 1, 1, 1], channels: [16, 16, 32, 32]}}
input:
  size_px: 32
  channels: gray
  mean: [0.5]
  std: [0.25]
  align: {points: [[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]]}
data: {name: fer2013, train_split: Training}
train: {epochs: 1, lr: 0.1}
"""
POINTS = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32)


class Whole:
    """Says that the left square of every picture is a face."""

    name = "whole"

    def detect(self, image: np.ndarray) -> list[Face]:
        side = float(image.shape[0])
        return [Face((0, 0, side, side), 0.9, POINTS * side)]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    recipe = parse_recipe(RECIPE, "tiny.yaml")
    spec = ModelSpec(name="tiny", method="baseline", labels=BASIC7.names, input=recipe.input)
    (tmp_path / "run").mkdir()
    method = build_method(recipe, 7, recipe.input)
    save_model(tmp_path / "run" / "best.safetensors", method.state_dict(), spec, recipe)
    return tmp_path / "run"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    face = draw_face("happiness", np.random.default_rng(0))
    cv2.imwrite(str(tmp_path / "photo.png"), face)
    return tmp_path / "photo.png"


def test_pictures_and_one_that_is_broken(mien: Callable, run: Path, photo: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    why = tmp_path / "why"
    words = ("--how", "gradcam", "--target", "fear", "--faces", "ready", "--out", why)
    said = mien("explain", run, photo, broken, *words)
    assert said.code == 3, said.err
    assert "broken.jpg: not a picture" in said.err
    assert "figures: 1 png" in said.out
    assert {p.name for p in why.iterdir()} == {"gradcam.html", "gradcam.npz", "gradcam-0001.png"}
    with np.load(why / "gradcam.npz") as arrays:
        assert arrays["map last map"].shape == (1, 4, 4)
        assert arrays["target"].tolist() == [BASIC7.names.index("fear")]
        assert arrays["crop"].shape == (1, 32, 32)
        assert arrays["input"].tolist() == [f"{photo}, face 0"]
    assert "map of fear" in (why / "gradcam.html").read_text()


def test_an_exported_model_has_occlusion(mien: Callable, photo: Path, tmp_path: Path) -> None:
    words = ("--how", "occlusion", "--window", 16, "--faces", "ready", "--out", tmp_path / "why")
    said = mien("explain", "mien-base", photo, *words)
    assert said.code == 0, said.err
    with np.load(tmp_path / "why" / "occlusion.npz") as arrays:
        side = arrays["crop"].shape[1]
        assert arrays["map occlusion"].shape == (1, side, side)
        assert np.abs(arrays["map occlusion"]).max() > 0.01


def test_a_video_gets_a_map_on_each_frame(
    mien: Callable, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.faces.detector.create_detector", lambda name: Whole())
    clip = tmp_path / "clip.mp4"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(4):
            image = np.full((48, 64, 3), 60 + 20 * i, np.uint8)
            image[:, :48] = draw_face("anger", np.random.default_rng(i))[..., None]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    why = tmp_path / "why"
    said = mien("explain", run, clip, "--how", "occlusion", "--window", 16, "--every", 2, "--out", why)
    assert said.code == 0, said.err
    (copy,) = why.rglob("*.mp4")
    assert str(copy) in said.out
    with av.open(str(copy)) as container:
        frames = [(f.time, f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]
    assert [time for time, _ in frames] == pytest.approx([0, 0.2])
    beside, on = frames[1][1][:, 52:].astype(int), frames[1][1][:, 8:40].astype(int)
    assert np.ptp(beside, axis=2).max() < 20  # grey as it was
    assert np.ptp(on, axis=2).mean() > 40  # coloured
    with np.load(why / "occlusion.npz") as arrays:
        (name,) = [k for k in arrays if k.endswith(" map")]
        assert arrays[name].shape == (2, 32, 32)
        assert arrays[name.replace(" map", " timestamp_s")].tolist() == pytest.approx([0, 0.2])
    # without --every the first frame with a face is enough
    said = mien("explain", run, clip, "--how", "gradcam", "--out", why)
    assert said.code == 0, said.err
    with np.load(why / "gradcam.npz") as arrays:
        assert arrays["input"].tolist() == [f"{clip} at 0.00 s, face 0"]


def test_wrong_usage_is_one_line(mien: Callable, run: Path, photo: Path, tmp_path: Path) -> None:
    for words, said in (
        (
            (photo, "--how", "attention"),
            "baseline) has nothing for attention; it has: gradcam, occlusion",
        ),
        ((photo, "--how", "gradcam", "--epochs", "two"), "expected whole numbers with commas"),
        ((photo, "--how", "gradcam", "--layer", "first"), "no layer 'first' (known: last map)"),
    ):
        told = mien("explain", run, *words, "--out", tmp_path / "why")
        assert told.code == 2
        assert said in told.err
        assert told.err.count("\n") == 1
