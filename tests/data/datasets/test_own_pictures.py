"""The folder and the csv form of a user's own pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.labels import BASIC7
from mien.data.datasets import load_dataset
from mien.data.datasets._columns import POINTS
from mien.data.fake import write_fake


def put(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", np.full((4, 4), 9, np.uint8))[1].tobytes())
    return root


def table(root: Path, text: str, name: str = "labels.csv") -> Path:
    (root / name).write_text(text, encoding="utf-8")
    return root


def test_folder_aliases_become_the_canonical_label_space(tmp_path: Path) -> None:
    dataset = load_dataset("folder", write_fake("folder", tmp_path, n_per_class=2))
    assert dataset.labels == BASIC7
    assert {s.split for s in dataset.samples} == {"train", "val", "test"}
    by_folder = {s.id.split("/")[1]: dataset.labels.names[s.label] for s in dataset.samples}
    assert (by_folder["angry"], by_folder["happy"], by_folder["sad"]) == ("anger", "happiness", "sadness")


def test_folder_without_splits_is_all_train(tmp_path: Path) -> None:
    dataset = load_dataset(
        "folder", put(tmp_path, "Happy/a.PNG", "SAD/b c é.png", "SAD/deep/c.png", "SAD/notes.txt")
    )
    assert dataset.labels.names == ("happiness", "sadness")
    assert [(s.id, s.label, s.split) for s in dataset.samples] == [
        ("Happy/a.PNG", 0, "train"),
        ("SAD/b c é.png", 1, "train"),
        ("SAD/deep/c.png", 1, "train"),
    ]


def test_folder_with_names_of_its_own(tmp_path: Path) -> None:
    dataset = load_dataset("folder", put(tmp_path, "bored/a.png", "happy/b.png", ".hidden/c.png"))
    assert dataset.labels.names == ("bored", "happy")
    assert dataset.labels.kind == "mixture"


def test_folder_of_compound_emotions(tmp_path: Path) -> None:
    dataset = load_dataset("folder", put(tmp_path, "Happily Surprised/a.png", "sadly-angry/b.png"))
    assert dataset.labels.names == ("happily_surprised", "sadly_angry")
    assert dataset.labels.kind == "compound"


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ((), "expected at least two classes, got none"),
        (("happy/a.png",), "at least two classes, got happy"),
        (("happy/a.png", "happiness/b.png"), "two spellings of one emotion"),
        (("train/happy/a.png", "sad/b.png"), r"holds splits \(train\) beside other folders \(sad\)"),
        (("happy/a.txt", "sad/b.txt"), "no pictures in the class folders"),
    ],
)
def test_folder_says_what_is_wrong(names: tuple[str, ...], says: str, tmp_path: Path) -> None:
    with pytest.raises(MienError, match=says):
        load_dataset("folder", put(tmp_path, *names))


def test_csv_look_alike(tmp_path: Path) -> None:
    dataset = load_dataset("csv", write_fake("csv", tmp_path, n_per_class=2))
    assert dataset.labels == BASIC7
    assert all(s.soft_label is not None and s.soft_label.sum() == pytest.approx(1) for s in dataset.samples)
    assert all(s.subject is not None and s.subject.startswith(s.split) for s in dataset.samples)
    assert all(s.soft_label is not None and s.soft_label.argmax() == s.label for s in dataset.samples)


def test_csv_columns(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "sub/b.png", "c.png")
    table(
        tmp_path,
        "\ufeffimage,label,happiness,sadness,fear,light\na.png,Happy,3,1,0,dim\nsub/b.png,sad,,,,\nc.png,,0,0,2,\n",
    )
    dataset = load_dataset("csv", tmp_path)
    a, b, c = dataset.samples
    assert dataset.labels.names == ("fear", "happiness", "sadness")
    assert (a.label, b.label, c.label) == (1, 2, -1)
    assert a.soft_label is not None
    np.testing.assert_allclose(a.soft_label, [0, 0.75, 0.25])
    assert b.soft_label is None
    assert c.soft_label is not None
    assert (a.split, a.subject, a.meta) == ("train", None, {"light": "dim"})


def test_csv_optional_columns(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "d.png")
    points = ",".join(POINTS)
    table(
        tmp_path,
        f"id,image,label,sequence,frame,intensity,depth,depth_unit_mm,box_x,box_y,box_width,box_height,{points}\n"
        "one,a.png,happy,s1,4,0.5,d.png,0.1,1,2,3,4,0,1,2,3,4,5,6,7,8,9\n"
        "two,a.png,sad,,,,,,5,6,7,8,,,,,,,,,,\n"
        ",a.png,sad,,,,,,,,,,,,,,,,,,,\n",
    )
    one, two, three = load_dataset("csv", tmp_path).samples
    assert (one.id, two.id, three.id) == ("one", "two", "a.png")
    assert (one.sequence, one.frame, one.intensity, one.depth) == ("s1", 4, 0.5, tmp_path / "d.png")
    assert one.face is not None
    assert (one.face.box, one.box, one.depth_unit_mm) == ((1, 2, 3, 4), None, 0.1)
    np.testing.assert_array_equal(one.face.points.ravel(), range(10))
    assert (two.box, two.face, two.depth_unit_mm) == ((5, 6, 7, 8), None, 1.0)
    assert (three.box, three.frame, three.sequence, three.meta) == (None, None, None, {})


def test_csv_file_itself_or_the_only_one_in_a_folder(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.png")
    table(tmp_path, "image,label\na.png,calm\nb.png,tense\n", "mine.csv")
    assert load_dataset("csv", tmp_path).labels.names == ("calm", "tense")
    table(tmp_path, "x\n", "other.csv")
    assert len(load_dataset("csv", tmp_path / "mine.csv").samples) == 2
    with pytest.raises(MienError, match=r"mine\.csv, other\.csv; expected one csv"):
        load_dataset("csv", tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("image,emotion\na.png,happy\n", "lacks the columns label"),
        ("image,label\n", "has no rows"),
        (
            "image,label\na.png,happy\nmissing.png,sad\n",
            r"no such pictures \(1 in all\): line 3 .missing\.png",
        ),
        ("image,label\na.png,happy\na.png,sad\n", "line 3: 'a.png' stands in the table twice"),
        ("image,label,split\na.png,happy\n", "line 2: expected 3 fields"),
        ("image,label\na.png,happy,sad\n", "line 2: expected 2 fields"),
        (
            "image,label,sadness\na.png,happy,many\n",
            "line 2: expected a number in column sadness, got 'many'",
        ),
        ("image,label,sadness\na.png,happy,-1\n", "must be 0 or more"),
        ("image,label\na.png,happy\n", "at least two classes"),
        ("id,image,label\nx,a.png,happy\nx,a.png,sad\n", "line 3: 'x' stands in the table twice"),
        (
            "id,image,label,frame\nx,a.png,happy,1.5\ny,a.png,sad,\n",
            "line 2: expected a whole number in column",
        ),
        (
            "id,image,label,intensity\nx,a.png,happy,nan\ny,a.png,sad,\n",
            "line 2: expected a number in column",
        ),
        ("id,image,label,depth\nx,a.png,happy,\ny,a.png,sad,no.png\n", "line 3: there is no depth"),
        (
            "id,image,label,box_x,box_y,box_width,box_height\nx,a.png,sad,,,,\ny,a.png,happy,1,2,3,\n",
            "line 3: column box_height is empty",
        ),
        (
            f"id,image,label,{','.join(POINTS)}\nx,a.png,sad,{'1,' * 9}1\ny,a.png,happy{',' * 10}\n",
            "line 2: the points of a face need its box",
        ),
    ],
)
def test_csv_says_what_is_wrong(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(MienError, match=says) as caught:
        load_dataset("csv", table(put(tmp_path, "a.png"), text))
    assert "\n" not in str(caught.value)


def test_csv_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(b"image,label\n\xff\xfe\x00,happy\n")
    with pytest.raises(MienError, match="no csv in UTF-8"):
        load_dataset("csv", tmp_path)
