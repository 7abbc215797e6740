from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.data.datasets import DATASETS, load_dataset
from mien.data.fake import write_fake

NAMES = {
    "Angry": "anger",
    "Disgust": "disgust",
    "Fear": "fear",
    "Happy": "happiness",
    "Neutral": "neutral",
    "Sad": "sadness",
    "Surprise": "surprise",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fake("sfew", tmp_path, n_per_class=3)


@pytest.mark.parametrize(
    ("name", "folders"),
    [
        ("sfew", {"Train": "Train", "Val": "Val"}),
        ("sfew-aligned", {"Train": "Train/Train_Aligned_Faces", "Val": "Val/Val_Aligned_Faces_new"}),
    ],
)
def test_labels_and_sequences_come_from_folders_and_names(
    root: Path, name: str, folders: dict[str, str]
) -> None:
    dataset = load_dataset(name, root)
    expected = {}
    for split, folder in folders.items():
        for path in (root / folder).glob("*/*.png"):
            film, time, frame = path.stem.rsplit("_", 2)
            label = NAMES[path.parent.name]
            expected[path] = (split, label, f"{film}_{time}", int(frame), {"film": film})
    found = {
        s.image: (s.split, dataset.labels.names[s.label], s.sequence, s.frame, s.meta)
        for s in dataset.samples
    }
    assert found == expected
    assert (len(dataset.split("Train")), len(dataset.split("Val"))) == (21, 14)


def test_whole_frames_have_published_counts_and_the_crops_have_none(root: Path) -> None:
    assert load_dataset("sfew", root).published == {"Train": 958, "Val": 436}
    assert load_dataset("sfew-aligned", root).published == {}
    assert (DATASETS["sfew"].crops, DATASETS["sfew-aligned"].crops) == (False, True)


def test_crops_unpacked_beside_one_another(root: Path) -> None:
    ids = [s.id for s in load_dataset("sfew-aligned", root).samples]
    for split in ("Train", "Val"):
        crops = next((root / split).glob("*_Aligned_*"))
        crops.rename(root / crops.name)
        shutil.rmtree(root / split)
    assert [s.id for s in load_dataset("sfew-aligned", root).samples] == ids


def test_only_crops_there_is_said(root: Path) -> None:
    for folder in NAMES:
        shutil.rmtree(root / "Train" / folder)
    with pytest.raises(MienError, match="holds only the aligned faces; read them as sfew-aligned"):
        load_dataset("sfew", root)


def test_missing_and_empty_classes_are_named(root: Path) -> None:
    for path in (root / "Val" / "Sad").iterdir():
        path.unlink()
    with pytest.raises(MienError, match=r"classes without a picture \(1 in all\): Sad"):
        load_dataset("sfew", root)
    (root / "Val" / "Fear").rename(root / "Val" / "Fair")
    with pytest.raises(MienError, match="lacks the folders of fear; found Angry, Disgust, Fair"):
        load_dataset("sfew", root)
    (root / "Val").rename(root / "Valid")
    with pytest.raises(MienError, match="expected the folder Val; found Train, Valid"):
        load_dataset("sfew", root)


def test_a_link_that_points_nowhere_is_named(root: Path) -> None:
    (root / "Train" / "Sad" / "lost_000001_000001.png").symlink_to(root / "nowhere.png")
    with pytest.raises(MienError, match=r"links that point nowhere \(1 in all\): lost_000001"):
        load_dataset("sfew", root)


def test_a_picture_with_a_name_of_its_own_has_no_sequence(root: Path) -> None:
    picture = next((root / "Train" / "Sad").iterdir())
    picture.rename(picture.with_name("été.png"))
    (sample,) = (s for s in load_dataset("sfew", root).samples if s.id == "Train/Sad/été")
    assert (sample.sequence, sample.frame, sample.meta) == (None, None, {})
