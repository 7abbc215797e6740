from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import InputError, MienError
from mien.data.datasets import load_dataset
from mien.data.datasets.affectnet import read_number
from mien.data.fake import write_fake

NATIVE = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fake("affectnet", tmp_path, n_per_class=3)


def annotation(root: Path, sample_id: str, ending: str) -> Path:
    split, number = sample_id.split("/")
    return root / f"{split}_set" / "annotations" / f"{number}_{ending}.npy"


def test_eight_classes(root: Path) -> None:
    dataset = load_dataset("affectnet", root)
    assert dataset.labels.names == tuple(sorted(NATIVE))
    for sample in dataset.samples:
        expression = int(np.load(annotation(root, sample.id, "exp")).item())
        assert dataset.labels.names[sample.label] == NATIVE[expression]
    assert (len(dataset.split("train")), len(dataset.split("val"))) == (24, 16)
    assert dataset.published == {"train": 287_651, "val": 4_000}


def test_seven_classes_leave_contempt_out(root: Path) -> None:
    eight, seven = load_dataset("affectnet", root), load_dataset("affectnet7", root)
    kept = {s.id: eight.labels.names[s.label] for s in eight.samples if s.label != 1}
    assert {s.id: seven.labels.names[s.label] for s in seven.samples} == kept
    assert len(kept) == 35
    assert seven.published == {"train": 283_901, "val": 3_500}


def test_pictures_stand_in_the_order_of_their_numbers(root: Path) -> None:
    numbers = [int(s.id.split("/")[1]) for s in load_dataset("affectnet", root).split("train")]
    assert numbers == sorted(numbers)


def test_valence_and_arousal_are_read_when_asked_for(root: Path) -> None:
    sample = load_dataset("affectnet", root).samples[0]
    assert set(sample.meta) == {"valence", "arousal"}
    assert sample.meta["valence"] == pytest.approx(np.load(annotation(root, sample.id, "val")).item(), abs=0)
    assert sample.meta["arousal"] == pytest.approx(np.load(annotation(root, sample.id, "aro")).item(), abs=0)
    annotation(root, sample.id, "aro").unlink()
    with pytest.raises(InputError, match="No such file"):
        sample.meta["arousal"]
    with pytest.raises(KeyError):
        sample.meta["dominance"]


def test_faces_without_an_emotion_are_left_out(root: Path) -> None:
    first, second = load_dataset("affectnet", root).samples[:2]
    np.save(annotation(root, first.id, "exp"), np.array(8))
    np.save(annotation(root, second.id, "exp"), np.array("10"))
    assert not {first.id, second.id} & {s.id for s in load_dataset("affectnet", root).samples}


@pytest.mark.parametrize(
    "value", [np.array("11"), np.array(1.5), np.array([1, 2]), np.array("happy"), np.array(np.nan)]
)
def test_wrong_expressions_are_named(root: Path, value: np.ndarray) -> None:
    np.save(root / "train_set" / "annotations" / "3_exp.npy", value)
    with pytest.raises(MienError, match=r"expected an expression from 0 to 10 \(1 in all\): 3_exp\.npy"):
        load_dataset("affectnet", root)


def test_numbers_in_every_form_and_nothing_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    for array in (np.array("-0.25"), np.array(-0.25), np.array([-0.25], np.float32), np.array(["-0.25"])):
        np.save(path, array)
        assert read_number(path) == -0.25
    np.save(path, np.array({"a": 1}, dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="expected one number"):
        read_number(path)
    for content in (b"", b"\x93NUMPY", pickle.dumps(3), b"\x93NUMPY\x01\x00\x03\x00{'d"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="expected one number"):
            read_number(path)
    np.save(path, np.array("1"))
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(InputError, match="expected one number"):
        read_number(path)


def test_pictures_and_annotations_must_match(root: Path) -> None:
    (root / "train_set" / "annotations" / "5_exp.npy").unlink()
    with pytest.raises(MienError, match=r"no _exp\.npy for pictures \(1 in all\): 5"):
        load_dataset("affectnet", root)
    (root / "train_set" / "images" / "5.jpg").unlink()
    for number in (1, 2, 3, 4):
        (root / "train_set" / "images" / f"{number}.jpg").unlink()
    with pytest.raises(MienError, match=r"no picture for annotations \(4 in all\): 1, 2, 3, \.\.\."):
        load_dataset("affectnet", root)


def test_a_half_unpacked_or_other_folder_is_refused(root: Path, tmp_path: Path) -> None:
    (root / "val_set").rename(root / "validation")
    with pytest.raises(MienError, match="expected the folder val_set; found train_set, validation"):
        load_dataset("affectnet", root)
    with pytest.raises(MienError, match="expected the folder train_set; found basic"):
        load_dataset("affectnet", write_fake("rafdb", tmp_path / "raf", 1))
    for part in ("images", "annotations"):
        (root / "val_set" / part).mkdir(parents=True)
    with pytest.raises(MienError, match="folders without a picture"):
        load_dataset("affectnet", root)
