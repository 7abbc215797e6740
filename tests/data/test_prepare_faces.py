"""Faces are looked for once: what is kept gives the same crops as looking again would."""

from __future__ import annotations

import csv
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.core.errors import InputError, MienError
from mien.core.records import Face
from mien.core.specs import AlignSpec, InputSpec
from mien.data import crops, prepare
from mien.data.crops import cropper_for
from mien.data.datasets import load_dataset
from mien.data.face_table import load_face_table
from mien.data.prepare import prepare as run

POINTS = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.75), (0.65, 0.75))
SPEC = InputSpec(size_px=24, channels="rgb", mean=(0.5,) * 3, std=(0.25,) * 3, align=AlignSpec(points=POINTS))
SEARCHED: list[str] = []


class Squares:
    """Finds every bright square, the way a detector finds faces."""

    name = "squares"
    version = "1"

    def detect(self, image: np.ndarray) -> list[Face]:
        SEARCHED.append("once")
        grey = image if image.ndim == 2 else image.max(2)
        found = []
        for x, y, width, height, area in cv2.connectedComponentsWithStats((grey > 200).astype(np.uint8))[2][
            1:
        ]:
            if area > 50:
                side = np.array([width, height])
                points = (np.array(POINTS) * side + [x, y] + 1 / 3).astype(np.float32)
                found.append(Face((x + 0.1, y + 0.2, float(width), float(height)), 0.9, points))
        return found


