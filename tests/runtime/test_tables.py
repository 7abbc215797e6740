import csv
import errno
import json
import os
from dataclasses import replace

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.labels import BASIC7
from mien.core.records import Face, FaceResult
from mien.runtime import tables
from mien.runtime.columns import FIXED_COLUMNS, table_layout
from mien.runtime.tables import make_table

LAYOUT = table_layout(BASIC7.names)
KINDS = ["t.csv", "t.jsonl", "t.parquet"]


def result(i, name='ein "Bild", Zoë.jpg'):
    face = Face((1.5, 2.0 + i, 3.0, 4.0), 0.5, np.zeros((5, 2), np.float32))
    shares = np.full(7, 1 / 7, np.float32)
    row = FaceResult(name, i, i / 25, "ok", "", 0, face, BASIC7.names, shares, unsure=bool(i % 2))
    return replace(row, warnings=("small", "dark")) if i % 2 else row


def broken(name="b.jpg"):
    return FaceResult(name, None, None, "error", 'text, with "quotes"')


def read(path):
    """A table as rows of text, None for no value."""
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return [{k: v or None for k, v in row.items()} for row in csv.DictReader(file)]
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    else:
        rows = pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()
    return [{k: None if v is None else str(v) for k, v in row.items()} for row in rows]


@pytest.mark.parametrize("name", KINDS)
def test_what_is_written_can_be_read(tmp_path, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    table = make_table(tmp_path / "new folder" / name, LAYOUT)
    table.open()
    table.write([result(0), result(1)])
    table.write([broken()])
    table.close()
    rows = read(table.path)
    assert [tuple(row) for row in rows] == [LAYOUT.header] * 3
    assert [row["frame"] for row in rows] == ["0", "1", None]
    assert rows[0]["input"] == 'ein "Bild", Zoë.jpg'
    assert float(rows[1]["box_y"]) == 3.0
    assert float(rows[1]["fear"]) == 0.142857
    assert [row["unsure"] and row["unsure"].lower() for row in rows] == ["false", "true", None]
    assert [row["warning"] for row in rows] == [None, "small+dark", None]
    assert rows[2]["error"] == 'text, with "quotes"'
    assert {k for k, v in rows[2].items() if v is not None} == {"input", "status", "error"}
    assert os.listdir(table.path.parent) == [name]


@pytest.mark.parametrize("name", KINDS)
def test_an_empty_table(tmp_path, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    table = make_table(tmp_path / name, LAYOUT)
    table.open()
    table.close()
    assert read(table.path) == []


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_each_write_is_in_the_file_at_once(tmp_path, name):
    table = make_table(tmp_path / name, LAYOUT)
    table.open()
    for i in range(3):
        table.write([result(i)])
        assert len(read(table.path)) == i + 1
    table.close()


def test_parquet_rows_are_in_lines_until_the_end(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = make_table(tmp_path / "t.parquet", LAYOUT)
    table.open()
    table.write([result(0)])
    assert len((tmp_path / "t.parquet.partial.jsonl").read_text().splitlines()) == 1
    assert not table.path.exists()
    table.close()
    schema = parquet.read_schema(table.path)
    assert schema.field("frame").type == "int64"
    assert schema.field("box_x").type == "double"
    assert schema.field("emotion").type == "string"
    assert schema.field("unsure").type == "bool"


def test_parquet_is_written_in_parts(tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(tables, "_PARQUET_ROWS", 4)
    table = make_table(tmp_path / "t.parquet", LAYOUT)
    table.open()
    table.write([result(i) for i in range(10)])
    table.close()
    assert parquet.ParquetFile(table.path).num_row_groups == 3
    assert [row["frame"] for row in read(table.path)] == [str(i) for i in range(10)]


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "find_spec", lambda name: None)
    with pytest.raises(MienError, match=r"pip install 'mien\[parquet\]'"):
        make_table(tmp_path / "t.parquet", LAYOUT)


@pytest.mark.parametrize("name", ["t.xlsx", "t", "t.csv.gz"])
def test_an_unknown_ending_is_told(tmp_path, name):
    with pytest.raises(MienError, match=r"a table ends in \.csv, \.jsonl, \.ndjson, \.parquet"):
        make_table(tmp_path / name, LAYOUT)


def test_a_folder_is_no_table(tmp_path):
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(MienError, match="is a folder"):
        make_table(tmp_path / "t.csv", LAYOUT)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("torn", [0, 1, 40])
def test_lines_are_read_back_without_a_torn_one(tmp_path, name, torn):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    table = make_table(tmp_path / name, LAYOUT)
    table.open()
    table.write([result(0), broken()])
    whole = table.lines_path.read_bytes()
    table.write([result(1)])
    table._file.close()  # as a kill does
    if torn:
        table.lines_path.write_bytes(table.lines_path.read_bytes()[:-torn])
    read_back = list(make_table(tmp_path / name, LAYOUT).lines())
    assert len(read_back) == (2 if torn else 3)
    assert read_back[0][1]["box_x"] == 1.5
    assert read_back[0][1]["frame"] == 0
    assert read_back[1][1]["frame"] is None
    assert tuple(read_back[0][1]) == (*FIXED_COLUMNS, *BASIC7.names)
    again = make_table(tmp_path / name, LAYOUT)
    again.open(keep_bytes=len(whole))
    again.write([result(9)])
    again.close()
    assert [row["frame"] for row in read(again.path)] == ["0", None, "9"]


def test_a_finished_parquet_table_is_turned_back_into_lines(tmp_path):
    pytest.importorskip("pyarrow")
    table = make_table(tmp_path / "t.parquet", LAYOUT)
    table.open()
    table.write([result(0), broken()])
    lines = table.lines_path.read_bytes()
    table.close()
    again = make_table(tmp_path / "t.parquet", LAYOUT)
    assert len(list(again.lines())) == 2
    assert again.lines_path.read_bytes() == lines


def test_a_damaged_parquet_table_is_told(tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "t.parquet").write_bytes(b"PAR1 nothing behind it")
    with pytest.raises(MienError, match="cannot be read as a parquet table"):
        list(make_table(tmp_path / "t.parquet", LAYOUT).lines())


def test_other_columns_are_refused(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,c\n" * 99)
    with pytest.raises(MienError, match="has other columns"):
        list(make_table(tmp_path / "t.csv", LAYOUT).lines())


def test_a_header_that_was_not_finished_is_an_empty_table(tmp_path):
    (tmp_path / "t.csv").write_text("input,fra")
    assert list(make_table(tmp_path / "t.csv", LAYOUT).lines()) == []


class FullDisk:
    """A file that takes so many bytes and no more."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def write(self, data):
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        n = self.file.write(bytes(data)[: self.room])
        self.room -= n
        return n

    def __getattr__(self, name):
        return getattr(self.file, name)


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_a_full_disk_is_one_line_and_what_was_written_stays(tmp_path, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    table = make_table(tmp_path / name, LAYOUT)
    table.open()
    table.write([result(0)])
    before = table.lines_path.read_bytes()
    table._file = FullDisk(table._file, room=50)
    with pytest.raises(MienError, match="No space left on device") as caught:
        table.write([result(1)])
    assert "\n" not in str(caught.value)
    assert table.lines_path.read_bytes() == before
    table.close()
    assert len(read(table.path)) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_the_systems_full_device(tmp_path):
    (tmp_path / "t.csv").symlink_to("/dev/full")
    with pytest.raises(MienError, match=r"cannot write .*No space left on device"):
        make_table(tmp_path / "t.csv", LAYOUT).open()


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tables, "open", refuse, raising=False)
    with pytest.raises(MienError, match=r"cannot write .*Permission denied"):
        make_table(tmp_path / "t.csv", LAYOUT).open()


def test_a_folder_below_a_file_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(MienError, match="cannot write"):
        make_table(tmp_path / "file" / "t.csv", LAYOUT).open()
