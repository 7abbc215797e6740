from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.labels import BASIC6, BASIC7, BASIC8, COMPOUND11, LabelSpace
from mien.core.records import Face, Sample
from mien.data.datasets import DatasetInfo, FaceDataset, load_dataset
from mien.data.datasets._base import Contents
from mien.data.fake import write_fake
from mien.data.merge import Source, merge, target_space
from mien.data.pictures import read_picture

MakeSet = Callable[..., Source]


@pytest.fixture
def made(tmp_path: Path) -> MakeSet:
    """A set of tiny pictures: origin, labels and what to change of its samples."""

    def make(origin: str, labels: LabelSpace, n: int = 2, crops: bool = False, **changes: object) -> Source:
        root = tmp_path / origin
        root.mkdir()
        samples = []
        for k, name in enumerate(labels.names):
            for i in range(n):
                path = root / f"{name}_{i}.png"
                value = (sum(map(ord, origin)) + 7 * k + 3 * i) % 250
                path.write_bytes(cv2.imencode(".png", np.full((4, 4), value, np.uint8))[1].tobytes())
                samples.append(replace(Sample(f"{name}/{i}", path, k, "train", subject=f"p{i}"), **changes))
        info = DatasetInfo(
            origin, origin, labels, labels.names, lambda r: Contents(samples, labels), crops=crops
        )
        return Source(origin, FaceDataset(info, root, samples, labels))

    return make


def with_samples(source: Source, samples: list[Sample]) -> Source:
    return Source(source.origin, replace(source.dataset, samples=samples))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_official_look_alikes_become_one_set_that_csv_reads(tmp_path: Path) -> None:
    sets = [
        Source(name, load_dataset(name, write_fake(name, tmp_path / name, n_per_class=2)))
        for name in ("synthetic-rgbd", "ckplus", "fer2013", "expw")
    ]
    merged = merge(sets, BASIC7, tmp_path / "out" / "merged.csv")
    again = load_dataset("csv", merged.out)
    assert again.labels == BASIC7
    by_id = {s.id: s for s in again.samples}
    for source in sets:
        native = source.dataset.labels
        for sample in source.dataset.samples:
            name = native.names[sample.label]
            found = by_id.pop(f"{source.origin}/{sample.id}", None)
            if name not in BASIC7.names:
                assert found is None
                continue
            assert found is not None
            assert again.labels.names[found.label] == name
            assert found.meta["origin"] == source.origin
            assert found.subject == (sample.subject and f"{source.origin}/{sample.subject}")
            assert found.split == sample.split
            assert (found.frame, found.intensity, found.box) == (sample.frame, sample.intensity, sample.box)
            np.testing.assert_array_equal(read_picture(found.image), read_picture(sample.image))
            if sample.face is not None:
                np.testing.assert_allclose(found.face.points, sample.face.points, rtol=1e-6)
            if sample.soft_label is not None and found.soft_label is not None:
                shared = project_back(sample.soft_label, native)
                np.testing.assert_allclose(found.soft_label, shared / shared.sum(), atol=1e-5)
            assert (found.depth, found.depth_unit_mm) == (sample.depth, sample.depth_unit_mm)
    assert by_id == {}
    assert merged.shares["ckplus"].dropped["contempt"] == sum(
        s.label == sets[1].dataset.labels.index("contempt") for s in sets[1].dataset.samples
    )
    assert sum(share.kept.total() for share in merged.shares.values()) == len(again.samples)
    assert any("come as ready crops and" in note for note in merged.notes)


def project_back(shares: np.ndarray, native: LabelSpace) -> np.ndarray:
    return np.array([shares[native.names.index(n)] if n in native.names else 0 for n in BASIC7.names])


