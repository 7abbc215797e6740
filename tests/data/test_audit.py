from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.labels import LabelSpace
from mien.core.records import Face, Sample
from mien.data.audit import audit, differences, leaks
from mien.data.datasets import DatasetInfo, FaceDataset, load_dataset
from mien.data.datasets._base import Contents
from mien.data.fake import write_fake

Photograph = Callable[..., np.ndarray]
SPACE = LabelSpace(("happiness", "sadness"))


def dataset(samples: list[Sample], published: dict[str, int] | None = None) -> FaceDataset:
    info = DatasetInfo("own", "own", SPACE, SPACE.names, lambda root: Contents(samples, SPACE))
    return FaceDataset(info, Path("own"), samples, SPACE, published or {})


def brighter(image: np.ndarray) -> np.ndarray:
    return np.clip(image.astype(int) + 9, 0, 255).astype(np.uint8)


def flipped(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image[:, ::-1])


@pytest.fixture
def spoilt(photograph: Photograph) -> FaceDataset:
    """Three copies of a (one in test, labels differ); in test a near copy of b and a mirrored one of c."""
    a, b, c = (photograph(seed) for seed in range(3))
    return dataset(
        [
            Sample("train/a", a, 0, "train"),
            Sample("train/a2", a.copy(), 0, "train"),
            Sample("train/b", b, 0, "train"),
            Sample("train/c", c, 0, "train"),
            Sample("train/blank", np.full((48, 48), 5, np.uint8), 1, "train"),
            Sample("train/none", Path("none.png"), -1, "train"),
            Sample("test/a", a.copy(), 1, "test"),
            Sample("test/b", brighter(b), 0, "test"),
            Sample("test/c", flipped(c), 1, "test"),
            Sample("test/d", photograph(3), 1, "test"),
            Sample("test/blank", np.full((48, 48), 6, np.uint8), 1, "test"),
        ],
        {"train": 6, "test": 7, "other": 3},
    )


def test_audit_finds_everything(spoilt: FaceDataset) -> None:
    found = audit(spoilt)
    assert (found.n, found.n_distinct, found.n_extra) == (11, 8, 2)
    assert found.counts == {
        "train": {"happiness": 4, "sadness": 1, "(none)": 1},
        "test": {"happiness": 1, "sadness": 4},
    }
    assert found.differences == ("test: 7 samples published, 5 found", "other: 3 samples published, 0 found")
    assert list(found.unreadable) == ["train/none"]
    assert found.blank == ("train/blank", "test/blank")
    assert found.exact == (("train/a", "train/a2", "test/a"),)
    assert found.exact_conflicts == found.exact
    assert found.exact_across == {"train": {"train": 2, "test": 2}, "test": {"train": 1, "test": 0}}
    assert found.near is not None
    assert [(p.ids, p.mirrored, p.same_label) for p in found.near] == [
        (("train/b", "test/b"), False, True),
        (("train/c", "test/c"), True, False),
    ]
    assert found.near_across == {"train": {"train": 2, "test": 4}, "test": {"train": 3, "test": 0}}


def test_audit_without_near(spoilt: FaceDataset) -> None:
    found = audit(spoilt, near=False)
    assert found.near is None
    assert found.near_across is None
    assert found.n_extra == 2


def test_audit_becomes_json(spoilt: FaceDataset) -> None:
    plain = json.loads(json.dumps(audit(spoilt).to_dict()))
    assert plain["n_extra"] == 2
    assert plain["near"][1]["mirrored"] is True


def test_the_progress_bar_counts_every_picture(spoilt: FaceDataset) -> None:
    ticks: list[int] = []
    audit(spoilt, on_sample=lambda: ticks.append(1))
    assert len(ticks) == 11 + 6  # read, then compared: distinct, readable, not blank


def test_leaks(spoilt: FaceDataset) -> None:
    assert leaks(spoilt, "test") == {"train/a", "train/a2"}
    assert leaks(spoilt, "test", near=True) == {"train/a", "train/a2", "train/b", "train/c"}
    assert leaks(spoilt, "train") == {"test/a"}
    with pytest.raises(MienError, match="no split 'PublicTest'"):
        leaks(spoilt, "PublicTest")


def test_a_clean_set_is_clean(photograph: Photograph) -> None:
    found = audit(
        dataset([Sample(str(i), photograph(i), 0, "train" if i < 5 else "test") for i in range(10)])
    )
    assert (found.exact, found.near, found.blank, found.differences) == ((), (), (), ())
    assert found.near_across == {"train": {"train": 0, "test": 0}, "test": {"train": 0, "test": 0}}


