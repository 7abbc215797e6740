"""Tables that grow line by line: csv and jsonl as they are, parquet by way of jsonl.

Each frame's rows are handed to the operating system at once, so that a killed run loses none that were
written. A parquet file is readable only when it is complete; the rows are therefore kept as
``OUT.parquet.partial.jsonl`` and become ``OUT.parquet`` when the run ends, also when it is stopped.
"""

from __future__ import annotations

import csv
import io
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mien.core.errors import MienError
from mien.core.records import FaceResult, Frame
from mien.runtime.columns import INTEGER_COLUMNS, TEXT_COLUMNS, TRUTH_COLUMNS, Layout, Value

Row = Mapping[str, Value]
"""One row by mien's own column names."""

_PARQUET_ROWS = 50_000


class Table(ABC):
    """A table file that results are appended to."""

    needs_frames = False

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path = path
        self.layout = layout
        self._file: io.FileIO | None = None
        self._end = 0

    @property
    def lines_path(self) -> Path:
        """The file that rows are appended to."""
        return self.path

    @abstractmethod
    def encode(self, rows: Sequence[Sequence[Value]]) -> bytes:
        """Rows as whole lines."""

    @abstractmethod
    def decode(self, line: bytes) -> Row:
        """One line as a row; raises ValueError when it is none."""

    def header(self) -> bytes:
        """The lines before the first row."""
        return b""

    def exists(self) -> bool:
        """There is a table already, finished or not."""
        return self.path.exists() or self.lines_path.exists()

    def open(self, keep_bytes: int = 0) -> None:
        """Start the table, or go on behind its first `keep_bytes` bytes.

        Raises:
            MienError: The folder or file cannot be written.
        """
        try:
            self.lines_path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.lines_path, "ab", buffering=0)
            if self.lines_path.is_file():  # not a pipe or a device
                self._file.truncate(keep_bytes)
            self._end = keep_bytes
        except OSError as error:
            self._release()
            raise _cannot_write(self.path, error) from error
        if not keep_bytes:
            try:
                self._append(self.header())
            except MienError:
                self._release()
                raise

    def lines(self) -> Iterator[tuple[int, Row]]:
        """The whole rows of an existing table and the byte at which each begins; not a torn last line.

        Raises:
            MienError: The table has other columns.
        """
        header = self.header()
        with self.lines_path.open("rb") as file:
            if file.read(len(header)) != header:
                if file.seek(0, os.SEEK_END) <= len(header):
                    return  # killed while the header was written
                raise MienError(
                    f"{self.path} has other columns than this run would write; choose another --out"
                )
            at = len(header)
            for line in file:
                try:
                    if not line.endswith(b"\n"):
                        return
                    row = self.decode(line)
                except ValueError:
                    return
                yield at, row
                at += len(line)

    def write(self, results: Sequence[FaceResult], frame: Frame | None = None) -> None:
        """Append one row per result.

        Raises:
            MienError: The file cannot be written, e.g. the disk is full; what was written before stays.
        """
        self._append(self.encode([self.layout.row(result) for result in results]))

    def append_lines(self, lines: bytes) -> None:
        """Append whole lines that a table of the same kind and columns wrote, without its header.

        Raises:
            MienError: As `write`.
        """
        self._append(lines)

    def close(self, summary: object = None) -> None:
        """Finish the table."""
        self._release()

    def _release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, data: bytes) -> None:
        assert self._file is not None, "open() comes first"
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            with suppress(OSError):  # no half line stays behind
                self._file.truncate(self._end)
            raise _cannot_write(self.path, error) from error
        self._end += len(data)


