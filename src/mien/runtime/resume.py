"""Where a table stopped, and what of it must be known to go on as if it never had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mien.faces.box import Box
from mien.runtime.columns import BOX_COLUMNS
from mien.runtime.tables import Row, Table


@dataclass(frozen=True, eq=False)
class PastFace:
    """A face that stands in the table.

    Attributes:
        box: x, y, width, height in pixels.
        face_id: Its number.
        timestamp_s: Its frame's time.
        probabilities: [K] as published; None where nothing is smoothed.
    """

    box: Box
    face_id: int | None
    timestamp_s: float | None
    probabilities: NDArray[np.float64] | None


@dataclass(frozen=True, eq=False)
class PastFrame:
    """A video frame that stands in the table."""

    faces: tuple[PastFace, ...]


@dataclass(frozen=True, eq=False)
class ResumePoint:
    """Where to go on.

    Attributes:
        keep_bytes: The part of the file that stays; rows behind it are made again.
        done: Inputs that are complete.
        current: The video to go on with; None: at the next input.
        next_frame: The first frame of it to analyse.
        history: Its frames so far, for tracking and smoothing.
        n_errors: Rows with an error in the part that stays.
    """

    keep_bytes: int = 0
    done: frozenset[str] = frozenset()
    current: str | None = None
    next_frame: int = 0
    history: tuple[PastFrame, ...] = ()
    n_errors: int = 0


@dataclass
class _Group:
    """Rows of one frame, the first of which begins at byte `at`."""

    at: int
    frame: object
    rows: list[Row] = field(default_factory=list)


@dataclass
class _Tail:
    """The last input of a table: its frames before the last one, and the last one's rows."""

    name: str
    at: int
    last: _Group
    n_errors: int = 0
    next_frame: int = 0
    history: list[PastFrame] = field(default_factory=list)


def find_resume_point(
    table: Table, *, finished: bool, smoothed_labels: Sequence[str], restart_video: bool
) -> ResumePoint:
    """Read a table back.

    The last frame's rows may be incomplete, so they are made again. A video goes on at that frame when the
    table holds what tracking and smoothing need; otherwise it is begun anew.

    Args:
        table: An existing table with the column ``input``.
        finished: Its last input is complete.
        smoothed_labels: The labels whose probabilities are smoothed over time; empty without smoothing.
        restart_video: Begin an unfinished video anew in any case (annotated videos cannot be continued).

    Raises:
        MienError: The table has other columns.
    """
    needed = {"frame", "status", *BOX_COLUMNS}
    if smoothed_labels:
        needed |= {"face_id", "timestamp_s", *smoothed_labels}
    replayable = not restart_video and needed <= set(table.layout.sources)
    done: set[str] = set()
    n_errors = 0
    tail: _Tail | None = None
    for at, row in table.lines():
        name, frame = str(row["input"]), row.get("frame")
        if tail is None or name != tail.name:
            if tail is not None:
                done.add(tail.name)
                n_errors += tail.n_errors
            tail = _Tail(name, at, _Group(at, frame))
        elif frame != tail.last.frame:
            if replayable and isinstance(tail.last.frame, int):
                tail.next_frame = tail.last.frame + 1
                tail.history += _past_frame(tail.last.rows, smoothed_labels)
            tail.last = _Group(at, frame)
        tail.last.rows.append(row)
        tail.n_errors += row.get("status") == "error"
    if tail is None:
        return ResumePoint()
    if finished:
        size = table.lines_path.stat().st_size
        return ResumePoint(size, frozenset(done | {tail.name}), n_errors=n_errors + tail.n_errors)
    if not replayable or not tail.next_frame:
        return ResumePoint(tail.at, frozenset(done), n_errors=n_errors)
    return ResumePoint(
        keep_bytes=tail.last.at,
        done=frozenset(done),
        current=tail.name,
        next_frame=tail.next_frame,
        history=tuple(tail.history),
        n_errors=n_errors + tail.n_errors - sum(row.get("status") == "error" for row in tail.last.rows),
    )


def _past_frame(rows: Sequence[Row], labels: Sequence[str]) -> list[PastFrame]:
    """The frame that some rows tell of; none where it could not be analysed, as nothing was tracked then."""
    if any(row["status"] == "error" for row in rows):
        return []
    faces = []
    for row in rows:
        if row["status"] != "ok":
            continue
        x, y, width, height = (float(row[name] or 0) for name in BOX_COLUMNS)
        shares = np.array([float(row[label] or 0) for label in labels]) if labels else None
        face_id, time = row.get("face_id"), row.get("timestamp_s")
        faces.append(
            PastFace(
                (x, y, width, height),
                face_id if isinstance(face_id, int) else None,
                None if time is None else float(time),
                shares,
            )
        )
    return [PastFrame(tuple(faces))]
