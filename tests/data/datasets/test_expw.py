from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.data.audit import audit
from mien.data.datasets import load_dataset
from mien.data.fake import write_fake

NATIVE = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fake("expw", tmp_path, n_per_class=2)


def test_each_line_is_a_face(root: Path) -> None:
    dataset = load_dataset("expw", root)
    lines = [line.split() for line in (root / "label" / "label.lst").read_text().splitlines()]
    assert len(dataset.samples) == len(lines) == 14
    for sample, (name, face, top, left, right, bottom, confidence, label) in zip(
        dataset.samples, lines, strict=True
    ):
        assert sample.id == f"{name[:-4]}/{face}"
        assert sample.image == root / "image" / "origin" / name
        assert dataset.labels.names[sample.label] == NATIVE[int(label)]
        assert sample.box == (int(left), int(top), int(right) - int(left), int(bottom) - int(top))
        assert sample.meta == {"confidence": float(confidence)}
    assert dataset.published == {"all": 91_793}


def test_top_comes_before_left(root: Path) -> None:
    name = next((root / "image" / "origin").iterdir()).name
    (root / "label" / "label.lst").write_text(f"{name} 0 10 20 50 70 99.5 3\n")
    (sample,) = load_dataset("expw", root).samples
    assert sample.box == (20, 10, 30, 60)


def test_a_repeated_line_is_a_sample_with_an_id_of_its_own(root: Path) -> None:
    listed = root / "label" / "label.lst"
    first = listed.read_text().splitlines()[0]
    listed.write_text(listed.read_text() + f"{first}\n\n")
    ids = [s.id for s in load_dataset("expw", root).samples]
    assert len(set(ids)) == len(ids) == 15
    assert ids[-1] == f"{ids[0]}#2"


def test_faces_of_one_photograph_are_no_copies_but_a_repeated_line_is(root: Path) -> None:
    assert audit(load_dataset("expw", root), near=False).exact == ()
    listed = root / "label" / "label.lst"
    listed.write_text(listed.read_text() + listed.read_text().splitlines()[0])
    dataset = load_dataset("expw", root)
    assert audit(dataset, near=False).exact == ((dataset.samples[0].id, dataset.samples[-1].id),)


def test_list_and_pictures_side_by_side(root: Path) -> None:
    ids = [s.id for s in load_dataset("expw", root).samples]
    (root / "label" / "label.lst").rename(root / "label.lst")
    shutil.move(root / "image" / "origin", root / "origin")
    shutil.rmtree(root / "image")
    (root / "origin").rename(root / "image")
    assert [s.id for s in load_dataset("expw", root).samples] == ids


@pytest.mark.parametrize(
    "bad",
    [
        "a.jpg 0 10 20 50 70 99.5 7",
        "a.jpg 0 10 20 50 70 99.5",
        "a.jpg 0 10 20 50 70 99.5 happy",
        "a.jpg 0 10 20 20 70 99.5 3",
        "a.jpg 0 70 20 50 70 99.5 3",
    ],
)
def test_a_wrong_line_is_named(root: Path, bad: str) -> None:
    listed = root / "label" / "label.lst"
    listed.write_text(listed.read_text() + f"{bad}\n")
    with pytest.raises(MienError, match=r"emotion from 0 to 6 \(1 in all\): line 15 'a\.jpg"):
        load_dataset("expw", root)


def test_missing_pictures_are_counted_once_each(root: Path) -> None:
    for path in sorted((root / "image" / "origin").iterdir())[:4]:
        path.unlink()
    with pytest.raises(MienError, match=r"lists \(4 in all\): .*\.jpg, .*\.jpg, .*\.jpg, \.\.\."):
        load_dataset("expw", root)
    shutil.rmtree(root / "image")
    with pytest.raises(MienError, match="expected the folder image/origin or"):
        load_dataset("expw", root)


def test_an_empty_list_or_another_folder_is_refused(root: Path, tmp_path: Path) -> None:
    (root / "label" / "label.lst").write_text("\n")
    with pytest.raises(MienError, match="holds no lines"):
        load_dataset("expw", root)
    with pytest.raises(MienError, match=r"no ExpW in .*: expected label/label\.lst and image/origin/"):
        load_dataset("expw", write_fake("jaffe", tmp_path / "other", 1))
