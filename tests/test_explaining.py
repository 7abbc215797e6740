"""Every method's explanations, end to end at tiny size; a new method is tested here without an edit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mien.core.errors import MienError
from mien.core.labels import basic_space
from mien.core.recipe import validate_recipe
from mien.core.specs import ModelSpec
from mien.data.fake import write_fake
from mien.engine.checkpoint import save_model
from mien.engine.run_folder import BEST
from mien.explain.question import Question
from mien.explain.records import HOWS, MAP_HOWS
from mien.explaining import explain
from mien.methods import METHODS, create_method


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake("fer2013", tmp_path_factory.mktemp("fer2013"), n_per_class=4)


def write_run(folder: Path, name: str, file: str = BEST, seed: int = 0) -> Path:
    """An untrained small run of a method."""
    info = METHODS[name]
    size_px = info.small_px or info.input.size_px
    torch.manual_seed(seed)
    method = create_method(name, size_px=size_px, **info.small)
    spec = info.input.model_copy(update={"size_px": size_px})
    labels = basic_space(7).names
    tree = {
        "name": "tiny",
        "method": {"name": name, "params": dict(info.small)},
        "data": {"name": "fer2013"},
        "train": {"epochs": 1, "lr": 0.1},
    }
    folder.mkdir(exist_ok=True)
    model = ModelSpec(name=f"tiny_{name}", method=name, labels=labels, input=spec)
    save_model(folder / file, method.state_dict(), model, validate_recipe(tree, "test"))
    return folder


def ask(run: Path, how: str, root: Path, **more: object) -> Question:
    asked = {"data": "fer2013", "split": "PublicTest", "data_root": root, "per_class": 1} | more
    return Question(str(run), how, **asked)


@pytest.mark.parametrize("name", list(METHODS))
def test_every_method_gives_what_it_declares(name: str, root: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", name)
    hows = create_method(name, **METHODS[name].small, size_px=METHODS[name].small_px).explainable().hows
    for how in hows:
        window = {"window": METHODS[name].small_px or 60} if how == "occlusion" else {}
        files, failed = explain(ask(run, how, root, **window), tmp_path / "why")
        assert failed == ()
        assert [p.name for p in files[:2]] == [f"{how}.html", f"{how}.npz"]
        assert all(p.stat().st_size > 100 for p in files)
        assert f"tiny_{name}" in files[0].read_text()
        with np.load(files[1]) as arrays:
            key = {"embedding": "layout best", "latents": "weights", "similarity": "similarity"}
            maps = [k for k in arrays if k.startswith("class_map")] if how in MAP_HOWS else [key[how]]
            assert maps
            assert all(len(arrays[k]) == 7 and np.isfinite(arrays[k]).all() for k in maps)
            if how in MAP_HOWS:
                assert arrays["class_n"].tolist() == [1] * 7
    for how in set(HOWS) - set(hows):
        with pytest.raises(MienError, match=f"nothing for {how}; it has: {hows[0]}"):
            explain(ask(run, how, root), tmp_path / "why")


def test_epochs_are_laid_out_side_by_side(root: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", "baseline")
    for epoch in (2, 6):
        write_run(run, "baseline", f"epoch-{epoch:04d}.safetensors", seed=epoch)
    files, _ = explain(ask(run, "embedding", root, per_class=2, epochs=(2, 6)), tmp_path / "why")
    with np.load(files[1]) as arrays:
        assert arrays["layout epoch 2"].shape == (14, 2)
        assert not np.allclose(arrays["features epoch 2"], arrays["features epoch 6"])
        intra = arrays["intra epoch 6"]
        points = arrays["layout epoch 6"][arrays["truth"] == 3].astype(float)
        assert intra[3] == pytest.approx(np.square(points - points.mean(0)).sum(1).mean())
    assert '<th scope="col">epoch 6</th>' in files[0].read_text()
    with pytest.raises(MienError, match=r"weights of epoch 10 \(kept: 2, 6\).*keep_epochs=\[2, 10\]"):
        explain(ask(run, "embedding", root, epochs=(2, 10)), tmp_path / "why")


def test_how_many_of_each_class_and_the_same_draw_again(root: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", "fdrl")

    def ids(**more: object) -> list[str]:
        files, _ = explain(ask(run, "latents", root, **more), tmp_path / "why")
        with np.load(files[1]) as arrays:
            return arrays["id"].tolist()

    assert len(ids(per_class=0)) == 14  # the whole split
    assert ids(seed=1) == ids(seed=1)
    assert len({tuple(ids(seed=seed)) for seed in range(4)}) > 1


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (Question("r", "grad"), "unknown explanation 'grad'; did you mean 'gradcam'"),
        (Question("r", "gradcam"), "gradcam looks at faces: give PATHs"),
        (Question("r", "latents"), "latents looks at a labelled set: give --data"),
        (Question("r", "gradcam", data="fer2013"), "which split of fer2013"),
        (Question("r", "latents", ("a.jpg",), "fer2013", "x"), "not at pictures: leave out a.jpg"),
        (Question("r", "gradcam", ("a.jpg",), epochs=(2,)), "--epochs goes with embedding"),
        (
            Question("mien-base", "attention", ("a.jpg",)),
            "an exported model, which has occlusion and, of some",
        ),
        (Question("mien-base", "gradcam", ("a.jpg",)), "nothing could be explained: a.jpg: no such file"),
        (Question("mien-bas", "occlusion", ("a.jpg",)), "did you mean 'mien-base'"),
        (Question("mien-base", "occlusion", ("a.jpg",), target="joy"), "unknown label 'joy'"),
        (Question("mien-base", "occlusion", ("a.jpg",), window=900), "windows of 900 px"),
        (Question("mien-base", "occlusion", ("a.jpg",)), "nothing could be explained: a.jpg: no such file"),
        (Question("mien-base", "occlusion", ("a.jpg",), faces="no"), "taken as auto, ready or find"),
    ],
)
def test_what_cannot_be_asked(question: Question, said: str, tmp_path: Path) -> None:
    with pytest.raises(MienError) as told:
        explain(question, tmp_path / "why")
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_a_layer_that_is_not_there_and_a_model_that_needs_depth(root: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "dan", "dan")
    with pytest.raises(MienError, match="no layer 'head 9'; did you mean 'head"):
        explain(ask(run, "attention", root, layers=("head 9",)), tmp_path / "why")
    run = write_run(tmp_path / "rgbd", "rgbd_fusion")
    with pytest.raises(MienError, match="sees depth too and cannot do without"):
        explain(Question(str(run), "attention", ("a.jpg",)), tmp_path / "why")


WITHOUT_EXTRAS = """
import sys
from pathlib import Path
from mien.explain.question import Question
from mien.explaining import explain
root, out = map(Path, sys.argv[1:])
asked = {"data": "fer2013", "split": "PublicTest", "data_root": root}
question = Question("mien-base", "occlusion", per_class=1, window=48, **asked)
files, failed = explain(question, out)
extras = {"torch", "timm", "captum", "matplotlib", "sklearn", "umap"} & set(sys.modules)
print(files[0].name, len(files), failed, extras)
"""


def test_occlusion_of_an_exported_model_needs_the_base_install_alone(root: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-c", WITHOUT_EXTRAS, str(root), str(tmp_path / "why")]
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert said.stdout.split() == ["occlusion.html", "3", "()", "set()"]
