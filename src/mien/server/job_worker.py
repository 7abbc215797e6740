"""The thread that analyses videos, one after another, and goes on after a restart."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mien.core.errors import MienError
from mien.core.records import FaceResult, Frame
from mien.faces.detector import Detector
from mien.runtime.analyze import AnalyzeOptions, run_analyze
from mien.runtime.sink import Summary
from mien.server.job_store import Job, JobStore
from mien.server.models import ServedModels
from mien.server.settings import Settings

logger = logging.getLogger("mien.server")

VIDEO = "video"
ROWS = "rows.jsonl"
_SWEEP_S = 30.0
_MOST_ATTEMPTS = 5
_STOP_S = 30.0
_TAIL_BYTES = 65_536


class JobWorker:
    """Runs queued jobs with `run_analyze`, whose table is what a restart goes on with."""

    def __init__(
        self,
        store: JobStore,
        models: ServedModels,
        make_detector: Callable[[], Detector],
        settings: Settings,
    ) -> None:
        self.store, self.models, self.settings = store, models, settings
        self._make_detector = make_detector
        self._stop, self._wake = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="mien-jobs", daemon=True)
        self._now: _Run | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the frames in hand; the running job is queued again, where it is."""
        self._stop.set()
        self._wake.set()
        if (run := self._now) is not None:
            run.stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=_STOP_S)

    def wake(self) -> None:
        """There is a new job."""
        self._wake.set()

    def progress_of(self, job: Job) -> Job:
        """A job with the frames that are done by now."""
        run = self._now
        if run is None or run.job.id != job.id or job.status != "running":
            return job
        return replace(job, frames_done=max(job.frames_done, run.frames_done))

    def delete(self, job_id: str) -> bool:
        """Cancel a job and delete all of it; False where there is none."""
        if not self.store.delete(job_id):
            return False
        run = self._now
        if run is not None and run.job.id == job_id:
            run.stop.set()  # the folder goes once nothing writes into it any more
        else:
            self.store.drop_folder(job_id)
        return True

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self.store.expire()
                job = self.store.next_queued()
                if job is not None:
                    self._do(job)
                    continue
            except Exception:
                logger.exception("the thread of jobs goes on after")
            self._wake.wait(_SWEEP_S)
            self._wake.clear()

    def _do(self, job: Job) -> None:
        """Work on a job until it is done, or has failed, or is stopped."""
        if job.attempts >= _MOST_ATTEMPTS:
            self.store.update(
                replace(
                    job, status="failed", error=f"the server ended {job.attempts} times while at work on it"
                )
            )
            return
        job = replace(job, status="running", attempts=job.attempts + 1)
        if not self.store.update(job):
            return
        run = self._now = _Run(job, self.settings.limits.video_frames)
        if self._stop.is_set():
            run.stop.set()
        try:
            ended = self._ended(run)
        finally:
            self._now = None
        if not self.store.update(ended):
            self.store.drop_folder(job.id)  # deleted meanwhile
        elif ended.status in ("done", "failed"):
            (self.store.folder_of(job.id) / VIDEO).unlink(missing_ok=True)

    def _ended(self, run: _Run) -> Job:
        """The job's state after a run."""
        job, folder = run.job, self.store.folder_of(run.job.id)
        try:
            summary = self._analyzed(run, folder)
        except MienError as error:
            return self._failed(run, str(error).replace(f"{folder}/", ""))
        except Exception as error:
            logger.exception("a job failed")
            return self._failed(run, f"a fault of the server ({type(error).__name__}); its log says more")
        if summary.interrupted:
            return replace(job, status="queued", frames_done=run.frames_done, attempts=0)
        if not run.frames_done:
            return self._failed(run, run.error or "no frame of it could be analysed")
        expires = self._expires()
        return replace(job, status="done", frames_done=run.frames_done, error=run.error, expires=expires)

    def _analyzed(self, run: _Run, folder: Path) -> Summary:
        job = run.job
        model = next((model for model in self.models if model.word == job.model), None)
        if model is None:
            raise MienError(f"it was sent for the model {job.model}, which this server does not run any more")
        begun = (folder / ROWS).exists()
        if begun and (last := _last_row(folder / ROWS)):
            run.note(last["status"], last["frame"], last["error"])
        options = AnalyzeOptions(
            (str(folder / VIDEO),),
            out=folder / ROWS,
            every=job.every,
            min_face_px=self.settings.min_face_px,
            model=job.model,
            smooth_s=job.smooth_s,
            compound=job.compound,
            resume=begun,
            threads=max(1, self.settings.n_threads // 2),  # requests come first
        )
        return run_analyze(
            options,
            predictor=model.predictor,
            make_detector=self._make_detector,
            sinks=[run],
            stop=run.stop,
        )

    def _failed(self, run: _Run, why: str) -> Job:
        logger.warning("a job failed")
        return replace(
            run.job, status="failed", frames_done=run.frames_done, error=why, expires=self._expires()
        )

    def _expires(self) -> float:
        return time.time() + self.store.keep_s


class _Run:
    """Watches one run: how far it is, and that it does not go on for ever."""

    needs_frames = False

    def __init__(self, job: Job, most_frames: int) -> None:
        self.job, self.most_frames = job, most_frames
        self.frames_done = job.frames_done
        self.error: str | None = None
        self.stop = threading.Event()

    def write(self, results: Sequence[FaceResult], frame: Frame | None) -> None:
        """Count a frame."""
        self.note(results[0].status, results[0].frame, results[0].error)
        if self.frames_done > self.most_frames:
            raise MienError(f"the video has more than {self.most_frames} frames; cut it, or send `every`")

    def note(self, status: str, frame: int | None, error: str | None) -> None:
        """Take in what a row of the last frame says."""
        if status == "error":
            self.error = error
        elif frame is not None:
            self.frames_done = frame // self.job.every + 1

    def close(self, summary: Summary | None = None) -> None:
        """Nothing is held back."""


def _last_row(path: Path) -> dict[str, Any] | None:
    """The last whole row of a table of lines."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        lines = file.read().split(b"\n")[:-1]
    try:
        row: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError):
        return None
    return row