@pytest.mark.data
@pytest.mark.slow
def test_the_real_fer2013(fer2013_root: Path) -> None:
    """Counts of exact copies are facts of the files; near copies may move by a few with another OpenCV."""
    real = load_dataset("fer2013", fer2013_root)
    started = time.process_time()
    found = audit(real)
    assert time.process_time() - started < 120  # half a minute on one idle core
    assert (found.n, found.n_distinct, found.n_extra) == (32_298, 30_765, 1_533)
    assert (len(found.exact), len(found.exact_conflicts), len(found.blank)) == (1_274, 48, 13)
    assert found.differences == ("PrivateTest: 3,589 samples published, 0 found",)
    assert found.exact_across == {
        "Training": {"Training": 2_273, "PublicTest": 351},
        "PublicTest": {"Training": 280, "PublicTest": 52},
    }
    assert len(leaks(real, "PublicTest")) == 351
    assert found.near is not None
    assert found.near_across is not None
    assert len(found.near) == pytest.approx(3_423, abs=10)
    assert sum(pair.mirrored for pair in found.near) == pytest.approx(53, abs=2)
    assert found.near_across["PublicTest"]["Training"] == pytest.approx(649, abs=5)
    assert found.near_across["Training"]["PublicTest"] == pytest.approx(1_098, abs=5)


class OneFace:
    """A detector that finds a face in the left half of pictures that are lighter than 100 there."""

    name = "one"

    def detect(self, image: np.ndarray) -> list[Face]:
        if image[:, : image.shape[1] // 2].mean() < 100:
            return []
        height, width = image.shape[:2]
        return [Face((0, 0, width / 2, height), 0.9, np.zeros((5, 2), np.float32))]


def test_faces_not_found_and_the_colour_of_those_that_are() -> None:
    skin, wall = (200, 150, 120), (90, 120, 220)
    image = np.full((40, 80, 3), wall, np.uint8)
    image[:, :40] = skin
    rows = [Sample(f"{i}", image, 0, "train") for i in range(8)]
    rows.append(Sample("dark", np.zeros((40, 80, 3), np.uint8), 1, "train"))
    rows.append(Sample("given", image[:, ::-1], 1, "test", face=Face((40, 0, 40, 40), 1, np.zeros((5, 2)))))
    found = audit(dataset(rows), near=False, detector=OneFace())
    assert found.without_face == ("dark",)
    assert found.colours.n == {"train": 8, "test": 1}
    assert found.colours.blue == ()
    without = audit(dataset(rows), near=False)
    assert without.without_face is None
    assert len(without.colours.blue) == 0  # in the middle of the picture, half is skin


def test_people_and_sequences_across_splits(photograph: Photograph) -> None:
    rows = [
        Sample("0", photograph(0), 0, "train", subject="a", sequence="1"),
        Sample("1", photograph(1), 0, "test", subject="a", sequence="1"),
        Sample("2", photograph(2), 1, "test", subject="b", sequence="1"),
    ]
    found = audit(dataset(rows))
    assert found.subjects.across == {"a": {"train": 1, "test": 1}}
    assert found.sequences.across == {"a/1": {"train": 1, "test": 1}}
    assert found.subjects.n == found.sequences.n == 2


def test_frames_of_one_sequence_are_alike_by_nature(photograph: Photograph) -> None:
    a = photograph(0)
    rows = [
        Sample("0", a, 0, "train", sequence="1"),
        Sample("1", brighter(a), 0, "train", sequence="1"),
        Sample("2", flipped(a), 0, "train", sequence="2"),
        Sample("3", brighter(brighter(a)), 0, "test", sequence="1"),
    ]
    found = audit(dataset(rows))
    assert found.near is not None
    assert {pair.ids for pair in found.near} == {("0", "2"), ("0", "3"), ("1", "2"), ("1", "3"), ("2", "3")}
    assert found.near_across is not None
    assert found.near_across["train"]["test"] == 3


def test_counts_of_classes_differ_from_the_published_ones(tmp_path: Path) -> None:
    real = load_dataset("jaffe", write_fake("jaffe", tmp_path, n_per_class=3))
    told = differences(real)
    assert told[0].startswith("all: 213 samples published")
    assert any(line.startswith("all, fear: 32 published") for line in told)


def test_pictures_are_read_again_for_a_close_look(tmp_path: Path, photograph: Photograph) -> None:
    first, other = photograph(0, 160), photograph(1, 160)
    second = first.copy()
    second[100:150, 40:120] = other[100:150, 40:120]
    rows = []
    for i, image in enumerate((first, second, flipped(first))):
        cv2.imwrite(str(tmp_path / f"{i}.png"), image)
        rows.append(Sample(str(i), tmp_path / f"{i}.png", 0, "train"))
    found = audit(dataset(rows))
    assert found.near is not None
    assert [(pair.ids, pair.mirrored) for pair in found.near] == [(("0", "2"), True)]
