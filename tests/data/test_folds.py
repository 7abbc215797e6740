from collections import Counter

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.protocol_choice import parse_protocol
from mien.core.records import Sample
from mien.data.fold_leaks import leak_lines, protocol_of
from mien.data.folds import MAKERS, absent_from_tests, make_folds

PICTURE = np.zeros((4, 4), np.uint8)
LABELS = ("anger", "fear", "surprise")


def sequences(n_subjects=20, frames=3):
    """Each person shows each emotion in one sequence of some frames."""
    return [
        Sample(
            f"{p:02d}/{label}/{frame}",
            PICTURE,
            label,
            "train" if p % 4 else "test",
            subject=f"p{p:02d}",
            sequence=f"{p:02d}/{label}",
            frame=frame,
        )
        for p in range(n_subjects)
        for label in range(3)
        for frame in range(frames)
    ]


def made(samples=None, **choice):
    return make_folds(sequences() if samples is None else samples, LABELS, parse_protocol(choice))


@pytest.mark.parametrize("group", ["image", "sequence", "subject"])
def test_k_fold_tests_everything_once_and_parts_no_group(group):
    folds = made(name="kfold", folds=5, group=group)
    assert Counter(i for f in folds.folds for i in f.parts["test"]) == Counter(s.id for s in sequences())
    for fold in folds.folds:
        parts = folds.members(fold)
        assert sum(map(len, parts.values())) == 180
        keys = [{s.id if group == "image" else getattr(s, group) for s in parts[p]} for p in parts]
        assert len(set.union(*keys)) == sum(map(len, keys))
        assert Counter(s.label for s in parts["test"]) == {0: 12, 1: 12, 2: 12}
        assert len(parts["val"]) == pytest.approx(0.2 * 144, abs=9)


def test_the_seed_decides_whatever_the_order_in_memory():
    for name in MAKERS:
        if name in ("bu3dfe_60", "thesis_60_subjects"):
            continue
        one = made(name=name).folds
        assert made(sequences()[::-1], name=name).folds == one, name
        if name not in ("leave_one_out", "fixed"):
            assert made(name=name, seed=7).folds != one, name


def test_leave_one_subject_out():
    folds = made(name="leave_one_out")
    assert len(folds.folds) == 20
    assert [{s.subject for s in folds.members(f)["test"]} for f in folds.folds] == [
        {f"p{i:02d}"} for i in range(20)
    ]


def test_mff_divides_every_picture_ten_times_without_validation_part():
    folds = made(name="mff_image_folds")
    assert len(folds.folds) == 100
    assert set(Counter(i for f in folds.folds for i in f.parts["test"]).values()) == {10}
    assert {len(f.parts["test"]) for f in folds.folds} == {18}
    assert all(set(f.parts) == {"train", "test"} for f in folds.folds)
    assert folds.name(folds.folds[12]) == "repetition 2, fold 3 of 10"
    assert len({f.parts["test"] for f in folds.folds}) == 100


def test_repeated_splits():
    folds = made(name="repeated_split", repeats=4)
    assert [len({s.subject for s in folds.members(f)["test"]}) for f in folds.folds] == [8] * 4
    assert len({f.parts["test"] for f in folds.folds}) == 4
    assert folds.name(folds.folds[1]) == "repetition 2"
    by_image = made(name="thesis_60_40", repeats=2)
    assert [len(f.parts["test"]) for f in by_image.folds] == [72, 72]


def test_bu3dfe_draws_sixty_people_54_against_6():
    people = sequences(100, frames=1)
    folds = made(people, name="bu3dfe_60", repeats=3)
    assert len(folds.folds) == 30
    drawn = []
    for repeat in range(3):
        mine = [folds.members(f) for f in folds.folds if f.repeat == repeat]
        assert {len({s.subject for s in parts["test"]}) for parts in mine} == {6}
        assert {len({s.subject for p in ("train", "val") for s in parts[p]}) for parts in mine} == {54}
        drawn.append({s.subject for parts in mine for s in parts["test"]})
        assert len(drawn[-1]) == 60
    assert drawn[0] != drawn[1]
    once = made(people, name="bu3dfe_60", repeats=2, redraw=False)
    halves = [
        {s.subject for f in once.folds if f.repeat == r for s in once.members(f)["test"]} for r in (0, 1)
    ]
    assert halves[0] == halves[1]
    assert once.folds[0].parts != once.folds[10].parts


def test_fixed_splits():
    folds = made(name="fixed", group="subject")
    (fold,) = folds.folds
    assert {s.split for s in folds.members(fold)["test"]} == {"test"}
    assert {s.split for p in ("train", "val") for s in folds.members(fold)[p]} == {"train"}