def test_drops_are_counted_and_action_units_become_emotions(made: MakeSet, tmp_path: Path) -> None:
    eight, units = made("eight", BASIC8), made("units", BASIC7)
    picture = units.dataset.samples[0].image
    extra = [
        replace(units.dataset.samples[0], id=f"au/{unit}", label=-1, meta={"action_unit": unit})
        for unit in ("LFAU_12", "UFAU_2", "UFAU_1", "LFAU_10", "")
    ]
    units = with_samples(units, [*units.dataset.samples, *extra])
    merged = merge([eight, units], LabelSpace(("fear", "happiness", "neutral")), tmp_path / "m.csv")
    assert dict(merged.shares["eight"].dropped) == {
        "anger": 2, "contempt": 2, "disgust": 2, "sadness": 2, "surprise": 2, "cannot be read": 0,
    }  # fmt: skip
    share = merged.shares["units"]
    assert (share.n, share.from_units, share.kept) == (19, 2, {"fear": 3, "happiness": 3, "neutral": 2})
    assert (share.dropped["action unit LFAU_10"], share.dropped["no label"], share.dropped["surprise"]) == (
        1,
        1,
        3,
    )
    labels = {row["id"]: (row["label"], row["image"]) for row in rows_of(merged.out)}
    assert labels["units/au/LFAU_12"] == ("happiness", f"units/{picture.name}")
    assert labels["units/au/UFAU_1"][0] == "fear"


def test_a_set_of_action_units_alone_may_be_joined(made: MakeSet, tmp_path: Path) -> None:
    units = made("units", BASIC7, label=-1, meta={"action_unit": "LFAU_24"})
    assert merge([made("a", BASIC7), units], BASIC7, tmp_path / "m.csv").shares["units"].kept == {"anger": 14}


def test_everything_a_sample_says_is_kept(made: MakeSet, tmp_path: Path) -> None:
    points = np.arange(10, dtype=np.float32).reshape(5, 2) + 0.25
    one = made(
        "one",
        BASIC7,
        depth=np.full((4, 4), 700, np.uint16),
        depth_unit_mm=0.1,
        sequence="s",
        frame=7,
        intensity=0.5,
        face=Face((1.0, 2.0, 3.0, 4.0), 0.5, points),
        soft_label=np.array([0.5, 0, 0, 0, 0, 0, 0.5]),
        meta={"age": 31, "label": "no", "sad": "no", "anger": "no"},
    )
    out = tmp_path / "deep" / "m.csv"
    merged = merge([one, made("two", BASIC7, box=(5.0, 6.0, 7.0, 8.0))], BASIC7, out)
    again = {s.id: s for s in load_dataset("csv", out).samples}
    found, other = again["one/fear/1"], again["two/fear/1"]
    assert (found.subject, found.sequence, found.frame, found.intensity) == ("one/p1", "one/s", 7, 0.5)
    assert (found.face.box, found.box, other.box, other.face) == ((1, 2, 3, 4), None, (5, 6, 7, 8), None)
    np.testing.assert_array_equal(found.face.points, points)
    np.testing.assert_allclose(found.soft_label, [0.5, 0, 0, 0, 0, 0, 0.5])
    assert other.soft_label is None
    assert found.meta == {"age": "31", "origin": "one"}
    assert found.depth_unit_mm == 0.1
    np.testing.assert_array_equal(cv2.imread(str(found.depth), cv2.IMREAD_UNCHANGED), np.full((4, 4), 700))
    assert found.depth.is_relative_to(out.with_name("m_pictures"))
    assert other.depth is None
    assert "14 of 28 samples have no depth" in merged.notes


def test_paths_are_relative_where_the_pictures_lie_below_the_table(made: MakeSet, tmp_path: Path) -> None:
    sets = [made("a", BASIC7), made("b", BASIC7)]
    merge(sets, BASIC7, tmp_path / "m.csv")
    assert rows_of(tmp_path / "m.csv")[0]["image"] == "a/anger_0.png"
    merge(sets, BASIC7, tmp_path / "elsewhere" / "m.csv")
    assert rows_of(tmp_path / "elsewhere" / "m.csv")[0]["image"] == str(tmp_path / "a" / "anger_0.png")


