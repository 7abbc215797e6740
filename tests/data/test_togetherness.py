from __future__ import annotations

from pathlib import Path

from mien.core.records import Sample
from mien.data.togetherness import sequence_of, spread, subject_of


def sample(i: int, split: str, subject: str | None = None, sequence: str | None = None) -> Sample:
    return Sample(str(i), Path("none"), 0, split, subject=subject, sequence=sequence)


def test_people_in_two_splits() -> None:
    found = spread(
        [
            *(sample(i, "train", "a") for i in (0, 2)),
            sample(1, "test", "a"),
            sample(3, "train", "b"),
            sample(4, "test"),
        ],
        subject_of,
    )
    assert (found.n, found.n_samples) == (2, 4)
    assert found.across == {"a": {"train": 2, "test": 1}}


def test_sequences_are_numbered_anew_for_each_person_in_some_sets() -> None:
    samples = [sample(0, "train", "a", "001"), sample(1, "test", "b", "001"), sample(2, "test", "b", "b/002")]
    assert [sequence_of(s) for s in samples] == ["a/001", "b/001", "b/002"]
    assert spread(samples, sequence_of).across == {}
    assert sequence_of(sample(0, "train", sequence="film_1")) == "film_1"
    assert sequence_of(sample(0, "train", "a")) is None


def test_nothing_known() -> None:
    found = spread([sample(0, "train")], subject_of)
    assert (found.n, found.n_samples, found.across) == (0, 0, {})
