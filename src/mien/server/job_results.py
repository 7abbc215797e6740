"""A finished job's rows as json, csv or parquet, a part at a time."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response, StreamingResponse

from mien.core.compound import MIXTURE_SETS
from mien.core.errors import MienError
from mien.runtime.columns import Layout, Value, table_layout
from mien.runtime.tables import CsvTable, ParquetTable
from mien.server.errors import ApiError, disk_full, is_disk_full
from mien.server.job_store import Job
from mien.server.job_worker import ROWS
from mien.server.rows import table_row_json

_ROWS_AT_ONCE = 500
PARQUET = "application/vnd.apache.parquet"


def result_response(job: Job, folder: Path, kind: str, sets: Sequence[str]) -> Response:
    """The answer with a job's rows.

    Args:
        job: It is done.
        folder: Of its files.
        kind: ``json``, ``csv`` or ``parquet``.
        sets: Compound sets that are wanted; none: all that it was sent with.

    Raises:
        ApiError: A set that the job was not sent with, or no parquet here.
    """
    wanted = _wanted_compounds(job, sets)
    rows = _rows(job, folder / ROWS, wanted)
    layout = table_layout(job.labels, compounds=wanted)
    if kind == "json":
        return StreamingResponse(_as_json(job, rows, wanted), media_type="application/json")
    if kind == "csv":
        return StreamingResponse(_as_csv(rows, layout), media_type="text/csv")
    return _as_parquet(rows, layout, folder)


def _wanted_compounds(job: Job, sets: Sequence[str]) -> tuple[str, ...]:
    for name in sets:
        if name not in job.compound:
            had = ", ".join(job.compound) or "no compound set"
            raise ApiError(422, "invalid", f"the video was sent with {had}; send it again with {name}")
    if not sets:
        return job.compounds
    chosen = {mixture.name for name in sets for mixture in MIXTURE_SETS[name].mixtures}
    return tuple(name for name in job.compounds if name in chosen)


def _rows(job: Job, path: Path, compounds: Sequence[str]) -> Iterator[dict[str, Value]]:
    """The rows by mien's own column names, under the client's own name for the video."""
    with path.open("rb") as lines:
        for line in lines:
            row = {**json.loads(line), "input": job.input}
            if len(compounds) < len(job.compounds) and row["status"] == "ok":
                row["compound"] = max(compounds, key=lambda name: row[name])
                row["compound_intensity"] = row[row["compound"]]
            yield row


def _as_json(job: Job, rows: Iterable[Mapping[str, Value]], compounds: Sequence[str]) -> Iterator[str]:
    yield '{"rows": ['
    between = ""
    for some in _batched(rows):
        texts = (json.dumps(table_row_json(row, job.labels, compounds)) for row in some)
        yield between + ", ".join(texts)
        between = ", "
    facts = {"fps": job.fps, "width": job.width, "height": job.height}
    yield "], " + json.dumps(facts)[1:]


def _as_csv(rows: Iterable[Mapping[str, Value]], layout: Layout) -> Iterator[bytes]:
    table = CsvTable(Path("-"), layout)
    yield table.header()
    for some in _batched(rows):
        yield table.encode([[row.get(name) for name in layout.sources] for row in some])


def _as_parquet(rows: Iterable[Mapping[str, Value]], layout: Layout, folder: Path) -> Response:
    """A file of its own beside the rows, deleted once it is sent."""
    if find_spec("pyarrow") is None:
        raise ApiError(
            422, "no_parquet", "this server has no pyarrow (pip install 'mien[parquet]'); ask for format=csv"
        )
    path = folder / f"{secrets.token_hex(8)}.parquet"
    table = ParquetTable(path, layout)
    try:
        with table.lines_path.open("wb") as lines:
            for some in _batched(rows):
                lines.write(table.encode([[row.get(name) for name in layout.sources] for row in some]))
        table.open(table.lines_path.stat().st_size)
        table.close()
    except (OSError, MienError) as error:
        for left in (path, table.lines_path):
            left.unlink(missing_ok=True)
        raise disk_full() if is_disk_full(error.__cause__ or error) else error from error
    return FileResponse(path, media_type=PARQUET, background=BackgroundTask(path.unlink, missing_ok=True))


def _batched(rows: Iterable[Mapping[str, Value]]) -> Iterator[list[Mapping[str, Value]]]:
    some: list[Mapping[str, Value]] = []
    for row in rows:
        some.append(row)
        if len(some) == _ROWS_AT_ONCE:
            yield some
            some = []
    if some:
        yield some
