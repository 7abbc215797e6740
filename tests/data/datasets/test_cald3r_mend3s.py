from __future__ import annotations

from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.data.datasets import DATASETS, load_dataset
from mien.data.depth import read_depth
from mien.data.fake import write_fake
from mien.data.pictures import read_picture

ORDER = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")


@pytest.mark.parametrize(("name", "subject", "n"), [("cald3r", "F001", 4_678), ("mend3s", "F01", 4_038)])
def test_pairs_labels_and_people_are_those_of_the_names(
    name: str, subject: str, n: int, tmp_path: Path
) -> None:
    dataset = load_dataset(name, write_fake(name, tmp_path, n_per_class=2))
    assert dataset.labels.names == dataset.info.native_labels == ORDER
    assert dataset.published == {"all": n}
    assert dataset.samples[0].subject == subject
    for sample in dataset.samples:
        gender, _, code, emotion = sample.id.split("/")[1].split("_")
        assert ORDER[sample.label] == emotion
        assert sample.meta == {"gender": gender, "code": code}
        assert isinstance(sample.depth, Path)
        assert sample.depth.name == f"{sample.id.split('/')[1]}_Depth.png"
        assert read_depth(sample.depth).shape == read_picture(sample.image).shape[:2]
    assert DATASETS[name].crops


def test_the_folder_itself_and_aligned_copies(tmp_path: Path) -> None:
    ids = [s.id for s in load_dataset("cald3r", write_fake("cald3r", tmp_path / "CalD3r", 1)).samples]
    assert [s.id for s in load_dataset("cald3r", tmp_path).samples] == ids
    for path in sorted(tmp_path.glob("*/Anger/*/*.png")):
        path.rename(path.with_name(f"aligned_{path.name}"))
    assert [s.subject for s in load_dataset("cald3r", tmp_path).samples] == ["F001"] * 7


def test_the_one_set_is_not_taken_for_the_other(tmp_path: Path) -> None:
    write_fake("mend3s", tmp_path, 1)
    with pytest.raises(MienError, match=r"not named as in CalD3r .*\(7 in all\): F_01_"):
        load_dataset("cald3r", tmp_path)


def test_a_picture_in_the_folder_of_another_emotion_is_named(tmp_path: Path) -> None:
    write_fake("cald3r", tmp_path, 1)
    for path in sorted(tmp_path.glob("Fear/*/*.png")):
        path.rename(tmp_path / "Anger" / path.parent.name / path.name)
    with pytest.raises(
        MienError, match=r"another emotion than their folders \(1 in all\): Anger/F_001_\d+_fear"
    ):
        load_dataset("cald3r", tmp_path)