class CsvTable(Table):
    """UTF-8, commas, one header line, ``true`` and ``false``, empty cells where there is no value."""

    def header(self) -> bytes:
        """The line of column names."""
        return self.encode([self.layout.header])

    def encode(self, rows: Sequence[Sequence[Value]]) -> bytes:
        """Rows as whole lines."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([_cell(value) for value in row] for row in rows)
        return text.getvalue().encode("utf-8")

    def decode(self, line: bytes) -> Row:
        """One line as a row; raises ValueError when it is none."""
        try:
            cells = next(csv.reader([line.decode("utf-8")], strict=True))
        except (csv.Error, StopIteration) as error:
            raise ValueError("not a csv line") from error
        return dict(
            zip(
                self.layout.sources,
                (_typed(n, c) for n, c in zip(self.layout.sources, cells, strict=True)),
                strict=True,
            )
        )


class JsonlTable(Table):
    """UTF-8, one JSON object a line, null where there is no value."""

    def encode(self, rows: Sequence[Sequence[Value]]) -> bytes:
        """Rows as whole lines."""
        lines = (
            json.dumps(dict(zip(self.layout.header, row, strict=True)), ensure_ascii=False) for row in rows
        )
        return "".join(line + "\n" for line in lines).encode("utf-8")

    def decode(self, line: bytes) -> Row:
        """One line as a row; raises ValueError when it is none."""
        row = json.loads(line)
        if not isinstance(row, dict) or tuple(row) != self.layout.header:
            raise ValueError("not a row of this table")
        return dict(zip(self.layout.sources, row.values(), strict=True))


class ParquetTable(JsonlTable):
    """One parquet file, written from the lines when the run ends."""

    def __init__(self, path: Path, layout: Layout) -> None:
        super().__init__(path, layout)
        if find_spec("pyarrow") is None:
            raise MienError(
                f"{path}: parquet needs pyarrow: pip install 'mien[parquet]', or name a .csv or .jsonl file"
            )

    @property
    def lines_path(self) -> Path:
        """The rows until the run ends."""
        return self.path.with_name(self.path.name + ".partial.jsonl")

    def lines(self) -> Iterator[tuple[int, Row]]:
        """As for any table; a finished one is turned back into lines first."""
        if not self.lines_path.exists():
            self._unpack()
        return super().lines()

    def close(self, summary: object = None) -> None:
        """Write the parquet file, then remove the lines.

        Raises:
            MienError: The file cannot be written; the lines stay.
        """
        if self._file is None:
            return
        super().close()
        half = self.path.with_name(self.path.name + ".tmp")
        try:
            self._pack(half)
            os.replace(half, self.path)
            self.lines_path.unlink()
        except OSError as error:
            half.unlink(missing_ok=True)
            raise MienError(
                f"{_cannot_write(self.path, error)}; its rows are in {self.lines_path}"
            ) from error

    def _pack(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema(
            [(h, _arrow_type(pa, s)) for h, s in zip(self.layout.header, self.layout.sources, strict=True)]
        )
        with pq.ParquetWriter(path, schema) as writer, self.lines_path.open("rb") as lines:
            batch: list[dict[str, Value]] = []
            for line in lines:
                batch.append(json.loads(line))
                if len(batch) == _PARQUET_ROWS:
                    writer.write_table(pa.Table.from_pylist(batch, schema))
                    batch = []
            if batch:
                writer.write_table(pa.Table.from_pylist(batch, schema))

    def _unpack(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        half = self.lines_path.with_name(self.lines_path.name + ".tmp")
        try:
            with pq.ParquetFile(self.path) as file, half.open("wb") as lines:
                if tuple(file.schema_arrow.names) != self.layout.header:
                    raise MienError(
                        f"{self.path} has other columns than this run would write; choose another --out"
                    )
                for batch in file.iter_batches(_PARQUET_ROWS):
                    lines.write(self.encode([list(row.values()) for row in batch.to_pylist()]))
            os.replace(half, self.lines_path)
        except (OSError, pa.ArrowException) as error:
            raise MienError(f"{self.path} cannot be read as a parquet table: {error}") from error


_KINDS: Mapping[str, type[Table]] = {
    ".csv": CsvTable,
    ".jsonl": JsonlTable,
    ".ndjson": JsonlTable,
    ".parquet": ParquetTable,
}


def make_table(path: Path, layout: Layout) -> Table:
    """The table for a file name; nothing is written yet.

    Raises:
        MienError: An unknown ending, or parquet without pyarrow.
    """
    if path.suffix.lower() not in _KINDS:
        raise MienError(f"{path}: a table ends in {', '.join(_KINDS)}, not in {path.suffix or 'nothing'!r}")
    if path.is_dir():
        raise MienError(f"{path} is a folder; name a file")
    return _KINDS[path.suffix.lower()](path, layout)


def _cell(value: Value) -> Value:
    return str(value).lower() if isinstance(value, bool) else value


def _typed(source: str, cell: str) -> Value:
    if not cell:
        return None
    if source in TEXT_COLUMNS:
        return cell
    if source in TRUTH_COLUMNS:
        if cell not in ("true", "false"):
            raise ValueError("neither true nor false")
        return cell == "true"
    return int(cell) if source in INTEGER_COLUMNS else float(cell)


def _arrow_type(pa: Any, source: str) -> Any:
    if source in TEXT_COLUMNS:
        return pa.string()
    if source in TRUTH_COLUMNS:
        return pa.bool_()
    return pa.int64() if source in INTEGER_COLUMNS else pa.float64()


def _cannot_write(path: Path, error: OSError) -> MienError:
    return MienError(
        f"cannot write {path}: {error.strerror or error}; "
        "what was written before is kept, and --resume goes on from it"
    )
