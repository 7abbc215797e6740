"""What is known of videos: SQLite beside their files, so that a kill loses nothing that was acknowledged."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mien.core.errors import MienError

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, status TEXT NOT NULL, expires REAL NOT NULL, created REAL NOT NULL, job TEXT NOT NULL
) STRICT
"""
WAITING = ("queued", "running")


@dataclass(frozen=True)
class Job:
    """A video that was sent.

    Attributes:
        id: A name that cannot be guessed.
        input: What the client calls it.
        model: The server's word for the model.
        labels: The model's.
        every: Each n-th frame.
        smooth_s: Time constant of smoothing.
        compound: Compound sets.
        compounds: Their compounds, as they stand in the table.
        width: Of a frame as displayed, in pixels.
        height: Of a frame as displayed, in pixels.
        fps: Frames per second; None when unknown.
        frames_total: Frames to be analysed; None when unknown.
        created: Seconds since 1970.
        expires: Seconds since 1970.
        status: ``queued``, ``running``, ``done`` or ``failed``.
        frames_done: Frames that are analysed.
        error: What went wrong; None where nothing did.
        attempts: How often work on it has begun and not ended.
    """

    id: str
    input: str
    model: str
    labels: tuple[str, ...]
    every: int = 1
    smooth_s: float = 0.0
    compound: tuple[str, ...] = ()
    compounds: tuple[str, ...] = ()
    width: int = 0
    height: int = 0
    fps: float | None = None
    frames_total: int | None = None
    created: float = 0.0
    expires: float = 0.0
    status: str = "queued"
    frames_done: int = 0
    error: str | None = None
    attempts: int = 0

    def as_json(self) -> dict[str, Any]:
        """As the API gives it."""
        progress = None
        if self.status == "done":
            progress = 1.0
        elif self.frames_total:
            progress = round(min(1.0, self.frames_done / self.frames_total), 4)
        return {
            "id": self.id,
            "status": self.status,
            "input": self.input,
            "progress": progress,
            "frames_done": self.frames_done,
            "frames_total": self.frames_total,
            "error": self.error,
            "created": _iso(self.created),
            "expires": _iso(self.expires),
        }


