"""Fine-tuning on pictures with a bright bar: the place of the bar is the class."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mien.core.errors import MienError
from mien.core.recipe import parse_recipe
from mien.engine import finetune as ft
from mien.engine.checkpoint import build_method, load_model, trained_file
from mien.engine.finetune import Wishes, finetune, make_plan
from mien.engine.fit import fit
from mien.engine.parts import make_parts
from mien.engine.shared_classes import body_parts, class_axes, start_with_shared_classes

PLACES = {"anger": 1, "fear": 6, "surprise": 11}


@pytest.fixture(scope="module")
def source(tiny_recipe, tiny_parts, tmp_path_factory):
    """A run that tells anger, fear and surprise."""
    return str(fit(tiny_recipe("train.epochs=6"), tiny_parts, tmp_path_factory.mktemp("runs") / "a").run_dir)


def write_bars(folder, counts, seed=0, at=PLACES):
    """``folder/CLASS/N.png``; pictures of a class the source does not know have the bar elsewhere."""
    rng = np.random.default_rng(seed)
    for name, n in counts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(n):
            image = rng.integers(0, 80, (16, 16), dtype=np.uint8)
            place = at.get(name)
            if place is None:
                image[6:10] += 120
            else:
                image[:, place : place + 4] += 120
            cv2.imwrite(str(folder / name / f"{i}.png"), image)
    return folder


def ready(**wishes):
    return Wishes(faces="ready", **wishes)


def test_few_pictures_are_cross_validated_and_the_classifier_alone_learns(source, tmp_path):
    root = write_bars(tmp_path, {"fear": 9, "odd": 9})
    plan = make_plan(source, "folder", root, ready())
    assert (plan.recipe.data.protocol.name, plan.recipe.data.protocol.folds) == ("kfold", 5)
    assert plan.recipe.train.freeze == ["backbone"]
    assert plan.final.data.protocol is None
    assert plan.recipe.train.class_weights
    assert "knows fear; new: odd" in plan.said[0]


def test_more_pictures_are_divided_once(source, tmp_path, monkeypatch):
    monkeypatch.setattr(ft, "FOLDS_BELOW", 10)
    monkeypatch.setattr(ft, "FROZEN_BELOW", 10)
    plan = make_plan(source, "folder", write_bars(tmp_path, {"fear": 9, "odd": 9}), ready(epochs=3))
    assert plan.final is None
    assert plan.recipe.data.protocol.name == "repeated_split"
    assert (plan.recipe.train.freeze, plan.recipe.train.lr_factors) == ([], {"backbone": 0.1})
    assert plan.recipe.train.epochs == 3
    assert make_plan(source, "folder", tmp_path, ready(mode="frozen")).recipe.train.freeze == ["backbone"]


def test_the_sets_own_test_split_is_what_is_reported(source, tmp_path):
    for seed, split in enumerate(("train", "test")):
        write_bars(tmp_path / split, {"fear": 4, "odd": 4}, seed)
    plan = make_plan(source, "folder", tmp_path, ready())
    assert plan.recipe.data.protocol.name == "fixed"
    write_bars(tmp_path / "test", {"fear": 4}, seed=0)  # the same pictures as in train
    with pytest.raises(MienError, match="4 samples of test show pictures that are also in train"):
        make_plan(source, "folder", tmp_path, ready())


def test_people_are_kept_apart(source, tmp_path):
    write_bars(tmp_path, {"fear": 6, "odd": 6})
    with (tmp_path / "labels.csv").open("w", newline="") as handle:
        table = csv.writer(handle)
        table.writerow(("image", "label", "subject"))
        for name in ("fear", "odd"):
            table.writerows((f"{name}/{i}.png", name, f"p{i % 3}") for i in range(6))
    plan = make_plan(source, "csv", tmp_path, ready())
    assert (plan.recipe.data.protocol.group, plan.recipe.data.protocol.folds) == ("subject", 3)


@pytest.mark.parametrize(
    ("counts", "rename", "message"),
    [
        ({"fear": 4, "odd": 1}, {}, "the class odd has 1 of the different pictures it needs"),
        ({"fear": 4, "odd": 2}, {}, "it takes at least 3"),
        ({"fear": 4}, {}, "at least two classes"),
        ({"fear": 4, "odd": 4}, {"odd": "fear"}, "at least two classes"),
        ({"fear": 4, "odd": 4}, {"ood": "fear"}, "ood"),
    ],
)
def test_what_cannot_be_learnt_is_told(source, tmp_path, counts, rename, message):
    with pytest.raises(MienError, match=message):
        make_plan(source, "folder", write_bars(tmp_path, counts), ready(rename=rename))


def test_a_picture_with_two_labels_is_told(source, tmp_path):
    write_bars(tmp_path, {"fear": 4, "odd": 4})
    (tmp_path / "odd" / "x.png").write_bytes((tmp_path / "fear" / "2.png").read_bytes())
    with pytest.raises(MienError, match=r"fear/2\.png is fear, odd/x\.png is odd|odd/x\.png is odd"):
        make_plan(source, "folder", tmp_path, ready())


def test_a_start_that_is_none_is_told(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"x")
    with pytest.raises(MienError, match="an exported file cannot be trained on"):
        trained_file(tmp_path / "a.onnx")
    with pytest.raises(MienError, match=r"there is no checkpoint nothing.*mien-base"):
        trained_file("nothing")


def test_the_embedded_model_is_a_start():
    method, spec, _ = load_model("mien-base")
    assert spec.name == "mien-base"
    assert all(p.dtype == torch.float32 for p in method.parameters())


def test_shared_classes_keep_their_rows_and_others_start_anew(source, tiny_recipe):
    theirs, spec, recipe = load_model(Path(source))
    new = spec.model_copy(update={"labels": ("odd", "surprise", "anger", "other")})
    method = build_method(recipe, 4, spec.input)
    fresh = {k: v.clone() for k, v in method.state_dict().items()}
    assert set(class_axes(recipe, spec.input)) == {
        n for n in fresh if n.startswith("head") and "weight" in n
    } | {n for n in fresh if n.startswith("head") and "bias" in n}
    assert body_parts(recipe, spec.input) == ["backbone"]
    start_with_shared_classes(method, source, recipe, new)
    for name, value in method.state_dict().items():
        given = theirs.state_dict()[name]
        if name.startswith("head"):
            assert torch.equal(value[1], given[2])
            assert torch.equal(value[2], given[0])
            assert torch.equal(value[[0, 3]], fresh[name][[0, 3]])
        else:
            assert torch.equal(value, given)


def test_another_network_is_refused(source, tiny_recipe):
    recipe = tiny_recipe("method.params.backbone.options.channels=[4, 4, 8, 12]")
    _, spec, _ = load_model(Path(source))
    with pytest.raises(MienError, match="another network"):
        start_with_shared_classes(build_method(recipe, 3, spec.input), source, recipe, spec)


def test_folds_then_a_last_model_that_the_folder_can_make_again(source, tmp_path):
    root = write_bars(tmp_path / "data", {"fear": 14, "surprise": 12, "odd": 14})
    plan = make_plan(source, "folder", root, ready(epochs=12, name="mine"))
    found = finetune(source, plan, root, tmp_path / "run")
    assert found.after.n == 40
    assert found.before.n == 26  # of those whose class it knows
    assert found.after.uar > 0.6
    method, spec, recipe = load_model(tmp_path / "run")
    assert spec.name == "mine"
    assert spec.labels == ("fear", "odd", "surprise")
    text = (tmp_path / "run" / "recipe.json").read_text()
    again = parse_recipe(text, "recipe.json")
    assert again == recipe
    second = fit(again, make_parts(again, root), tmp_path / "again")
    for name, value in second.method.state_dict().items():
        assert torch.equal(value, method.state_dict()[name])
    backbone = load_model(Path(source))[0].backbone.state_dict()
    assert all(torch.equal(v, backbone[k]) for k, v in method.backbone.state_dict().items())


def test_one_division_learns_and_reports_what_it_held_out(source, tmp_path, monkeypatch):
    monkeypatch.setattr(ft, "FOLDS_BELOW", 10)
    root = write_bars(tmp_path / "data", {"fear": 30, "smile": 30}, at={"fear": 1, "smile": 6})
    plan = make_plan(source, "folder", root, ready(mode="full", epochs=12, rename={"smile": "surprise"}))
    found = finetune(source, plan, root, tmp_path / "run")
    assert found.bundle.spec.labels == ("fear", "surprise")
    assert found.after.n == found.before.n == 12
    assert found.after.accuracy > found.before.accuracy  # the source has learnt other places for both
    assert not set(found.predictions.ids) & set(found.bundle.protocol.parts["train"])


def test_the_command_line_shows_before_and_after_and_leaves_a_run_folder(source, tmp_path):
    from typer.testing import CliRunner

    from mien.cli.app import app

    write_bars(tmp_path / "data", {"fear": 8, "odd": 8})
    told = ["finetune", source, "--data-root", str(tmp_path / "data"), "--faces", "ready", "--epochs", "2"]
    result = CliRunner().invoke(app, [*told, "--run-dir", str(tmp_path / "run")], catch_exceptions=False)
    for said in ("16 labelled pictures: fear 8, odd 8", "before", "after", "always the commonest class"):
        assert said in result.output
    files = {path.name for path in (tmp_path / "run").iterdir()}
    assert files >= {
        "best.safetensors",
        "recipe.json",
        "protocol.json",
        "history.json",
        "curves.png",
        "report",
    }
    assert {path.name for path in (tmp_path / "run" / "report").iterdir()} >= {"report.html", "before.json"}
    again = CliRunner().invoke(app, [*told, "--run-dir", str(tmp_path / "run")])
    assert isinstance(again.exception, MienError)
    assert "--resume" in str(again.exception)
    assert isinstance(CliRunner().invoke(app, [*told, "--frozen", "--full"]).exception, MienError)
