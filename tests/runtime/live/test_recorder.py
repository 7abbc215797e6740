"""Tables and videos are written only when asked for, and whole whatever happens."""

from __future__ import annotations

import csv
import errno

import av
import pytest

from mien.core.errors import MienError
from mien.core.labels import BASIC7
from mien.runtime.columns import table_layout
from mien.runtime.live.recorder import Recorder, RecordingError
from mien.runtime.video import read_video

LAYOUT = table_layout(BASIC7.names)


@pytest.fixture
def results(session, fake_source, moving_faces):
    source = fake_source(moving_faces * 3, can_wait=True, first_s=1000.0)
    return list(session(source, paced=False).results())


def test_nothing_is_written_unasked(tmp_path, monkeypatch, results):
    monkeypatch.chdir(tmp_path)
    recorder = Recorder(LAYOUT)
    assert not recorder.can_record
    for seen in results[:3]:
        recorder.write(seen)
    assert recorder.close() == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_a_table_has_the_rows_of_the_time_it_was_on(tmp_path, results, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    recorder = Recorder(LAYOUT, tmp_path / name)
    for seen in results[:10]:
        recorder.is_on = seen.frame.index not in (4, 5)
        recorder.write(seen)
    assert recorder.close() == (tmp_path / name,)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    if name == "t.csv":
        with (tmp_path / name).open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [int(row["frame"]) for row in rows] == [0, 1, 2, 3, 6, 7, 8, 9]
        assert float(rows[1]["timestamp_s"]) == 1000.04


def test_a_video_begins_at_0_and_shows_the_marks(tmp_path, results):
    recorder = Recorder(LAYOUT, None, tmp_path / "v.mp4")
    for seen in results[:30]:
        recorder.write(seen)
    assert recorder.close() == (tmp_path / "v.mp4",)
    frames = list(read_video(tmp_path / "v.mp4"))
    assert len(frames) == 30
    assert frames[10].timestamp_s == pytest.approx(0.4, abs=0.002)
    plain = results[10].frame.image.astype(int)
    assert abs(frames[10].to_rgb().astype(int) - plain).mean() > 3  # marked, not plain


def test_a_video_can_be_played_though_the_machine_went_dark(tmp_path, results):
    recorder = Recorder(LAYOUT, None, tmp_path / "v.mp4")
    for seen in results:
        recorder.write(seen)
    copy = tmp_path / "as_found.mp4"
    copy.write_bytes((tmp_path / "v.partial.mp4").read_bytes())  # nothing was closed
    with av.open(str(copy)) as found:
        assert sum(1 for _ in found.decode(video=0)) >= 40
    recorder.close()


def test_files_that_exist_are_kept_unless_told_otherwise(tmp_path, results):
    (tmp_path / "t.csv").write_text("precious")
    with pytest.raises(MienError, match="--overwrite"):
        Recorder(LAYOUT, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "precious"
    recorder = Recorder(LAYOUT, tmp_path / "t.csv", overwrite=True)
    recorder.write(results[0])
    recorder.close()
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 2


def test_a_full_disk_is_one_line_and_the_rows_before_stay_whole(tmp_path, results):
    recorder = Recorder(LAYOUT, tmp_path / "t.csv")
    recorder.write(results[0])
    whole = (tmp_path / "t.csv").read_bytes()

    class FullDisk:
        def __init__(self, file):
            self.file = file

        def write(self, data):
            if len(data) > 10:
                return self.file.write(data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name):
            return getattr(self.file, name)

    recorder._table._file = FullDisk(recorder._table._file)
    with pytest.raises(
        RecordingError, match=r"t\.csv: No space left on device; what was written before"
    ) as told:
        recorder.write(results[1])
    assert "--resume" not in str(told.value)
    recorder.close()
    assert (tmp_path / "t.csv").read_bytes() == whole
