"""`mien data folds` and `mien crossval` as a researcher types them."""

import csv
import json

import pytest

from mien.data.fake import write_fake
from mien.metrics.report import Report

RECIPE = """
name: tiny-folds
method:
  name: baseline
  params:
    backbone: {name: resnet18, stem: stride1, options: {layers: [1, 1, 1, 1], channels: [4, 4, 8, 8]}}
input: {size_px: 16, channels: gray, mean: [0.5], std: [0.25]}
data: {name: synthetic-rgbd, train_split: all, faces: ready, protocol: {name: kfold, folds: 5}}
train: {epochs: 1, batch_size: 16, optimizer: adam, lr: 0.005, precision: fp32}
ablations:
  image_folds: {data.protocol.group: image}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_fake("synthetic-rgbd", tmp_path_factory.mktemp("people"), n_per_class=8)


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE)
    return path


def test_folds_can_be_read_and_frozen(mien, root, tmp_path):
    out = tmp_path / "folds.json"
    words = ("data", "folds", "synthetic-rgbd", root, "--folds", 5, "--seed", 3)
    said = mien(*words, "--out", out)
    assert said.code == 0, said.err
    assert "synthetic-rgbd all: 5-fold by subject, 20% of each training part held out, seed 3" in said.out
    assert "fold 1 of 5\ttest\t14\t2\t\t2\t2\t2\t2\t2\t2\t2" in said.out.splitlines()
    assert "leaks: none" in said.out
    assert f"sha256: {json.loads(out.read_text())['sha256']}" in said.out
    again = mien("data", "folds", "synthetic-rgbd", root, "--protocol", "frozen", "--set", f"file={out}")
    assert again.out.splitlines()[:-1] == said.out.splitlines()[:-2]


def test_leaks_of_image_folds_are_shown(mien, root):
    said = mien("data", "folds", "synthetic-rgbd", root, "--protocol", "mff_image_folds")
    assert "leaks: 700 of 700 test images have another picture of the same person in training" in said.out
    assert "100 folds of 70 samples, the first 10 shown" in said.out
    assert len([line for line in said.out.splitlines() if "\ttest\t" in line]) == 10


def test_crossval_writes_everything_and_says_it(mien, root, recipe, tmp_path):
    run = tmp_path / "run"
    words = ("crossval", recipe, "--data-root", root, "--run-dir", run, "--row", "image_folds")
    said = mien(*words, "--folds-only", "0,2")
    assert said.code == 0, said.err
    assert "fold 02  accuracy" in said.err
    assert "only 2 of 5 folds were run" in said.out
    assert "28 of 28 test images have another picture of the same person in training" in said.out
    assert "Mean over folds and standard deviation" in said.out
    report = Report.from_json((run / "report.json").read_text())
    assert report.recipe == "tiny-folds-image_folds"
    page = (run / "report.html").read_text()
    assert "standard deviation" in page
    assert "What this protocol leaks" in page
    assert "bootstrap over subjects" in page
    assert report.protocol.sha256 in page
    with (run / "folds.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["fold"] for row in rows] == ["fold 1 of 5", "fold 3 of 5"]
    assert len((run / "predictions.csv").read_text().splitlines()) == 29
    assert (run / "report.csv").is_file()
    twice = mien("compare", run, run)
    assert twice.code == 0, twice.err
    assert "run and run (2) give the same answer to every sample." in twice.out
    assert "note: run: only 2 of 5 folds were run" in twice.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("crossval", "{recipe}", "--folds-only", "a"), "expected whole numbers"),
        (("crossval", "{recipe}", "--row", "imagefolds"), "did you mean 'image_folds'"),
        (
            ("crossval", "{recipe}", "--set", "data.protocol.folds=11"),
            "at least 11 of them; there are 10",
        ),
        (("crossval", "{recipe}", "--set", "data.protocol=null"), "has no data.protocol"),
        (
            ("crossval", "{recipe}", "--set", "data.protocol={name: frozen, file: none.json}"),
            "none.json: No such",
        ),
        (("train", "{recipe}"), "a protocol of 5 folds"),
        (("data", "folds", "synthetic-rgbd", "{root}", "--group", "sequence"), "70 of 70 have none"),
        (("data", "folds", "synthetic-rgbd", "{root}", "--group", "people"), "group"),
        (("data", "folds", "synthetic-rgbd", "{root}", "--set", "repeat=2"), "did you mean 'repeats'"),
        (("data", "folds", "synthetic-rgbd", "{root}", "--protocol", "kfolds"), "did you mean 'kfold'"),
        (("data", "folds", "synthetic-rgbd", "{root}", "--out", "folds.txt"), "folds are written as .json"),
    ],
)
def test_wrong_usage_is_one_line(mien, root, recipe, tmp_path, words, says):
    filled = [word.replace("{recipe}", str(recipe)).replace("{root}", str(root)) for word in words]
    if words[0] != "data":
        filled += ["--data-root", str(root), "--run-dir", str(tmp_path / "run")]
    said = mien(*filled)
    assert said.code == 2, said.out
    assert says in said.err
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_one_fold_can_be_trained_alone(mien, root, recipe, tmp_path):
    said = mien("train", recipe, "--data-root", root, "--run-dir", tmp_path / "run", "--fold", 4)
    assert said.code == 0, said.err
    assert "best epoch 1" in said.out
    assert "mien evaluate" not in said.out


def test_a_folder_that_holds_one_is_not_overwritten(mien, root, recipe, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "protocol.json").write_text("{}")
    said = mien("crossval", recipe, "--data-root", root, "--run-dir", tmp_path / "run")
    assert said.code == 2
    assert "holds a cross-validation" in said.err
