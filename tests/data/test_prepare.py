from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.data import index as module
from mien.data.fake import write_fake
from mien.data.hashing import content_hash
from mien.data.pictures import read_picture
from mien.data.prepare import prepare


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))


def without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)


def test_writes_a_csv_without_pyarrow_and_leaves_the_data_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pyarrow(monkeypatch)
    root = write_fake("folder", tmp_path / "data", n_per_class=2)
    (root / "train" / "happy" / "broken.png").write_bytes(b"no picture")
    before = sorted(root.rglob("*"))
    found = prepare("folder", root)
    assert sorted(root.rglob("*")) == before
    assert found.index.parent == tmp_path / "cache" / "index"
    with found.index.open(encoding="utf-8", newline="") as handle:
        rows = {row["id"]: row for row in csv.DictReader(handle)}
    assert rows.keys() == {s.id for s in found.dataset.samples}
    sample = found.dataset.samples[0]
    assert rows[sample.id]["sha256"] == content_hash(read_picture(sample.image))
    assert (rows[sample.id]["label"], rows[sample.id]["width"]) == ("anger", "48")
    broken = rows["train/happy/broken.png"]
    assert broken["sha256"] == ""
    assert "not a picture" in broken["error"]
    assert list(found.unreadable) == ["train/happy/broken.png"]


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="pyarrow is an extra")
def test_writes_parquet_with_pyarrow(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    found = prepare("fer2013", write_fake("fer2013", tmp_path / "data", n_per_class=2))
    rows = pq.read_table(found.index).to_pylist()
    assert found.index.suffix == ".parquet"
    assert len(rows) == len(found.dataset.samples)
    assert rows[0]["path"] is None
    assert len(rows[0]["sha256"]) == 64
    assert found.differences[0] == "Training: 28,709 samples published, 14 found"
    assert found.counts["Training"]["fear"] == 2


def test_each_folder_has_an_index_of_its_own_and_a_second_run_replaces_it(tmp_path: Path) -> None:
    first = prepare("fer2013", write_fake("fer2013", tmp_path / "a", n_per_class=1))
    second = prepare("fer2013", write_fake("fer2013", tmp_path / "b", n_per_class=1))
    assert first.index != second.index
    assert prepare("fer2013", tmp_path / "a").index == first.index
    assert len(list(first.index.parent.iterdir())) == 2


def test_a_cache_that_cannot_be_written_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("MIEN_CACHE", str(blocked))
    with pytest.raises(MienError, match="set MIEN_CACHE to another folder"):
        prepare("fer2013", write_fake("fer2013", tmp_path / "data", n_per_class=1))
