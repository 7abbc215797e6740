"""A cross-validation of seconds: drawn faces of ten people, a tiny network, five folds of people."""

import json
from pathlib import Path

import numpy as np
import pytest

from mien import api
from mien.core.errors import MienError
from mien.data.fake import write_fake
from mien.engine.crossval import FoldListener, fold_folder, open_study, pooled, run_fold
from mien.engine.fit import Listener
from mien.engine.fold_parts import make_study
from mien.engine.parts import make_parts
from mien.metrics.classification import confusion

PEOPLE = (
    "data.name=synthetic-rgbd",
    "data.faces=ready",
    "data.train_split=all",
    "data.test_split=null",
    "data.protocol={name: kfold, folds: 5, val_fraction: 0.25}",
    "train.epochs=2",
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_fake("synthetic-rgbd", tmp_path_factory.mktemp("people"), n_per_class=8)


@pytest.fixture(scope="module")
def finished(tiny_recipe, root, tmp_path_factory):
    """All five folds, run once."""
    run = tmp_path_factory.mktemp("run") / "crossval"
    heard = []
    listener = FoldListener(on_done=lambda number, figures: heard.append(number))
    report, predictions = api.crossval(tiny_recipe(*PEOPLE), root, run, listener=listener)
    assert heard == [0, 1, 2, 3, 4]
    return run, report, predictions


def test_the_report_pools_the_folds(finished):
    run, report, predictions = finished
    assert report.n == 70 == len(set(predictions.ids))
    assert np.array_equal(report.matrix, confusion(predictions.truth, predictions.predicted, 7))
    rows = report.folds.rows
    assert [row.n for row in rows] == [14] * 5
    assert report.accuracy == pytest.approx(np.mean([row.accuracy for row in rows]))
    assert report.folds.accuracy.sd == pytest.approx(np.std([row.accuracy for row in rows], ddof=1))
    assert report.intervals.drawn == "subjects"
    assert report.protocol.leaks == ()
    assert report.protocol.sha256 == json.loads((run / "protocol.json").read_text())["sha256"]
    assert report.selected_on == "synthetic-rgbd 25% of each fold's training part, held out by subject"
    assert report.notes == ()
    assert len(set(predictions.subjects)) == 10
    assert {d.attribute for d in report.demographics} == set(predictions.groups) >= {"gender"}


def test_every_fold_is_a_run_folder_with_its_report(finished):
    run, _, _ = finished
    for i in range(5):
        files = {p.name for p in (run / f"fold-{i:02d}").iterdir()}
        assert files == {
            "best.safetensors", "fold.json", "history.json", "predictions.csv", "protocol.json",
            "recipe.json", "report.json",
        }  # fmt: skip
    facts = json.loads((run / "fold-00" / "protocol.json").read_text())
    people = {part: {i.split("/")[0] for i in ids} for part, ids in facts["parts"].items()}
    assert len(people["test"]) == 2
    assert not people["test"] & (people["train"] | people["val"])


def test_a_killed_cross_validation_goes_on_to_the_same_numbers(finished, tiny_recipe, root, tmp_path):
    _, unbroken, _ = finished

    class Killed(Exception):
        pass

    def die(state):
        raise Killed

    recipe, run = tiny_recipe(*PEOPLE), tmp_path / "run"
    api.crossval(recipe, root, run, only=[0])
    with pytest.raises(Killed):
        api.crossval(
            recipe, root, run, only=[1], resume=True, listener=FoldListener(run=Listener(on_epoch=die))
        )
    stamp = (run / "fold-00" / "best.safetensors").stat().st_mtime_ns
    started = []
    report, _ = api.crossval(
        recipe, root, run, resume=True, listener=FoldListener(on_fold=lambda n, name: started.append(n))
    )
    assert started == [1, 2, 3, 4]
    assert (run / "fold-00" / "best.safetensors").stat().st_mtime_ns == stamp
    assert report.confusion == unbroken.confusion
    assert report.data_hash == unbroken.data_hash


def test_some_folds_are_no_full_cross_validation(finished, tiny_recipe, root, tmp_path):
    _, whole, _ = finished
    report, _ = api.crossval(tiny_recipe(*PEOPLE), root, tmp_path / "run", only=[3])
    assert report.notes == ("only 1 of 5 folds were run, so this is no full cross-validation",)
    assert report.folds.rows[0].accuracy == whole.folds.rows[3].accuracy
    assert report.folds.accuracy.sd is None


@pytest.mark.slow
def test_folds_side_by_side_give_the_same_folds(finished, tiny_recipe, root, tmp_path):
    _, alone, _ = finished
    heard = []
    listener = FoldListener(
        on_fold=lambda n, name: heard.append(("fold", n)),
        on_line=lambda n, line: heard.append(("line", n)),
        on_done=lambda n, figures: heard.append(("done", n)),
    )
    report, _ = api.crossval(
        tiny_recipe(*PEOPLE), root, tmp_path / "run", only=[0, 1], jobs=2, listener=listener
    )
    assert sorted(heard) == [
        ("done", 0), ("done", 1), ("fold", 0), ("fold", 1),
        ("line", 0), ("line", 0), ("line", 1), ("line", 1),
    ]  # fmt: skip
    for mine, other in zip(report.folds.rows, alone.folds.rows, strict=False):
        assert (mine.name, mine.n, mine.n_train) == (other.name, other.n, other.n_train)


@pytest.mark.slow
def test_what_fails_in_a_process_is_one_line(finished, tiny_recipe, root, tmp_path):
    api.crossval(tiny_recipe(*PEOPLE), root, tmp_path / "run", only=[0])
    for i in (1, 2):
        (tmp_path / "run" / f"fold-0{i}").write_text("a file where a folder should be")
    with pytest.raises(MienError, match=r"fold-0\d"):
        api.crossval(tiny_recipe(*PEOPLE), root, tmp_path / "run", only=[1, 2], jobs=2, resume=True)


def test_paper_parity_says_what_it_leaks(tiny_recipe, root, tmp_path):
    words = (
        *PEOPLE[:4],
        "data.protocol={name: thesis_sample_folds}",
        "train.epochs=1",
        "train.select=best_test",
    )
    report, _ = api.crossval(tiny_recipe(*words), root, tmp_path / "run", only=[0])
    assert report.protocol.leaks == (
        "14 of 14 test images have another picture of the same person in training",
        "the checkpoint of each fold was picked on its reported part, so figures are too high",
    )
    assert report.selected_on == "synthetic-rgbd test part of each fold"
    assert report.calibration.temperature == 1.0  # nothing was held out to fit it on
    parts = make_parts(tiny_recipe(*words), root, fold=0)
    assert parts.val is None
    assert parts.select.ids == parts.protocol.parts["test"]


def test_without_selection_the_reported_part_decides_nothing(tiny_recipe, root):
    words = (*PEOPLE[:4], "data.protocol={name: mff_image_folds, repeats: 1}", "train.select=last")
    parts = make_parts(tiny_recipe(*words), root, fold=9)
    assert (parts.protocol.select_on, parts.val) == ("nothing", None)
    assert parts.spec.training.selected_on == "nothing: the last epoch"


def test_repeated_folds_pool_their_counts_over_pictures(tiny_recipe, root, tmp_path):
    words = (
        *PEOPLE[:4],
        "data.protocol={name: repeated_split, repeats: 2, train_fraction: 0.5}",
        "train.epochs=1",
    )
    report, predictions = api.crossval(tiny_recipe(*words), root, tmp_path / "run")
    assert report.n == 70
    assert len(set(predictions.ids)) < 70  # some are tested twice
    assert [row.name for row in report.folds.rows] == ["repetition 1", "repetition 2"]


def test_eightfold_training_pictures(tiny_recipe, root):
    words = (*PEOPLE[:4], "data.protocol={name: kfold, folds: 5, eightfold: training}")
    parts = make_parts(tiny_recipe(*words), root, fold=0)
    plain = make_parts(tiny_recipe(*PEOPLE[:4], "data.protocol={name: kfold, folds: 5}"), root, fold=0)
    assert (len(parts.train), len(parts.val)) == (8 * len(plain.train), len(plain.val))
    places = {i: n for n, i in enumerate(parts.train.ids)}
    one = plain.train.ids[0]
    original, mirrored = (parts.train.images[places[i]] for i in (one, f"{one}#mirrored"))
    assert (original.flip(-1) == mirrored).all()


def test_each_picture_is_read_once(tiny_recipe, root, monkeypatch):
    import mien.data.crops as crops

    read = []
    monkeypatch.setattr(crops, "read_picture", lambda image: read.append(image) or _read(image))
    study = make_study(tiny_recipe(*PEOPLE), root)
    from mien.engine.fold_parts import fold_parts

    for fold in study.folds.folds:
        fold_parts(study, fold)
    assert len(read) == len(set(read)) == 70


def _read(image):
    from mien.data.pictures import read_picture

    return read_picture(image)


def test_folders_have_the_digits_they_need(tiny_recipe, root):
    words = (*PEOPLE[:4], "data.protocol={name: repeated_split, repeats: 101}")
    study = make_study(tiny_recipe(*words), root)
    assert fold_folder(study, Path("run"), 7) == Path("run/fold-007")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (("train.lr=0.1",), r"was started with another recipe: train\.lr was 0\.005, is 0\.1"),
        (("data.protocol.seed=3",), r"another recipe: data\.protocol\.seed was 0, is 3"),
    ],
)
def test_another_recipe_is_refused(finished, tiny_recipe, root, changes, says):
    run, _, _ = finished
    with pytest.raises(MienError, match=says):
        open_study(tiny_recipe(*PEOPLE, *changes), root, run, resume=True)


