from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.data.datasets import DATASETS, load_dataset
from mien.data.fake import write_fake

NATIVE = ("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fake("ckplus", tmp_path, n_per_class=2)


def label_files(root: Path) -> list[Path]:
    return sorted((root / "Emotion").rglob("*.txt"))


def test_the_last_three_frames_of_each_labelled_sequence(root: Path) -> None:
    dataset = load_dataset("ckplus", root)
    assert dataset.labels.names == tuple(n for n in sorted(NATIVE) if n != "neutral")
    expected = {}
    for file in label_files(root):
        subject, number, peak, _ = file.stem.split("_")
        label = NATIVE[int(float(file.read_text()))]
        for frame in (int(peak) - 2, int(peak) - 1, int(peak)):
            name = f"{subject}/{number}/{subject}_{number}_{frame:08d}"
            expected[name] = (label, subject, f"{subject}/{number}", frame)
    assert {
        s.id: (dataset.labels.names[s.label], s.subject, s.sequence, s.frame) for s in dataset.samples
    } == expected
    assert len(expected) == 2 * 7 * 3
    assert not any("008" in (s.sequence or "") for s in dataset.samples)
    assert dataset.published == {"all": 981}
    assert not DATASETS["ckplus"].crops


def test_landmarks_and_action_units_where_they_are_there(root: Path) -> None:
    for sample in load_dataset("ckplus", root).samples:
        assert sample.meta["action_units"] == {4: 3.0, 25: 0.0}
        assert sample.face is not None
        right_eye, left_eye, nose, right_mouth, left_mouth = sample.face.points
        assert right_eye[0] < nose[0] < left_eye[0]
        assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])
    shutil.rmtree(root / "Landmarks")
    shutil.rmtree(root / "FACS")
    assert all(s.face is None and not s.meta for s in load_dataset("ckplus", root).samples)


def test_wrong_landmarks_are_named(root: Path) -> None:
    first, second = (s.id.split("/")[-1] for s in load_dataset("ckplus", root).samples[:2])
    place = root / "Landmarks" / "S005" / "001"
    (place / f"{first}_landmarks.txt").write_text("1.0 2.0\n")
    (place / f"{second}_landmarks.txt").write_text("1.0 two\n")
    with pytest.raises(MienError, match=r"\(2 in all\): .*_landmarks\.txt, .*_landmarks\.txt"):
        load_dataset("ckplus", root)


def test_frames_after_the_labelled_one_are_not_taken(root: Path) -> None:
    ids = {s.id for s in load_dataset("ckplus", root).samples}
    folder = root / "cohn-kanade-images" / "S005" / "001"
    last = sorted(folder.iterdir())[-1]
    (folder / "S005_001_00000099.png").write_bytes(last.read_bytes())
    (folder / ".DS_Store").write_bytes(b"")
    assert {s.id for s in load_dataset("ckplus", root).samples} == ids


def test_archives_unpacked_each_in_its_own_folder(root: Path) -> None:
    ids = [s.id for s in load_dataset("ckplus", root).samples]
    for archive, name in (
        ("extended-cohn-kanade-images", "cohn-kanade-images"),
        ("Emotion_labels", "Emotion"),
    ):
        (root / archive).mkdir()
        (root / name).rename(root / archive / name)
    assert [s.id for s in load_dataset("ckplus", root).samples] == ids


@pytest.mark.parametrize("text", ["8.0", "0.0", "2.5", "happy", "", "nan"])
def test_a_wrong_label_is_named(root: Path, text: str) -> None:
    file = label_files(root)[3]
    file.write_text(text)
    with pytest.raises(MienError, match=rf"from 1 to 7 \(1 in all\): S005/004/{file.name}"):
        load_dataset("ckplus", root)


def test_sequences_without_their_peak_are_named(root: Path) -> None:
    folder = root / "cohn-kanade-images" / "S006"
    sorted((folder / "002").iterdir())[-1].unlink()
    for path in sorted((folder / "003").iterdir())[:-2]:
        path.unlink()
    (folder / "004").rename(folder / "044")
    with pytest.raises(MienError, match=r"\(3 in all\): S006/002, S006/003, S006/004$"):
        load_dataset("ckplus", root)


def test_a_half_unpacked_or_other_folder_is_refused(root: Path, tmp_path: Path) -> None:
    for file in label_files(root):
        file.unlink()
    with pytest.raises(MienError, match=r"holds no S\.\.\._emotion\.txt"):
        load_dataset("ckplus", root)
    (root / "Emotion").rename(root / "AUs")
    with pytest.raises(
        MienError, match=r"expected the folder Emotion or .*; found AUs, FACS, Landmarks, cohn-kanade-images"
    ):
        load_dataset("ckplus", root)
    with pytest.raises(MienError, match=r"no CK\+ in .*; found jaffe"):
        load_dataset("ckplus", write_fake("jaffe", tmp_path / "other", 1))
