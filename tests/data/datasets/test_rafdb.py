from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.data.datasets import DATASETS, load_dataset
from mien.data.fake import write_fake

BASIC = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
LIST = "EmoLabel/list_patition_label.txt"


def lines(folder: Path) -> list[str]:
    return (folder / LIST).read_text().splitlines()


def rewrite(folder: Path, text: list[str]) -> None:
    (folder / LIST).write_text("\n".join(text))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fake("rafdb", tmp_path, n_per_class=3)


def test_labels_splits_and_pictures_are_those_of_the_list(root: Path) -> None:
    dataset = load_dataset("rafdb", root)
    listed = dict(line.split() for line in lines(root / "basic"))
    assert {s.id: dataset.labels.names[s.label] for s in dataset.samples} == {
        name: BASIC[int(n) - 1] for name, n in listed.items()
    }
    assert all(s.split == s.id.split("_")[0] for s in dataset.samples)
    assert (len(dataset.split("train")), len(dataset.split("test"))) == (21, 14)
    assert all(isinstance(s.image, Path) and s.image.stem == f"{s.id[:-4]}_aligned" for s in dataset.samples)
    assert dataset.published == {"train": 12_271, "test": 3_068}
    assert DATASETS["rafdb"].crops


def test_attributes_are_read_by_their_place(root: Path) -> None:
    file = root / "basic" / "Annotation" / "manual" / "test_00001_manu_attri.txt"
    file.write_text("\n".join([*["1.0\t2.0"] * 5, "1", "2", "3"]))
    (sample,) = (s for s in load_dataset("rafdb", root).samples if s.id == "test_00001.jpg")
    assert sample.meta == {"gender": "female", "race": "Asian", "age": "40-69"}
    shutil.rmtree(root / "basic" / "Annotation")
    assert all(not s.meta for s in load_dataset("rafdb", root).samples)


def test_the_folder_itself_may_be_given_in_any_case(root: Path) -> None:
    ids = [s.id for s in load_dataset("rafdb", root / "basic").samples]
    (root / "basic" / "Image" / "aligned").rename(root / "basic" / "Image" / "Aligned")
    (root / "basic").rename(root / "Basic")
    assert [s.id for s in load_dataset("rafdb", root).samples] == ids


def test_compound_integers(tmp_path: Path) -> None:
    folder = write_fake("rafdb-compound", tmp_path, n_per_class=1) / "compound"
    dataset = load_dataset("rafdb-compound", tmp_path)
    by_integer = {int(line.split()[1]): line.split()[0] for line in lines(folder)}
    names = {s.id: dataset.labels.names[s.label] for s in dataset.samples}
    assert [names[by_integer[i]] for i in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)] == [
        "happily_surprised",
        "happily_disgusted",
        "sadly_fearful",
        "sadly_angry",
        "sadly_surprised",
        "sadly_disgusted",
        "fearfully_angry",
        "fearfully_surprised",
        "angrily_surprised",
        "angrily_disgusted",
        "disgustedly_surprised",
    ]
    assert dataset.published == {"train": 3_162, "test": 792}


def test_the_one_set_is_not_taken_for_the_other(root: Path, tmp_path: Path) -> None:
    with pytest.raises(
        MienError, match=r"it has no picture of class \(4 in all\): 8 \(fearfully_surprised\)"
    ):
        load_dataset("rafdb-compound", root / "basic")
    compound = write_fake("rafdb-compound", tmp_path / "other", n_per_class=1)
    with pytest.raises(MienError, match="with N from 1 to 7, each once"):
        load_dataset("rafdb", compound / "compound")
    with pytest.raises(MienError, match="expected the folder basic/EmoLabel or EmoLabel; found compound"):
        load_dataset("rafdb", compound)


@pytest.mark.parametrize(
    "bad", ["train_00001.jpg 8", "train_00001.jpg", "val_00001.jpg 3", "train_00002.jpg 1"]
)
def test_a_wrong_line_is_named(root: Path, bad: str) -> None:
    text = lines(root / "basic")
    rewrite(root / "basic", [bad, *text[1:]])
    with pytest.raises(MienError, match=r"\(1 in all\): line [12] ") as caught:
        load_dataset("rafdb", root)
    assert "\n" not in str(caught.value)


def test_missing_pictures_are_counted_and_the_first_named(root: Path) -> None:
    aligned = root / "basic" / "Image" / "aligned"
    for number in (1, 2, 3, 4):
        (aligned / f"test_{number:05d}_aligned.jpg").unlink()
    (aligned / "test_00002_aligned.jpg").symlink_to("nowhere.jpg")
    with pytest.raises(MienError, match=r"links that point nowhere \(1 in all\): test_00002_aligned"):
        load_dataset("rafdb", root)
    (aligned / "test_00002_aligned.jpg").unlink()
    with pytest.raises(MienError, match=r"lists \(4 in all\): (test_0000\d_aligned.jpg, ){3}\.\.\."):
        load_dataset("rafdb", root)
    shutil.rmtree(aligned)
    with pytest.raises(MienError, match="expected the folder Image/aligned"):
        load_dataset("rafdb", root)


def test_damaged_annotations_are_named(root: Path) -> None:
    manual = root / "basic" / "Annotation" / "manual"
    (manual / "train_00001_manu_attri.txt").write_text("1 2\n" * 5 + "1\n")
    (manual / "train_00002_manu_attri.txt").write_text("1 2\n" * 5 + "1\n3\n0\n")
    with pytest.raises(MienError, match=r"\(2 in all\)"):
        load_dataset("rafdb", root)
    (root / "basic" / LIST).unlink()
    with pytest.raises(MienError, match="half unpacked"):
        load_dataset("rafdb", root)
