"""Table and video of a live run: written only when asked for, whole whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from mien.core.errors import MienError
from mien.runtime.annotate import VideoWriter, named_errors
from mien.runtime.columns import Layout
from mien.runtime.draw import draw_results
from mien.runtime.live.session import LiveResult
from mien.runtime.tables import Table, make_table

_TIME_BASE = Fraction(1, 1000)


class RecordingError(MienError):
    """What was to be recorded could not be written; what was written before is whole."""


class Recorder:
    """Takes results while it is on.

    Attributes:
        is_on: Whether it takes them; may be changed at any time.
    """

    def __init__(
        self, layout: Layout, table: Path | None = None, video: Path | None = None, *, overwrite: bool = False
    ) -> None:
        """Open the table; the video begins with its first frame.

        Args:
            layout: The table's columns.
            table: None: no table.
            video: None: no video.
            overwrite: Replace files that exist.

        Raises:
            MienError: A file exists or cannot be written.
        """
        self.is_on = table is not None or video is not None
        self._table: Table | None = None if table is None else make_table(table, layout)
        self._video = None if video is None else _Video(video)
        for path, exists in (
            (table, self._table is not None and self._table.exists()),
            (video, video is not None and video.exists()),
        ):
            if exists and not overwrite:
                raise MienError(f"{path} exists; --overwrite replaces it, or name another file")
        if self._table is not None:
            self._table.open()

    @property
    def can_record(self) -> bool:
        """There is something to record to."""
        return self._table is not None or self._video is not None

    def write(self, seen: LiveResult) -> None:
        """Take a frame's results.

        Raises:
            RecordingError: The disk is full, or the file cannot be written for another reason.
        """
        if not self.is_on:
            return
        if self._table is not None:
            with _as_recording_error(self._table.path):
                self._table.write(seen.rows)
        if self._video is not None:
            with _as_recording_error(self._video.path):
                self._video.write(seen)

    def close(self) -> tuple[Path, ...]:
        """Finish the files, each whatever becomes of the other.

        Returns:
            What was written.

        Raises:
            RecordingError: One could not be finished.
        """
        table, self._table = self._table, None
        video, self._video = self._video, None
        try:
            if table is not None:
                with _as_recording_error(table.path):
                    table.close()
        finally:
            if video is not None:
                with _as_recording_error(video.path):
                    video.close()
        return tuple(part.path for part in (table, video) if part is not None and part.path.exists())


class _Video:
    """A marked video whose time begins with its first frame."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: VideoWriter | None = None
        self._begun_s = 0.0

    def write(self, seen: LiveResult) -> None:
        frame = seen.frame
        if frame is None or frame.timestamp_s is None:
            return
        with named_errors(self.path):
            if self._writer is None:
                self._writer = VideoWriter(frame.input, self.path, _TIME_BASE, frame.image, live=True)
                self._begun_s = frame.timestamp_s
            moved = replace(frame, timestamp_s=frame.timestamp_s - self._begun_s)
            self._writer.write(draw_results(frame.image, seen.rows), moved)

    def close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            with named_errors(self.path):
                writer.close()


@contextmanager
def _as_recording_error(path: Path) -> Iterator[None]:
    """The reason of an error of writing, without what is said of `mien analyze` and its `--resume`."""
    try:
        yield
    except MienError as error:
        cause = error.__cause__
        why = (isinstance(cause, OSError) and cause.strerror) or str(cause or error)
        raise RecordingError(f"cannot write {path}: {why}; what was written before is whole") from error
