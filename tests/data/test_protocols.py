import dataclasses

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.records import Sample
from mien.data.protocols import Protocol, hold_out

PICTURE = np.zeros((2, 2), np.uint8)
HONEST = Protocol("p", {"train": ("a", "b"), "val": ("c",)}, "val", "test", "subject")


def samples(n_subjects: int = 40, seed: int = 0) -> list[Sample]:
    """One to four pictures of each subject; class 0 is three times as frequent."""
    rng = np.random.default_rng(seed)
    made = []
    for subject in range(n_subjects):
        for i in range(rng.integers(1, 5)):
            label = int(rng.choice(3, p=[0.6, 0.2, 0.2]))
            made.append(Sample(f"{subject:02d}-{i}", PICTURE, label, "train", subject=f"s{subject}"))
    return made


def by_subject(sample: Sample) -> str:
    return str(sample.subject)


def test_parts_are_disjoint_complete_and_in_order():
    made = samples()
    rest, held = hold_out(made, 0.2, 0, by_subject)
    assert sorted(s.id for s in [*rest, *held]) == sorted(s.id for s in made)
    assert [s.id for s in rest] == [s.id for s in made if s in rest]
    assert len(held) == pytest.approx(0.2 * len(made), abs=8)


def test_no_group_is_parted():
    for seed in range(5):
        rest, held = hold_out(samples(), 0.3, seed, by_subject)
        assert not {by_subject(s) for s in rest} & {by_subject(s) for s in held}


def test_every_class_gives_its_share():
    made = [Sample(str(i), PICTURE, int(i >= 900), "train") for i in range(1000)]
    _, held = hold_out(made, 0.1, 0, lambda s: s.id)
    assert [sum(s.label == k for s in held) for k in (0, 1)] == [90, 10]


def test_the_seed_decides_whatever_the_order_in_memory():
    made = samples()
    held = {s.id for s in hold_out(made, 0.2, 0, by_subject)[1]}
    assert {s.id for s in hold_out(made, 0.2, 0, by_subject)[1]} == held
    assert {s.id for s in hold_out(made, 0.2, 1, by_subject)[1]} != held
    alone = [dataclasses.replace(s, subject=s.id) for s in made]
    held = {s.id for s in hold_out(alone, 0.2, 0, by_subject)[1]}
    assert {s.id for s in hold_out(alone[::-1], 0.2, 0, by_subject)[1]} == held


def test_groups_with_several_classes_do_not_depend_on_the_order_in_memory_either():
    made = samples()
    held = {s.id for s in hold_out(made, 0.2, 0, by_subject)[1]}
    assert {s.id for s in hold_out(made[::-1], 0.2, 0, by_subject)[1]} == held


def test_a_split_that_leaves_a_part_empty_is_refused():
    one_subject = [s for s in samples() if s.subject == "s1"]
    with pytest.raises(MienError, match=r"in 1 groups cannot be split with fraction 0\.5"):
        hold_out(one_subject, 0.5, 0, by_subject)


def test_selecting_on_what_is_reported_must_be_said():
    with pytest.raises(MienError, match="selects and reports on 'test': it must say so in leaks"):
        dataclasses.replace(HONEST, select_on="test")
    assert dataclasses.replace(HONEST, select_on="test", leaks=("said",)).leaks == ("said",)


def test_the_digest_follows_the_parts_alone():
    assert dataclasses.replace(HONEST, name="q").digest() == HONEST.digest()
    for parts in ({"train": ("a",), "val": ("b", "c")}, {"train": ("a", "b"), "test": ("c",)}):
        assert dataclasses.replace(HONEST, parts=parts).digest() != HONEST.digest()
