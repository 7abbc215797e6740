"""The index of a data set: one row per sample, written as they come, parquet where pyarrow is there."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mien.core.errors import MienError
from mien.data.datasets import FaceDataset
from mien.faces.model_store import cache_dir

COLUMNS = ("id", "split", "label", "subject", "path", "width", "height", "sha256", "face", "error")
_INTEGERS = ("width", "height")
_ROWS_AT_ONCE = 20_000

Row = dict[str, Any]


def index_path(dataset: FaceDataset) -> Path:
    """Where a data set's index belongs: one file per set and folder, parquet where pyarrow is installed."""
    ending = "parquet" if importlib.util.find_spec("pyarrow") else "csv"
    return cache_dir() / "index" / f"{dataset_key(dataset)}.{ending}"


def dataset_key(dataset: FaceDataset) -> str:
    """A name for files about a data set: its own and a digest of where it lies."""
    folder = hashlib.sha256(str(dataset.root.resolve()).encode()).hexdigest()[:12]
    return f"{dataset.info.name}-{folder}"


@contextmanager
def written_index(path: Path) -> Iterator[Callable[[Row], None]]:
    """Yield what takes one row after the other; the file appears whole when the block ends, or not at all.

    Raises:
        MienError: It cannot be written; where the folder is at fault, before the block starts.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        writer = _checked(path, lambda: _open(unfinished, path.suffix))
        try:
            yield lambda row: _checked(path, lambda: writer.add(row))
        finally:
            _checked(path, writer.close)
        _checked(path, lambda: os.replace(unfinished, path))
    finally:
        _checked(path, lambda: unfinished.unlink() if unfinished.is_file() else None)


def _checked(path: Path, step: Callable[[], Any]) -> Any:
    """Do a step of writing; an error of the file system becomes one clear line."""
    try:
        return step()
    except OSError as error:
        raise MienError(
            f"cannot write the index {path}: {error.strerror or error}; set MIEN_CACHE to another folder"
        ) from error


def _open(path: Path, ending: str) -> _CsvRows | _ParquetRows:
    path.parent.mkdir(parents=True, exist_ok=True)
    return _ParquetRows(path) if ending == ".parquet" else _CsvRows(path)


class _CsvRows:
    def __init__(self, path: Path) -> None:
        self._handle = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.DictWriter(self._handle, COLUMNS)
        self._writer.writeheader()

    def add(self, row: Row) -> None:
        self._writer.writerow(row)

    def close(self) -> None:
        self._handle.close()


class _ParquetRows:
    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._schema = pa.schema([(c, pa.int32() if c in _INTEGERS else pa.string()) for c in COLUMNS])
        self._table = pa.Table
        self._writer = pq.ParquetWriter(path, self._schema)
        self._rows: list[Row] = []

    def add(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) == _ROWS_AT_ONCE:
            self._write()

    def close(self) -> None:
        try:
            self._write()
        finally:
            self._writer.close()

    def _write(self) -> None:
        rows, self._rows = self._rows, []
        self._writer.write_table(self._table.from_pylist(rows, self._schema))