def test_other_data_are_refused(finished, tiny_recipe, tmp_path):
    run, _, _ = finished
    other = write_fake("synthetic-rgbd", tmp_path / "other", n_per_class=9)
    with pytest.raises(MienError, match="was started on other samples"):
        open_study(tiny_recipe(*PEOPLE), other, run, resume=True)


def test_a_damaged_fold_is_named(tiny_recipe, root, tmp_path):
    recipe, run = tiny_recipe(*PEOPLE, "train.epochs=1"), tmp_path / "run"
    api.crossval(recipe, root, run, only=[0])
    study = open_study(recipe, root, run, resume=True)
    (run / "fold-00" / "predictions.csv").unlink()
    with pytest.raises(MienError, match="fold-00 is damaged: delete it and go on by --resume"):
        pooled(study, run)
    (run / "fold-00" / "fold.json").write_text("{}")
    with pytest.raises(MienError, match=r"fold\.json is damaged"):
        run_fold(study, run, 0, FoldListener())


def test_wrong_numbers_and_missing_protocols_are_told_first(tiny_recipe, root, tmp_path):
    with pytest.raises(MienError, match="has folds 0 to 4, none of number 5"):
        api.crossval(tiny_recipe(*PEOPLE), root, tmp_path / "a", only=[0, 5])
    assert not (tmp_path / "a" / "fold-00").exists()
    with pytest.raises(MienError, match=r"has no data\.protocol to divide its data by"):
        api.crossval(tiny_recipe(), root, tmp_path / "b")
    with pytest.raises(MienError, match="a protocol of 5 folds: run all of them with `mien crossval`"):
        make_parts(tiny_recipe(*PEOPLE), root)
    with pytest.raises(MienError, match="so it has no folds"):
        make_parts(tiny_recipe(), root, fold=0)


def test_a_frozen_file_is_a_protocol(finished, tiny_recipe, root):
    run, _, _ = finished
    words = (*PEOPLE[:4], f"data.protocol={{name: frozen, file: {run / 'protocol.json'}}}")
    frozen, made = make_study(tiny_recipe(*words), root), make_study(tiny_recipe(*PEOPLE), root)
    assert (frozen.sha256, frozen.folds.folds) == (made.sha256, made.folds.folds)