class JobStore:
    """The jobs of one server and their folders. Safe to use from several threads."""

    def __init__(self, folder: Path, keep_hours: float) -> None:
        """Open the store; jobs that a killed server had begun are queued again.

        Args:
            folder: Only the server's user can read it; it belongs to one server at a time.
            keep_hours: How long a job is kept after it was sent, and again after it ended.

        Raises:
            MienError: The folder cannot be used, or another server uses it.
        """
        self.folder, self.keep_s = folder, 3600 * keep_hours
        self._lock = threading.Lock()
        try:
            self._jobs_folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            self._guard = _alone(folder)
            self._db = sqlite3.connect(folder / "jobs.sqlite", check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version not in (0, _SCHEMA_VERSION):
                raise MienError(f"--data-dir {folder}: written by a newer mien; choose another folder")
            self._db.execute(_SCHEMA)
            self._db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise MienError(f"--data-dir {folder} cannot be used: {error}; choose another folder") from error
        self._recover()

    @property
    def _jobs_folder(self) -> Path:
        return self.folder / "jobs"

    def folder_of(self, job_id: str) -> Path:
        """Where a job's files are. Only for ids that `new_folder` or the store gave."""
        return self._jobs_folder / job_id

    def new_folder(self) -> tuple[str, Path]:
        """A fresh id and its folder."""
        job_id = secrets.token_urlsafe(16)
        path = self.folder_of(job_id)
        path.mkdir(mode=0o700)
        return job_id, path

    def drop_folder(self, job_id: str) -> None:
        """Delete a job's files."""
        shutil.rmtree(self.folder_of(job_id), ignore_errors=True)

    def add(self, job: Job, most: int | None = None) -> Job | None:
        """Keep a new job; when this returns it survives a power cut.

        Args:
            job: What to keep.
            most: Jobs that may wait or run, this one too; None: any number.

        Returns:
            The job with its times; None where there were as many already.
        """
        now = time.time()
        job = replace(job, created=now, expires=now + self.keep_s)
        sync_folder(self.folder_of(job.id))
        sync_folder(self._jobs_folder)
        with self._transaction() as db:  # counted within it: several videos may arrive at once
            waiting = db.execute("SELECT COUNT(*) FROM jobs WHERE status IN (?, ?)", WAITING).fetchone()[0]
            if most is not None and waiting >= most:
                return None
            db.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, ?)", _as_row(job))
        return job

    def get(self, job_id: str) -> Job | None:
        """A job; None where there is none of that id, or it has expired."""
        with self._lock:
            found = self._db.execute(
                "SELECT job FROM jobs WHERE id = ? AND (expires > ? OR status = 'running')",
                (job_id, time.time()),
            ).fetchone()
        return None if found is None else _from_json(found[0])

    def all(self) -> list[Job]:
        """All jobs, newest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT job FROM jobs WHERE expires > ? OR status = 'running' ORDER BY created DESC",
                (time.time(),),
            ).fetchall()
        return [_from_json(text) for (text,) in rows]

    def next_queued(self) -> Job | None:
        """The job that has waited longest."""
        with self._lock:
            found = self._db.execute(
                "SELECT job FROM jobs WHERE status = 'queued' ORDER BY created LIMIT 1"
            ).fetchone()
        return None if found is None else _from_json(found[0])

    def update(self, job: Job) -> bool:
        """Keep a job's new state; False where it was deleted meanwhile."""
        job_id, status, expires, _, text = _as_row(job)
        with self._transaction() as db:
            changed = db.execute(
                "UPDATE jobs SET status = ?, expires = ?, job = ? WHERE id = ?",
                (status, expires, text, job_id),
            )
            return changed.rowcount > 0

    def delete(self, job_id: str) -> bool:
        """Forget a job (its folder is left); False where there was none."""
        with self._transaction() as db:
            return db.execute("DELETE FROM jobs WHERE id = ?", (job_id,)).rowcount > 0

    def count_by_status(self) -> dict[str, int]:
        """How many jobs there are of each status."""
        with self._lock:
            rows = self._db.execute("SELECT status, COUNT(*) FROM jobs GROUP BY status").fetchall()
        return {"queued": 0, "running": 0, "done": 0, "failed": 0, **dict(rows)}

    def n_waiting(self) -> int:
        """Jobs that wait or run."""
        counts = self.count_by_status()
        return sum(counts[status] for status in WAITING)

    def expire(self) -> None:
        """Delete what was kept long enough."""
        now = time.time()
        with self._transaction() as db:
            gone = db.execute(
                "DELETE FROM jobs WHERE expires <= ? AND status != 'running' RETURNING id", (now,)
            ).fetchall()
        for (job_id,) in gone:
            self.drop_folder(job_id)

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            self._db.close()
        if self._guard is not None:
            os.close(self._guard)

    def _recover(self) -> None:
        """Queue what was running, and delete what was never acknowledged or is not known any more."""
        with self._lock:
            jobs = [_from_json(text) for (text,) in self._db.execute("SELECT job FROM jobs").fetchall()]
        for job in jobs:
            if job.status == "running":
                self.update(replace(job, status="queued"))
        known = {job.id for job in jobs}
        for path in self._jobs_folder.iterdir():
            if path.name not in known:
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything in the block, or nothing."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # the first error is the one to tell
                    self._db.execute("ROLLBACK")
                raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # not every system opens folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _alone(folder: Path) -> int | None:
    """Hold the folder for this server; None where the system has no such locks."""
    try:
        import fcntl
    except ImportError:
        return None
    handle = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise MienError(f"--data-dir {folder} is used by another server; choose another folder") from error
    return handle


def _as_row(job: Job) -> tuple[str, str, float, float, str]:
    return job.id, job.status, job.expires, job.created, json.dumps(job.__dict__)


def _from_json(text: str) -> Job:
    known = json.loads(text)
    for name in ("labels", "compound", "compounds"):
        known[name] = tuple(known[name])
    return Job(**known)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
