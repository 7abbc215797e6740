import dataclasses
import json

import pytest

from mien.core.errors import MienError
from mien.core.protocol_choice import parse_protocol
from mien.data.fold_file import folds_for, folds_json, folds_sha256, read_folds
from mien.data.folds import make_folds

from .test_folds import LABELS, made, sequences


@pytest.fixture
def frozen(tmp_path):
    path = tmp_path / "folds.json"
    path.write_text(folds_json(made(name="kfold", folds=5, repeats=2)), encoding="utf-8")
    return path


def test_what_is_read_is_what_was_frozen(frozen):
    folds = made(name="kfold", folds=5, repeats=2)
    again = read_folds(frozen, sequences()[::-1], LABELS)
    assert (again.choice, again.folds, folds_sha256(again)) == (
        folds.choice,
        folds.folds,
        folds_sha256(folds),
    )
    assert json.loads(frozen.read_text())["sha256"] == folds_sha256(folds)
    choice = parse_protocol({"name": "frozen", "file": str(frozen)})
    assert folds_for(sequences(), LABELS, choice).folds == folds.folds


@pytest.mark.parametrize("eightfold", ["training", "before_split"])
def test_altered_copies_are_made_again(tmp_path, eightfold):
    folds = made(name="kfold", folds=5, group="image", eightfold=eightfold)
    path = tmp_path / "folds.json"
    path.write_text(folds_json(folds), encoding="utf-8")
    assert read_folds(path, sequences(), LABELS).folds == folds.folds


def test_a_person_can_read_it(frozen):
    text = frozen.read_text()
    assert "2 x 5-fold by subject" in text
    assert '  ["00/0/0", "anger", "p00", "00/0"],' in text.splitlines()
    assert len(text.splitlines()) < 180 + 10 + 20


def test_other_seeds_and_other_data_have_other_hashes():
    one = folds_sha256(made(name="kfold", folds=5))
    assert folds_sha256(made(sequences()[::-1], name="kfold", folds=5)) == one
    assert folds_sha256(made(name="kfold", folds=5, seed=1)) != one
    assert folds_sha256(made(sequences(21), name="kfold", folds=5)) != one


def test_a_changed_data_set_is_refused_with_what_differs(frozen):
    samples = sequences()
    relabelled = dataclasses.replace(samples[4], label=2)
    now = [*samples[2:4], relabelled, *samples[5:], dataclasses.replace(samples[0], id="new")]
    with pytest.raises(MienError) as told:
        read_folds(frozen, now, LABELS)
    assert str(told.value).endswith(
        "was frozen for other data: 2 samples are gone (00/0/0, 00/0/1); 1 are new (new); "
        "1 facts changed (00/1/1: 'fear' is now 'surprise')"
    )


def test_other_labels_are_refused(frozen):
    with pytest.raises(MienError, match="was frozen for the labels anger, fear, surprise; there are a, b, c"):
        read_folds(frozen, sequences(), ("a", "b", "c"))


def test_an_edited_or_broken_file_is_refused(frozen, tmp_path):
    text = frozen.read_text()
    parts = json.loads(text)["folds"][0]["parts"]
    frozen.write_text(text.replace(parts, parts[::-1], 1))
    with pytest.raises(MienError, match="was changed after it was frozen"):
        read_folds(frozen, sequences(), LABELS)
    for broken in (
        text[:-20],
        "[]",
        "{}",
        text.replace(parts, parts[:-1], 1),
        text.replace("kfold", "kfolt"),
    ):
        frozen.write_text(broken)
        with pytest.raises(MienError, match=r"damaged|there is no 'kfolt'"):
            read_folds(frozen, sequences(), LABELS)
    with pytest.raises(MienError, match="No such file"):
        read_folds(tmp_path / "none.json", sequences(), LABELS)


def test_a_thousand_folds_stay_small():
    folds = make_folds(sequences(100, 1), LABELS, parse_protocol({"name": "bu3dfe_60"}))
    assert len(folds.folds) == 1000
    assert len(folds_json(folds)) < 450_000