def test_leaks_are_counted():
    assert leak_lines(made(name="kfold", folds=5)) == ()
    (person,) = leak_lines(made(name="kfold", folds=5, group="sequence"))
    assert person.endswith("of 180 test images have another picture of the same person in training")
    assert int(person.split()[0]) > 140  # a person's three sequences seldom fall into one fold
    frames, person = leak_lines(made(name="mff_image_folds", repeats=1))
    assert "of 180 test images have another frame of the same sequence in training" in frames
    assert int(frames.split()[0]) > 170
    assert person == "180 of 180 test images have another picture of the same person in training"


def test_leaks_are_counted_by_hand():
    """Three frames of two people: a1 and a2 are one sequence, b1 another person's."""
    rows = [("a1", 0, "a", "s"), ("a2", 0, "a", "s"), ("b1", 1, "b", "t"), ("b2", 1, "b", "u")]
    samples = [
        Sample(i, PICTURE, label, "test" if i in ("a2", "b2") else "train", subject=p, sequence=s)
        for i, label, p, s in rows
    ]
    folds = made(samples, name="fixed", val_fraction=0, group="image")
    assert leak_lines(folds) == (
        "1 of 2 test images have another frame of the same sequence in training",
        "2 of 2 test images have another picture of the same person in training",
    )


def test_people_that_are_not_known_are_said():
    samples = [Sample(f"{i:02d}", PICTURE, i % 2, "train") for i in range(40)]
    (line,) = leak_lines(made(samples, name="kfold", folds=4, group="image"))
    assert "cannot be counted" in line


def test_eightfold_before_the_split_leaks_and_after_it_does_not():
    people = sequences(10, frames=1)
    before = made(people, name="mff_image_folds", repeats=1, folds=5, eightfold="before_split")
    assert len(before.samples) == 240 == sum(len(f.parts["test"]) for f in before.folds)
    assert "have an altered copy of the same picture in training" in leak_lines(before)[0]
    after = made(people, name="kfold", folds=5, eightfold="training")
    assert leak_lines(after) == ()
    for fold in after.folds:
        assert len(fold.parts["train"]) % 8 == 0
        assert not any("#" in i for part in ("val", "test") for i in fold.parts[part])
        assert sum("#" in i for i in fold.parts["train"]) == len(fold.parts["train"]) * 7 // 8


def test_copies_of_a_picture_stay_together():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (10, 4, 4), dtype=np.uint8)
    samples = [Sample(f"{i}", pictures[i % 10], i % 2, "train") for i in range(30)]
    for fold in made(samples, name="kfold", folds=5, group="copies").folds:
        assert {int(i) % 10 for i in fold.parts["test"]}.isdisjoint(int(i) % 10 for i in fold.parts["train"])
        assert len(fold.parts["test"]) == 6


def test_a_fold_is_a_protocol():
    folds = made(name="kfold", folds=5)
    protocol = protocol_of(folds, folds.folds[1])
    assert protocol.name.endswith(": fold 2 of 5")
    assert (protocol.select_on, protocol.report_on, protocol.group_by) == ("val", "test", "subject")
    with pytest.raises(MienError, match="must say so in leaks"):
        protocol_of(folds, folds.folds[1], "test")
    assert protocol_of(folds, folds.folds[1], "test", ("picked",)).leaks == ("picked",)


def test_classes_that_are_not_tested_everywhere_are_said():
    samples = [s for s in sequences() if s.label != 1 or s.subject in ("p01", "p02", "p03", "p04")]
    assert absent_from_tests(made(samples, name="kfold", folds=5, val_fraction=0)) == [
        "no fear in the test part of 1 of 5 folds"
    ]
    assert absent_from_tests(made(name="kfold", folds=5)) == []


@pytest.mark.parametrize(
    ("samples", "choice", "says"),
    [
        (sequences(4), {"name": "kfold"}, "10 folds by subject need at least 10 of them; there are 4"),
        (sequences(1), {"name": "leave_one_out"}, "needs at least two; there is 1"),
        (sequences(50, 1), {"name": "bu3dfe_60"}, "bu3dfe_60 draws 60 subjects; there are 50"),
        ([s for s in sequences() if s.label == 1], {"name": "kfold"}, "the 60 samples have fear alone"),
        ([], {"name": "kfold"}, "the 0 samples have none"),
        (
            [s for s in sequences() if s.label != 2 or s.subject == "p03"],
            {"name": "kfold", "folds": 5, "val_fraction": 0},
            r"fold \d of 5 has no surprise in its training part; take fewer folds",
        ),
        (
            [*sequences(), Sample("x", PICTURE, 0, "train")],
            {"name": "kfold"},
            r"needs the subject of every sample, but 1 of 181 have none \(x\)",
        ),
        ([*sequences(), sequences()[0]], {"name": "kfold"}, r"share an id \(00/0/0\)"),
        (sequences(), {"name": "fixed", "test": "Test"}, "no split 'Test'; there are: test, train"),
    ],
)
def test_what_cannot_be_divided_is_one_line(samples, choice, says):
    with pytest.raises(MienError, match=says):
        made(samples, **choice)