@pytest.fixture(autouse=True)
def _squares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    for module in (crops, prepare):
        monkeypatch.setattr(module, "create_detector", lambda name: Squares())
    SEARCHED.clear()
    yield
    Squares.version = "1"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Eight photographs of two classes; two of the sad ones show nobody."""
    rng = np.random.default_rng(0)
    for i in range(8):
        image = rng.integers(0, 150, (60, 80, 3), dtype=np.uint8)
        if i not in (5, 7):
            image[10 : 30 + i, 20 : 40 + i] = 255
            image[15:18, 25:30] = 60 + i
        folder = tmp_path / "data" / ("happy" if i < 4 else "sad")
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{i}.png"), image)
    return tmp_path / "data"


def crops_of(root: Path) -> list[tuple[bytes, bool]]:
    dataset = load_dataset("folder", root)
    cropper = cropper_for(dataset, SPEC)
    return [(crop.tobytes(), found) for crop, found in map(cropper, dataset.samples)]


def test_misses_are_counted_by_class_and_named(root: Path) -> None:
    found = run("folder", root).faces
    assert found is not None
    assert (found.detector, found.n, found.n_given, found.n_known) == ("squares", 8, 0, 0)
    assert found.missed == ("sad/5.png", "sad/7.png")
    assert found.by_label == {"happiness": (4, 0), "sadness": (4, 2)}


def test_training_and_evaluation_see_the_same_with_and_without(root: Path) -> None:
    before = crops_of(root)
    assert len(SEARCHED) == 8
    kept = run("folder", root)
    assert kept.faces is not None
    assert kept.faces.table.is_file()
    SEARCHED.clear()
    assert crops_of(root) == before
    assert not SEARCHED
    assert [found for _, found in before] == [True] * 4 + [True, False, True, False]


def test_a_second_run_searches_only_what_is_new(root: Path) -> None:
    run("folder", root)
    SEARCHED.clear()
    again = run("folder", root).faces
    assert again is not None
    assert not SEARCHED
    assert (again.n_known, again.missed) == (8, ("sad/5.png", "sad/7.png"))
    cv2.imwrite(str(root / "sad" / "9.png"), np.zeros((40, 40, 3), np.uint8))
    (root / "happy" / "0.png").rename(root / "happy" / "renamed.png")
    assert run("folder", root).faces.n == 9  # type: ignore[union-attr]
    assert len(SEARCHED) == 1


def test_another_detector_or_another_version_of_it_searches_again(root: Path) -> None:
    first = run("folder", root)
    SEARCHED.clear()
    Squares.version = "2"
    crops_of(root)
    assert len(SEARCHED) == 8
    second = run("folder", root)
    assert first.faces is not None
    assert second.faces is not None
    assert first.faces.table != second.faces.table


def test_a_damaged_table_is_rebuilt_and_that_is_said(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = run("folder", root).faces.table  # type: ignore[union-attr]
    whole = crops_of(root)
    table.write_bytes(table.read_bytes()[:200])
    with caplog.at_level(logging.WARNING, "mien"):
        assert crops_of(root) == whole
        again = run("folder", root).faces
    assert caplog.text.count("is damaged") == 2
    assert again is not None
    assert again.n_known == 0
    assert load_face_table(table) is not None


@pytest.mark.parametrize("n_threads", [1, 3])
def test_threads_change_nothing(root: Path, n_threads: int) -> None:
    found = run("folder", root, n_threads=n_threads)
    one = run("folder", root, n_threads=1)
    assert found.index.read_bytes() == one.index.read_bytes()
    assert found.faces is not None
    assert found.faces.missed == ("sad/5.png", "sad/7.png")


def test_sets_of_crops_are_only_searched_when_asked(root: Path) -> None:
    assert run("folder", root, faces="ready").faces is None
    assert not SEARCHED
    with pytest.raises(MienError, match="auto, ready or find, not 'maybe'"):
        run("folder", root, faces="maybe")


def test_the_index_says_what_became_of_every_face(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mien.data.index.importlib.util.find_spec", lambda name: None)
    (root / "sad" / "broken.png").write_bytes(b"\x89PNG nothing")
    found = run("folder", root)
    with found.index.open(encoding="utf-8", newline="") as handle:
        rows = {row["id"]: row["face"] for row in csv.DictReader(handle)}
    assert rows["happy/0.png"] == "found"
    assert rows["sad/5.png"] == "missed"
    assert rows["sad/broken.png"] == ""
    assert list(found.unreadable) == ["sad/broken.png"]
    assert found.faces is not None
    assert found.faces.n == 8  # an unreadable picture is no miss
    with pytest.raises(InputError, match=r"broken\.png: the file is cut short"):
        crops_of(root)


def test_several_faces_of_one_photograph_are_searched_once(tmp_path: Path, monkeypatch) -> None:
    image = np.zeros((60, 120, 3), np.uint8)
    image[10:30, 10:30] = image[10:40, 60:90] = 255
    cv2.imwrite(str(tmp_path / "two.png"), image)
    monkeypatch.setattr("mien.data.datasets.DATASETS", {"boxed": _boxed(tmp_path / "two.png")})
    found = run("boxed", tmp_path, n_threads=1)
    assert len(SEARCHED) == 1
    assert found.faces is not None
    assert found.faces.missed == ("beside",)
    rows = _rows(found.index)
    assert len({row["sha256"] for row in rows}) == 3  # of each box, not of the photograph
    assert [row["width"] for row in rows] == [20, 30, 10]


def _boxed(path: Path):
    from mien.core.labels import BASIC7
    from mien.core.records import Sample
    from mien.data.datasets import Contents, DatasetInfo

    boxes = {"left": (10, 10, 20, 20), "right": (60, 10, 30, 30), "beside": (35, 40, 10, 10)}
    return DatasetInfo(
        name="boxed",
        title="boxed",
        labels=BASIC7,
        native_labels=BASIC7.names,
        read=lambda root: Contents(
            [Sample(i, Path(path), 0, "train", box=box) for i, box in boxes.items()], BASIC7
        ),
    )


def _rows(index: Path) -> list[dict[str, object]]:
    if index.suffix == ".csv":
        with index.open(encoding="utf-8", newline="") as handle:
            return [row | {"width": int(row["width"])} for row in csv.DictReader(handle)]
    import pyarrow.parquet as pq

    return pq.read_table(index).to_pylist()


def test_a_cache_that_cannot_be_written_is_said_before_anything_is_read(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("MIEN_CACHE", str(blocked))
    with pytest.raises(MienError, match="set MIEN_CACHE to another folder") as caught:
        run("folder", root)
    assert "\n" not in str(caught.value)
    assert not SEARCHED
    assert crops_of(root)  # training goes on without


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_disk_that_fills_up_is_one_clear_line_and_leaves_nothing_behind(
    root: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    pytest.importorskip("pyarrow")
    if ending == "csv":
        monkeypatch.setattr("mien.data.index.importlib.util.find_spec", lambda name: None)

    def full(self: object, row: object) -> None:
        raise OSError(28, os.strerror(28))

    name = "_CsvRows" if ending == "csv" else "_ParquetRows"
    monkeypatch.setattr(f"mien.data.index.{name}.add", full)
    with pytest.raises(MienError, match="No space left on device; set MIEN_CACHE") as caught:
        run("folder", root)
    assert "\n" not in str(caught.value)
    assert not list((Path(os.environ["MIEN_CACHE"]) / "index").iterdir())
