from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.core.labels import BASIC6
from mien.data.datasets import load_dataset
from mien.data.fake import write_fake


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fake("oulu-casia", tmp_path, n_per_class=2)


def strong(root: Path) -> Path:
    return root / "OriginalImg" / "VL" / "Strong"


def test_the_last_three_frames_of_each_strongly_lit_sequence(root: Path) -> None:
    dataset = load_dataset("oulu-casia", root)
    expected = {}
    for sequence in strong(root).glob("*/*"):
        person = sequence.parent.name
        for path in sorted(sequence.iterdir())[-3:]:
            name = f"{person}/{sequence.name}"
            expected[f"{name}/{path.stem}"] = (sequence.name.lower(), person, name, int(path.stem))
    assert {
        s.id: (dataset.labels.names[s.label], s.subject, s.sequence, s.frame) for s in dataset.samples
    } == expected
    assert len(expected) == 2 * 6 * 3
    assert dataset.labels == BASIC6
    assert dataset.published == {"all": 1_440}


def test_other_ways_of_unpacking(root: Path) -> None:
    ids = [s.id for s in load_dataset("oulu-casia", root).samples]
    assert [s.id for s in load_dataset("oulu-casia", root / "OriginalImg").samples] == ids
    (root / "OriginalImg").rename(root / "b_originalimg")
    assert [s.id for s in load_dataset("oulu-casia", root).samples] == ids


def test_incomplete_sequences_and_people_are_named(root: Path) -> None:
    for path in sorted((strong(root) / "P001" / "Fear").iterdir())[2:]:
        path.unlink()
    with pytest.raises(MienError, match=r"fewer than 3 pictures \(1 in all\): P001/Fear"):
        load_dataset("oulu-casia", root)
    (strong(root) / "P002" / "Happiness").rename(strong(root) / "P002" / "Hapiness")
    with pytest.raises(
        MienError, match=r"P002 lacks the folders of happiness; found Anger, Disgust, Fear, Hapiness"
    ):
        load_dataset("oulu-casia", root)


def test_a_half_unpacked_or_other_folder_is_refused(root: Path, tmp_path: Path) -> None:
    shutil.rmtree(strong(root))
    with pytest.raises(MienError, match="expected the folder OriginalImg/VL/Strong or"):
        load_dataset("oulu-casia", root)
    strong(root).mkdir()
    with pytest.raises(MienError, match="holds no folders P001 to P080"):
        load_dataset("oulu-casia", root)
    other = write_fake("jaffe", tmp_path / "other", 1)
    with pytest.raises(MienError, match=r"no Oulu-CASIA in .*; found jaffe"):
        load_dataset("oulu-casia", other)
