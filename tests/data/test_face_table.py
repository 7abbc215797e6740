from __future__ import annotations

import errno
import logging
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.records import Face
from mien.data.face_table import FaceTable, FaceTableBuilder, TabledDetector, load_face_table
from mien.data.hashing import content_hash


def face(seed: int) -> Face:
    rng = np.random.default_rng(seed)
    x, y, width, height = rng.uniform(0, 500, 4).tolist()
    return Face((x, y, width, height), float(rng.uniform()), rng.uniform(0, 500, (5, 2)).astype(np.float32))


def equal(a: Face, b: Face) -> bool:
    return a.box == b.box and a.score == b.score and np.array_equal(a.points, b.points)


def key(number: int) -> str:
    return f"{number:064x}"


ENDS_IN_ZEROS = "ab" + "00" * 31  # NumPy's fixed strings drop zeros at their end


def made() -> FaceTable:
    builder = FaceTableBuilder()
    builder.add(key(7), [face(1), face(2)])
    builder.add(key(3), [])
    builder.add(ENDS_IN_ZEROS, [face(3)])
    return builder.build()


def test_faces_come_back_exactly_in_their_order(tmp_path: Path) -> None:
    made().save(tmp_path / "new" / "t.npz")
    for table in (made(), load_face_table(tmp_path / "new" / "t.npz")):
        assert table is not None
        assert len(table) == 3
        found = table.find(key(7))
        assert found is not None
        assert [equal(a, b) for a, b in zip(found, [face(1), face(2)], strict=True)] == [True, True]
        assert found[0].points.dtype == np.float32
        assert table.find(key(3)) == []
        assert equal((table.find(ENDS_IN_ZEROS) or [])[0], face(3))
        assert table.find(key(8)) is None
        assert table.find("ff" * 32) is None
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["t.npz"]


def test_a_later_run_adds_to_an_earlier_one() -> None:
    builder = FaceTableBuilder(made())
    builder.add(key(9), [face(9)])
    builder.add(key(7), [face(4)])  # the first one stands
    table = builder.build()
    assert len(table) == 4
    assert equal((table.find(key(9)) or [])[0], face(9))
    assert equal((table.find(key(7)) or [])[1], face(2))


def test_an_empty_table_is_one(tmp_path: Path) -> None:
    FaceTableBuilder().build().save(tmp_path / "t.npz")
    table = load_face_table(tmp_path / "t.npz")
    assert table is not None
    assert table.find(key(1)) is None
    assert load_face_table(tmp_path / "none.npz") is None


def write_arrays(path: Path, **changes: object) -> None:
    table = made()
    arrays = {name: getattr(table, name) for name in FaceTable.__dataclass_fields__} | changes
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})


@pytest.mark.parametrize(
    "changes",
    [
        {"boxes": None},
        {"boxes": np.zeros((2, 4))},
        {"points": np.zeros((3, 5, 2))},
        {"points": np.full((3, 5, 2), np.nan, np.float32)},
        {"count": np.array([2, 2, 2], np.int32)},
        {"start": np.array([-1, 0, 0])},
        {"start": np.zeros(2, np.int64)},
        {"pictures": np.array(["a", "b", "c"])},
        {"scores": np.array([{}, {}, {}], dtype=object)},
    ],
)
def test_a_table_that_makes_no_sense_is_told_and_not_used(
    changes: dict[str, object], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_arrays(tmp_path / "t.npz", **changes)
    with caplog.at_level(logging.WARNING, "mien"):
        assert load_face_table(tmp_path / "t.npz") is None
    assert "is damaged" in caplog.text
    assert "looked for again" in caplog.text


def test_flipped_bytes_and_cut_files_are_damaged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "t.npz"
    made().save(path)
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        offset = archive.getinfo("points.npy").header_offset + 220  # among the numbers
    for broken in (b"", whole[:100], whole[:-30], whole[:offset] + b"\xff" + whole[offset + 1 :], b"x" * 500):
        path.write_bytes(broken)
        caplog.clear()
        with caplog.at_level(logging.WARNING, "mien"):
            assert load_face_table(path) is None
        assert caplog.text.count("is damaged") == 1
        assert "\n" not in caplog.records[0].getMessage()


def test_a_full_disk_is_one_clear_line_and_leaves_the_old_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.npz"
    made().save(path)

    def full(handle: object, **arrays: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(MienError, match=r"No space left on device; set MIEN_CACHE") as caught:
        FaceTableBuilder().build().save(path)
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["t.npz"]
    table = load_face_table(path)
    assert table is not None
    assert len(table) == 3


def test_a_detector_searches_only_what_is_not_in_the_table() -> None:
    class Counting:
        name, version = "counting", "1"
        n = 0

        def detect(self, image: np.ndarray) -> list[Face]:
            self.n += 1
            return [face(int(image[0, 0]))]

    first, second = np.full((4, 4), 1, np.uint8), np.full((4, 4), 2, np.uint8)
    builder, inner = FaceTableBuilder(), Counting()
    builder.add(content_hash(first), inner.detect(first))
    tabled = TabledDetector(builder.build(), inner)
    assert (tabled.name, tabled.version) == ("counting", "1")
    assert equal(tabled.detect(first)[0], face(1))
    assert inner.n == 1
    assert equal(tabled.detect(second)[0], face(2))
    assert inner.n == 2