def test_pictures_without_a_file_are_written_beside_the_table(made: MakeSet, tmp_path: Path) -> None:
    colour = np.zeros((4, 4, 3), np.uint8)
    colour[..., 0] = np.arange(16).reshape(4, 4)
    arrays = made("arrays", BASIC7)
    samples = [replace(s, image=colour + k) for k, s in enumerate(arrays.dataset.samples)]
    samples[0], samples[1] = (replace(s, id=i) for s, i in zip(samples, ("../a b", "../a?b"), strict=False))
    merge([with_samples(arrays, samples), made("b", BASIC7)], BASIC7, tmp_path / "m.csv")
    again = load_dataset("csv", tmp_path / "m.csv").samples
    for sample, found in zip(samples, again, strict=False):
        np.testing.assert_array_equal(read_picture(found.image), sample.image)
    assert again[0].image == tmp_path / "m_pictures" / "arrays" / "a_b.png"
    assert again[1].image == tmp_path / "m_pictures" / "arrays" / "a_b_2.png"


def test_dealt_anew_a_person_stays_in_one_part(made: MakeSet, tmp_path: Path) -> None:
    sets = [made("a", BASIC7, n=10), made("b", BASIC7, n=10)]
    merged = merge(sets, BASIC7, tmp_path / "m.csv", test_fraction=0.2, seed=1)
    again = load_dataset("csv", merged.out).samples
    people = {split: {s.subject for s in again if s.split == split} for split in ("train", "test")}
    assert people["train"].isdisjoint(people["test"])
    assert {len(people["train"]), len(people["test"])} == {16, 4}
    assert merged.splits == {"train": 112, "test": 28}
    same = merge(sets, BASIC7, tmp_path / "n.csv", test_fraction=0.2, seed=1)
    assert [r["split"] for r in rows_of(same.out)] == [r["split"] for r in rows_of(merged.out)]
    other = merge(sets, BASIC7, tmp_path / "o.csv", test_fraction=0.2, seed=2)
    assert [r["split"] for r in rows_of(other.out)] != [r["split"] for r in rows_of(merged.out)]


def test_copies_stay_together_where_nobody_is_known(made: MakeSet, tmp_path: Path) -> None:
    one = made("a", BASIC7, n=12, subject=None)
    two = made("b", BASIC7, n=12, subject=None)
    doubled = [
        replace(s, image=read_picture(t.image))
        for s, t in zip(two.dataset.samples, one.dataset.samples, strict=True)
    ]
    merged = merge([one, with_samples(two, doubled)], BASIC7, tmp_path / "m.csv", test_fraction=0.3)
    splits = {row["id"][2:]: set() for row in rows_of(merged.out)}
    for row in rows_of(merged.out):
        splits[row["id"][2:]].add(row["split"])
    assert all(len(found) == 1 for found in splits.values())
    assert any("stand in several sets, pixel for pixel" in note for note in merged.notes)


def test_unreadable_pictures_stop_it_or_are_left_out(made: MakeSet, tmp_path: Path) -> None:
    sets = [made("a", BASIC7), made("b", BASIC7)]
    sets[0].dataset.samples[0].image.write_bytes(b"no picture")
    with pytest.raises(
        MienError, match=r"cannot be read.*--skip-unreadable \(1 in all\): a/anger/0 \("
    ) as caught:
        merge(sets, BASIC7, tmp_path / "m.csv")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "m.csv").exists()
    merged = merge(sets, BASIC7, tmp_path / "m.csv", skip_unreadable=True)
    assert merged.shares["a"].dropped == {"cannot be read": 1}
    assert len(rows_of(merged.out)) == 27


def test_an_existing_table_is_kept_unless_told(made: MakeSet, tmp_path: Path) -> None:
    sets = [made("a", BASIC7), made("b", BASIC7)]
    (tmp_path / "m.csv").write_text("mine")
    with pytest.raises(MienError, match=r"m\.csv is there already; .*--force"):
        merge(sets, BASIC7, tmp_path / "m.csv")
    assert (tmp_path / "m.csv").read_text() == "mine"
    merge(sets, BASIC7, tmp_path / "m.csv", force=True)
    assert len(rows_of(tmp_path / "m.csv")) == 28
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "m.csv"]


