"""Whole runs with the doubles: what is on the disk afterwards, and what is said."""

from __future__ import annotations

import csv
import errno
import os
import signal

import pytest

from mien.core.errors import InputError, MienError
from mien.core.specs import InputSpec
from mien.runtime.columns import FIXED_COLUMNS
from mien.runtime.live import run as running
from mien.runtime.live.options import LiveOptions, parse_size
from mien.runtime.live.run import Judge, run_live
from mien.runtime.tables import Table
from mien.runtime.video import read_video


@pytest.fixture
def given(monkeypatch):
    """Makes `open_source` give a source."""

    def give(source):
        monkeypatch.setattr(running, "open_source", lambda word, options: source)
        return source

    return give


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_source_that_breaks_off_leaves_whole_files(given, fake_source, moving_faces, judge, tmp_path):
    source = given(fake_source(moving_faces, breaks=True, pause_s=0.004))
    options = LiveOptions(
        "0", record=tmp_path / "t.csv", record_video=tmp_path / "v.mp4", patience_s=0, smooth_s=0
    )
    told = run_live(options, judge=judge, in_window=False)
    assert (told.ending, told.reason) == ("lost", "fake is gone")
    assert told.written == (tmp_path / "t.csv", tmp_path / "v.mp4")
    assert told.n_frames + told.n_dropped == 40
    rows = rows_of(tmp_path / "t.csv")
    assert len({row["frame"] for row in rows}) == told.n_frames
    assert all(len(row) == len(FIXED_COLUMNS) + 7 and row["status"] for row in rows)
    assert len(list(read_video(tmp_path / "v.mp4"))) == told.n_frames
    assert source.n_closed >= 1


def test_ctrl_c_ends_it_with_whole_files(given, fake_source, moving_faces, judge, tmp_path):
    def press(index):
        if index == 60:
            os.kill(os.getpid(), signal.SIGINT)

    given(fake_source(moving_faces * 50, pause_s=0.002, on_shot=press))
    before = signal.getsignal(signal.SIGINT)
    told = run_live(LiveOptions("0", record=tmp_path / "t.csv"), judge=judge, in_window=False)
    assert told.ending == "stopped"
    assert rows_of(tmp_path / "t.csv")[-1]["status"] in ("ok", "no_face")
    assert signal.getsignal(signal.SIGINT) is before


def test_a_full_disk_ends_it_and_says_so(given, fake_source, moving_faces, judge, tmp_path, monkeypatch):
    given(fake_source(moving_faces, can_wait=True))
    write, n_written = Table.write, []

    def until_full(self, results, frame=None):
        if len(n_written) == 7:
            try:
                raise OSError(errno.ENOSPC, "No space left on device")
            except OSError as error:
                raise MienError("full; --resume") from error
        n_written.append(1)
        write(self, results, frame)

    monkeypatch.setattr(Table, "write", until_full)
    options = LiveOptions("clip", record=tmp_path / "t.csv", record_video=tmp_path / "v.mp4", paced=False)
    told = run_live(options, judge=judge, in_window=False)
    assert told.ending == "unwritable"
    assert "No space left on device" in told.reason
    assert told.written == (tmp_path / "t.csv", tmp_path / "v.mp4")
    assert {row["frame"] for row in rows_of(tmp_path / "t.csv")} == {str(i) for i in range(7)}
    assert len(list(read_video(tmp_path / "v.mp4"))) == 7


def test_latency_is_counted_and_status_is_told(
    given, fake_source, moving_faces, judge, detector, monkeypatch
):
    detector.delay_s = 0.01
    source = given(fake_source(moving_faces, breaks=True, pause_s=0.002))
    said, seen, there = [], [], [source]

    def open_once(word, options):
        if not there:
            raise InputError("not there any more")
        return there.pop()

    monkeypatch.setattr(running, "open_source", open_once)
    told = run_live(
        LiveOptions("0", patience_s=0.3),
        judge=judge,
        in_window=False,
        on_result=lambda result, meter: seen.append(result),
        say=said.append,
    )
    assert len(said) >= 1
    assert "trying again" in said[0]
    assert told.n_shown == told.n_frames == len(seen)
    assert 10 <= told.latency_ms[0] <= told.latency_ms[1] <= told.latency_ms[2] < 2000
    assert told.n_dropped > 0


def test_a_model_that_needs_depth_refuses_a_source_without(given, fake_source, moving_faces, judge, tmp_path):
    source = given(fake_source(moving_faces))
    spec = judge.spec.model_copy(
        update={
            "input": InputSpec(
                size_px=8,
                channels="rgbd",
                mean=(0.5,) * 4,
                std=(0.5,) * 4,
                depth_range_mm=(200.0, 900.0),
                align=judge.spec.input.align,
            )
        }
    )
    needs_depth = Judge(type("NeedsDepth", (), {"spec": spec})(), judge.detector)
    with pytest.raises(MienError, match="has no depth: take a RealSense camera"):
        run_live(LiveOptions("0", record=tmp_path / "t.csv"), judge=needs_depth, in_window=False)
    assert source.n_closed == 1
    assert not (tmp_path / "t.csv").exists()


def test_pacing_is_for_recordings(given, fake_source, moving_faces, judge):
    given(fake_source(moving_faces))
    with pytest.raises(MienError, match="--no-pacing is for recordings"):
        run_live(LiveOptions("0", paced=False), judge=judge, in_window=False)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"smooth_s": -1.0}, "--smooth"),
        ({"patience_s": float("nan")}, "--patience"),
        ({"seconds": 0.0}, "--seconds"),
        ({"fps": -3.0}, "--fps"),
        ({"depth_unit_mm": 0.0}, "--depth-unit"),
    ],
)
def test_wrong_options_are_one_line(how, says):
    with pytest.raises(MienError, match=says):
        LiveOptions(**how)


def test_files_are_checked_before_anything_runs(tmp_path):
    with pytest.raises(MienError, match=r"must end in \.mp4"):
        LiveOptions(record_video=tmp_path / "v.avi")
    (tmp_path / "v.mp4").touch()
    with pytest.raises(MienError, match="is the source itself"):
        LiveOptions(str(tmp_path / "v.mp4"), record_video=tmp_path / "v.mp4")


def test_sizes():
    assert parse_size("1280x720") == (1280, 720)
    with pytest.raises(MienError, match="640x480"):
        parse_size("big")


def test_the_python_iterator(given, fake_source, moving_faces, judge, monkeypatch):
    import mien

    given(fake_source(moving_faces, can_wait=True))
    monkeypatch.setattr(running, "load_judge", lambda options: judge)
    results = list(mien.live("clip", paced=False, smooth_s=0))
    assert len(results) == 40
    assert results[0].faces[0].emotion in judge.spec.labels
