from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.data.datasets import load_dataset
from mien.data.fake import write_fake

EMOTIONS = {
    "Angry": "anger",
    "Disgust": "disgust",
    "Fear": "fear",
    "Happy": "happiness",
    "Sad": "sadness",
    "Surprise": "surprise",
}
TASKS = {
    "T1": "happiness",
    "T2": "sadness",
    "T3": "surprise",
    "T4": "embarrassment",
    "T5": "fear",
    "T6": "pain",
    "T7": "anger",
    "T8": "disgust",
}


@pytest.mark.parametrize(("name", "folders", "n"), [("bu4dfe", EMOTIONS, 606), ("bu4dfe-s", TASKS, 328)])
def test_three_frames_in_the_middle_of_every_sequence(
    name: str, folders: dict[str, str], n: int, tmp_path: Path
) -> None:
    dataset = load_dataset(name, write_fake(name, tmp_path, n_per_class=2))
    assert dataset.published == {"all": 3 * n}
    assert {s.subject for s in dataset.samples} == {"F001", "M001"}
    by_sequence: dict[str, list[int]] = {}
    for sample in dataset.samples:
        person, folder, stem = sample.id.split("/")
        assert dataset.labels.names[sample.label] == folders[folder]
        assert (sample.sequence, sample.frame) == (f"{person}/{folder}", int(stem))
        assert sample.depth == tmp_path / person / folder / f"{stem}.wrl"
        assert sample.meta["mesh"] == str(sample.depth)
        by_sequence.setdefault(str(sample.sequence), []).append(int(stem))
    assert len(by_sequence) == 2 * len(folders)
    for sequence, frames in by_sequence.items():
        pictures = sorted(int(p.stem) for p in (tmp_path / sequence).glob("*.jpg"))
        assert frames == pictures[(len(pictures) - 3) // 2 :][:3]


def test_action_units_are_those_of_the_frame(tmp_path: Path) -> None:
    write_fake("bu4dfe-s", tmp_path, n_per_class=1)
    samples = load_dataset("bu4dfe-s", tmp_path).samples
    assert {s.meta["action_units"] for s in samples} == {(6, 12)}
    path = tmp_path / "AUCoding" / "F001_T1.csv"
    header, *rows = path.read_text(encoding="ascii").splitlines()
    rows = [",".join([row.split(",")[0], "1", "9", *["0"] * 97]) for row in rows]  # 9: not to be seen
    path.write_text("\n".join([header, *rows]), encoding="ascii")
    units = {s.meta["action_units"] for s in load_dataset("bu4dfe-s", tmp_path).samples if "/T1/" in s.id}
    assert units == {(1,)}
    path.write_text("\n".join([header, *rows[:2]]), encoding="ascii")
    with pytest.raises(MienError, match=r"fewer than 3 pictures \(1 in all\): F001/T1"):
        load_dataset("bu4dfe-s", tmp_path)


def test_without_coding_the_middle_of_the_sequence(tmp_path: Path) -> None:
    ids = {s.id for s in load_dataset("bu4dfe-s", write_fake("bu4dfe-s", tmp_path, 1)).samples}
    shutil.rmtree(tmp_path / "AUCoding")
    samples = load_dataset("bu4dfe-s", tmp_path).samples
    assert {s.id for s in samples} == ids  # the coded part is in the middle
    assert all("action_units" not in s.meta for s in samples)
