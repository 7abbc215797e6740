"""A large analysis in shards: consecutive inputs that any machine can analyse on its own, joined in order.

A finished shard is a small table of its own in ``OUT.parts``, named after its inputs, so that a run that
is started again does only what is missing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mien.core.errors import MienError
from mien.core.records import FaceResult
from mien.runtime.analyze import AnalyzeOptions, run_analyze
from mien.runtime.columns import Layout
from mien.runtime.run_record import RunRecord, read_record, record_path, write_record
from mien.runtime.sink import Summary
from mien.runtime.sources import Input
from mien.runtime.tables import Table, make_table
from mien.runtime.video import VIDEO_SUFFIXES

SHARD_SIZE = 256
"""Pictures in a shard; a video is a shard of its own."""


@dataclass(frozen=True)
class Shard:
    """Inputs that are analysed together.

    Attributes:
        paths: As the user gave them.
        inputs: Their names in the table.
    """

    paths: tuple[str, ...]
    inputs: tuple[str, ...]

    @property
    def name(self) -> str:
        """Equal for the same inputs."""
        return hashlib.sha256("\0".join(self.inputs).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class ShardResult:
    """What came of a shard.

    Attributes:
        name: The shard's.
        table: Its rows as a table's bytes, header and all; empty where it failed.
        summary: Counts.
        error: Why it failed; empty otherwise.
    """

    name: str
    table: bytes = b""
    summary: Summary = field(default_factory=Summary)
    error: str = ""


def make_shards(inputs: Iterable[Input], size: int = SHARD_SIZE) -> list[Shard]:
    """Divide inputs, in their order.

    Args:
        inputs: All of them.
        size: Most pictures in a shard.

    Raises:
        MienError: A size below 1.
    """
    if size < 1:
        raise MienError(f"a shard holds at least one input, got {size}")
    shards: list[Shard] = []
    pictures: list[Input] = []

    def close() -> None:
        if pictures:
            shards.append(_shard(*pictures))
            pictures.clear()

    for item in inputs:
        if item.path.suffix.lower() in VIDEO_SUFFIXES:
            close()
            shards.append(_shard(item))
            continue
        pictures.append(item)
        if len(pictures) == size:
            close()
    close()
    return shards


def _shard(*items: Input) -> Shard:
    # the worker names its rows after what it is given: "./a.jpg" must not become "a.jpg"
    return Shard(tuple(item.given or str(item.path) for item in items), tuple(item.name for item in items))


def analyze_shard(shard: Shard, options: AnalyzeOptions, suffix: str) -> ShardResult:
    """Analyse one shard in this process.

    Args:
        shard: What to analyse.
        options: How; its paths and table are replaced.
        suffix: Ending of the kind of table that is wanted: ``.csv`` or ``.jsonl``.

    Returns:
        Its rows, or why there are none: nothing is raised, so that one shard never ends a run.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="mien-shard-") as folder:
            out = Path(folder) / f"rows{suffix}"
            summary = run_analyze(replace(options, paths=shard.paths, out=out, resume=False, overwrite=True))
            if summary.interrupted:
                return ShardResult(shard.name, error="it was stopped")
            return ShardResult(shard.name, out.read_bytes(), summary)
    except Exception as error:
        return ShardResult(shard.name, error=f"{type(error).__name__}: {' '.join(str(error).split())}")


