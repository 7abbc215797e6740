from __future__ import annotations

from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.data.datasets import load_dataset
from mien.data.fake import write_fake

CODES = {
    "AN": "anger",
    "DI": "disgust",
    "FE": "fear",
    "HA": "happiness",
    "NE": "neutral",
    "SA": "sadness",
    "SU": "surprise",
}


def test_names_say_who_and_what(tmp_path: Path) -> None:
    root = write_fake("jaffe", tmp_path, n_per_class=11)
    dataset = load_dataset("jaffe", root)
    expected = {path.stem: (CODES[path.name[3:5]], path.name[:2]) for path in (root / "jaffe").glob("*.tiff")}
    assert {s.id: (dataset.labels.names[s.label], s.subject) for s in dataset.samples} == expected
    assert len(expected) == 77
    assert {s.subject for s in dataset.samples} == {
        "KA", "KL", "KM", "KR", "MK", "NA", "NM", "TM", "UY", "YM",
    }  # fmt: skip
    assert {s.split for s in dataset.samples} == {"all"}
    assert dataset.published == {"all": 213}


def test_the_folder_of_pictures_itself_may_be_given(tmp_path: Path) -> None:
    write_fake("jaffe", tmp_path, n_per_class=1)
    (tmp_path / "jaffe" / "README_FIRST.txt").write_text("read")
    (tmp_path / "jaffe" / ".DS_Store").write_bytes(b"")
    assert len(load_dataset("jaffe", tmp_path / "jaffe").samples) == 7


def test_pictures_with_other_names_are_refused(tmp_path: Path) -> None:
    folder = write_fake("jaffe", tmp_path, n_per_class=1) / "jaffe"
    for name in ("KA.AN1.39", "XX.AN1.40", "KA.CO1.41", "KA-AN1-42"):
        (folder / f"{name}.tiff").write_bytes(b"")
    with pytest.raises(
        MienError, match=r"\(3 in all\): KA-AN1-42\.tiff, KA\.CO1\.41\.tiff, XX\.AN1\.40\.tiff"
    ):
        load_dataset("jaffe", tmp_path)


def test_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MienError, match="no JAFFE in"):
        load_dataset("jaffe", write_fake("folder", tmp_path, 1))
    (tmp_path / "jaffe").mkdir()
    with pytest.raises(MienError, match="no JAFFE in"):
        load_dataset("jaffe", tmp_path)