def test_what_cannot_be_joined_is_one_clear_line(made: MakeSet, tmp_path: Path) -> None:
    a, b = made("a", BASIC7), made("b", BASIC7)
    own = made("own", LabelSpace(("calm", "tense"), "mixture"))
    bare = made("bare", BASIC7, label=-1)
    out = tmp_path / "m.csv"
    twice = with_samples(b, [*b.dataset.samples, b.dataset.samples[3]])
    shared = with_samples(
        b, [replace(s, image=t.image) for s, t in zip(b.dataset.samples, a.dataset.samples, strict=True)]
    )
    cases = [
        ([a], "at least two data sets, got 1"),
        ([a, Source("a", b.dataset)], "two of the sets are called 'a', so their ids would clash"),
        ([a, Source("other", a.dataset)], "was given twice"),
        ([a, Source("o/x", b.dataset)], "an origin is one word"),
        ([a, own], r"own \(.*\) has none of the labels anger, .*; it has calm, tense"),
        ([a, bare], r"bare \(.*\) has no labels"),
        ([a, twice], r"ids that stand in the set twice \(1 in all\): disgust/1"),
        ([a, shared], r"pictures that stand in two of the sets \(14 in all\): .* \(in a and b\)"),
    ]
    for sets, says in cases:
        with pytest.raises(MienError, match=says) as caught:
            merge(sets, BASIC7, out)
        assert "\n" not in str(caught.value)
    with pytest.raises(MienError, match=r"written as \.csv"):
        merge([a, b], BASIC7, tmp_path / "m.parquet")
    few = [with_samples(s, s.dataset.samples[:1]) for s in (a, b)]
    with pytest.raises(MienError, match="fewer than two classes"):
        merge(few, BASIC7, out)
    (tmp_path / "file").write_text("")
    with pytest.raises((MienError, OSError)):
        merge([a, b], BASIC7, tmp_path / "file" / "m.csv")
    assert not out.exists()


def test_a_name_that_is_no_text_is_one_clear_line(made: MakeSet, tmp_path: Path) -> None:
    a, b = made("a", BASIC7), made("b", BASIC7)
    image = a.dataset.samples[0].image
    strange = image.rename(image.with_name("\udcff.png"))
    a = with_samples(a, [replace(a.dataset.samples[0], image=strange), *a.dataset.samples[1:]])
    with pytest.raises(MienError, match="no valid text"):
        merge([a, b], BASIC7, tmp_path / "m.csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_notes(made: MakeSet, tmp_path: Path) -> None:
    a, b = made("a", BASIC6, crops=True), made("b", BASIC6, crops=True)
    merged = merge([a, b], BASIC7, tmp_path / "m.csv")
    assert merged.notes == (
        "no sample of neutral",
        "all sets come as ready crops: train with data.faces: ready",
    )


@pytest.mark.parametrize(
    ("text", "names", "kind"),
    [
        ("basic6", BASIC6.names, "basic"),
        ("Basic8", BASIC8.names, "basic"),
        ("compound11", COMPOUND11.names, "compound"),
        ("sad, Happy", ("happiness", "sadness"), "basic"),
        ("sadly angry,happily_surprised", ("happily_surprised", "sadly_angry"), "compound"),
        ("tense,calm", ("calm", "tense"), "mixture"),
        ("calm,sad", ("calm", "sadness"), "mixture"),
    ],
)
def test_label_spaces_by_name(text: str, names: tuple[str, ...], kind: str) -> None:
    space = target_space(text)
    assert (space.names, space.kind) == (names, kind)


@pytest.mark.parametrize("text", ["basic9", "", "sad,sadness"])
def test_label_spaces_that_are_none(text: str) -> None:
    with pytest.raises(MienError, match="basic7"):
        target_space(text)


def test_counts_add_up(made: MakeSet, tmp_path: Path) -> None:
    merged = merge([made("a", BASIC8), made("b", BASIC7)], BASIC7, tmp_path / "m.csv")
    for share in merged.shares.values():
        assert share.n == share.kept.total() + Counter(share.dropped).total()