class Parts:
    """The finished shards of a run, on disk beside its table.

    Args:
        out: The table.
        layout: Its columns.
    """

    def __init__(self, out: Path, layout: Layout) -> None:
        self.out = out
        self.folder = out.with_name(out.name + ".parts")
        self.table: Table = make_table(out, layout)
        self.suffix = self.table.lines_path.suffix

    def open(self, made_by: dict[str, object], *, resume: bool, overwrite: bool) -> None:
        """Begin, or go on with what is there.

        Args:
            made_by: Every option that changes rows.
            resume: Keep finished shards.
            overwrite: Begin anew.

        Raises:
            MienError: There is something already and neither is set, or it was made with other options.
        """
        record = self.folder / "shards"
        if overwrite and self.folder.exists():
            shutil.rmtree(self.folder)
        if self.folder.exists():
            if not resume:
                raise MienError(
                    f"{self.folder} holds shards of a run that did not end; --resume goes on with them, "
                    "--overwrite begins anew"
                )
            read_record(record).check_same(made_by)
        elif self.table.exists() and not overwrite:
            told = "it is finished" if resume else "--overwrite replaces it"
            raise MienError(f"{self.out} exists; {told}, or choose another --out")
        self.folder.mkdir(parents=True, exist_ok=True)
        write_record(record, RunRecord(made_by))
        record_path(self.out).unlink(missing_ok=True)  # of a table that is about to be replaced

    def has(self, shard: Shard) -> bool:
        """Whether a shard is finished."""
        return self._path(shard.name).is_file()

    def n_errors(self, shard: Shard) -> int:
        """How many inputs of a finished shard could not be read."""
        try:
            return int(self._errors_path(shard.name).read_text(encoding="ascii"))
        except (OSError, ValueError):  # kept by an earlier version
            return 0

    def keep(self, result: ShardResult) -> None:
        """Write a finished shard, whole or not at all.

        Raises:
            MienError: The disk is full or cannot be written; finished shards stay.
        """
        path = self._path(result.name)
        half = path.with_name(path.name + ".tmp")
        try:
            self._errors_path(result.name).write_text(str(result.summary.n_errors), encoding="ascii")
            half.write_bytes(result.table)
            os.replace(half, path)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise MienError(
                f"cannot write {path}: {error.strerror or error}; "
                "finished shards are kept, and --resume goes on from them"
            ) from error

    def join(self, shards: Sequence[Shard], failed: dict[str, str]) -> None:
        """Write the table from the shards, in order; the shards are removed unless one of them failed.

        Args:
            shards: All of them, finished or failed.
            failed: Why, by the name of a shard; its inputs become rows with that error.

        Raises:
            MienError: A shard's table is damaged, or the table cannot be written.
        """
        header = self.table.header()
        self.table.open()
        try:
            for shard in shards:
                if shard.name in failed:
                    self.table.write(list(_failures(shard, failed[shard.name])))
                    continue
                rows = self._path(shard.name).read_bytes()
                if not rows.startswith(header):
                    raise MienError(f"{self._path(shard.name)} is damaged; delete it and use --resume")
                self.table.append_lines(rows[len(header) :])
        finally:
            self.table.close()
        if not failed:
            shutil.rmtree(self.folder)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{self.suffix}"

    def _errors_path(self, name: str) -> Path:
        return self.folder / f"{name}.errors"


def _failures(shard: Shard, error: str) -> Iterator[FaceResult]:
    """A row for each input of a failed shard."""
    for name in shard.inputs:
        yield FaceResult(name, None, None, "error", f"its shard failed: {error}")


def total(summaries: Iterable[Summary], seconds: float, passed_over: int) -> Summary:
    """The counts of several runs added up.

    Args:
        summaries: Of the shards.
        seconds: Wall time of all of it.
        passed_over: Files in folders that are neither pictures nor videos.
    """
    items = list(summaries)
    stages = sorted({stage for item in items for stage in item.seconds} - {"total"})
    return Summary(
        n_inputs=sum(item.n_inputs for item in items),
        n_frames=sum(item.n_frames for item in items),
        n_faces=sum(item.n_faces for item in items),
        n_no_face=sum(item.n_no_face for item in items),
        n_errors=sum(item.n_errors for item in items),
        passed_over=passed_over,
        seconds={s: sum(item.seconds.get(s, 0.0) for item in items) for s in stages} | {"total": seconds},
        detector=next((item.detector for item in items if item.detector), ""),
    )
