from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.labels import BASIC8
from mien.data.datasets import load_dataset
from mien.data.datasets.ferplus import majority_labels
from mien.data.fake import write_fake


@pytest.mark.parametrize(
    ("votes", "label"),
    [
        ([10, 0, 0, 0, 0, 0, 0, 0, 0, 0], "neutral"),
        ([0, 0, 0, 0, 0, 0, 0, 6, 4, 0], "contempt"),
        ([5, 5, 0, 0, 0, 0, 0, 0, 0, 0], None),  # exactly half is no majority
        ([4, 0, 0, 2, 1, 1, 1, 1, 0, 0], "neutral"),  # 4 of the 6 that remain without single votes
        ([4, 0, 0, 2, 0, 0, 0, 0, 2, 2], None),  # unknown and not-a-face count in the total
        ([0, 0, 0, 0, 0, 0, 0, 0, 10, 0], None),
        ([1, 0, 0, 0, 0, 0, 0, 0, 0, 9], None),
        ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], None),  # nothing remains
    ],
)
def test_majority_rule(votes: list[int], label: str | None) -> None:
    expected = -1 if label is None else BASIC8.index(label)
    assert majority_labels(np.array([votes], float)).tolist() == [expected]


def test_faces_without_a_majority_are_left_out_and_ids_stay_those_of_fer2013(tmp_path: Path) -> None:
    write_fake("ferplus", tmp_path, n_per_class=4)
    votes = tmp_path / "fer2013new.csv"
    lines = votes.read_text().splitlines(keepends=True)
    lines[1] = "Training,,0,0,0,0,0,0,0,0,0,10\n"
    votes.write_text("".join(lines))
    plus = {s.id: s for s in load_dataset("ferplus", tmp_path).samples}
    plain = {s.id: s for s in load_dataset("fer2013", tmp_path).samples}
    assert plain.keys() - plus.keys() == {"Training/00000"}
    assert all(np.array_equal(s.image, plain[i].image) for i, s in plus.items())
    assert all(s.soft_label is not None and s.soft_label.argmax() == s.label for s in plus.values())


def test_both_files_are_needed(tmp_path: Path) -> None:
    write_fake("fer2013", tmp_path, n_per_class=1)
    (tmp_path / "fer2013new.csv").unlink()
    with pytest.raises(MienError, match=r"FER\+ needs both"):
        load_dataset("ferplus", tmp_path)


@pytest.mark.data
def test_the_real_votes_give_the_known_numbers(fer2013_root: Path) -> None:
    dataset = load_dataset("ferplus", fer2013_root)
    counts = {
        split: np.bincount([s.label for s in dataset.split(split)], minlength=8).tolist()
        for split in dataset.published
    }
    assert counts == {
        "Training": [2100, 119, 119, 532, 7287, 8740, 3014, 3149],
        "PublicTest": [287, 13, 24, 62, 865, 1182, 351, 415],
    }
    assert {split: sum(n) for split, n in counts.items()} == {"Training": 25_060, "PublicTest": 3_199}
