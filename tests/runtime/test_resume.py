import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.runtime.run_record import RunRecord, read_record, record_path, write_record


@pytest.fixture
def inputs(tmp_path, save_picture, save_video, moving_faces, picture):
    """A picture with two faces, a video, a broken file, another video, a picture."""
    folder = tmp_path / "in"
    save_picture(folder / "a.png", picture([(10, 20), (90, 60)]))
    save_video(folder / "b.mp4", moving_faces)
    (folder / "c.jpg").write_text("no picture")
    save_video(folder / "d.mp4", moving_faces[10:25])
    save_picture(folder / "e.png")
    return folder


def stop_at(table: Path, n_bytes: int) -> None:
    """Leave a table as a kill does after so many bytes."""
    lines = table if table.suffix != ".parquet" else table.with_name(table.name + ".partial.jsonl")
    lines.write_bytes(lines.read_bytes()[:n_bytes])
    record = read_record(table)
    write_record(table, RunRecord(record.options, finished=False))


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"smooth_s": 0.3, "every": 2},
        {"columns": ("frame", "emotion", "input")},
        {"table_format": "pyfeat"},
    ],
    ids=["plain", "smoothed", "few columns", "pyfeat"],
)
def test_a_table_cut_anywhere_is_finished_to_the_same_bytes(tmp_path, analyze, inputs, name, options):
    whole = tmp_path / name
    analyze(inputs, out=whole, **options)
    expected = whole.read_bytes()
    for cut in [5, *range(300, len(expected), len(expected) // 3), len(expected) - 1]:
        stop_at(whole, cut)
        summary = analyze(inputs, out=whole, resume=True, **options)
        assert whole.read_bytes() == expected, cut
        assert read_record(whole).finished
        assert summary.n_errors == 1 or "status" not in options.get("columns", ("status",))


def test_an_unfinished_video_goes_on_at_its_frame(tmp_path, analyze, inputs, sink):
    out = tmp_path / "t.csv"
    analyze(inputs, out=out)
    lines = out.read_bytes().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if b"b.mp4,29," in line)
    stop_at(out, sum(map(len, lines[:at])))
    summary = analyze(inputs, out=out, resume=True, sinks=[sink])
    assert summary.n_resumed == 1
    assert (Path(sink.results[0].input).name, sink.results[0].frame) == ("b.mp4", 28)
    assert out.read_bytes() == b"".join(lines)


def test_parquet_goes_on_from_its_lines(tmp_path, analyze, inputs):
    parquet = pytest.importorskip("pyarrow.parquet")
    out, lines = tmp_path / "t.parquet", tmp_path / "t.jsonl"
    analyze(inputs, out=out, smooth_s=0.2)
    expected = parquet.read_table(out)
    analyze(inputs, out=lines, smooth_s=0.2)
    out.unlink()
    lines.rename(tmp_path / "t.parquet.partial.jsonl")
    stop_at(out, 9_000)
    analyze(inputs, out=out, smooth_s=0.2, resume=True)
    assert parquet.read_table(out).equals(expected)
    assert sorted(path.name for path in tmp_path.glob("t.parquet*")) == ["t.parquet", "t.parquet.run.json"]


def test_new_inputs_are_added_to_a_finished_table(tmp_path, analyze, inputs, save_picture):
    for name in ("t.csv", "t.parquet"):
        if name == "t.parquet":
            pytest.importorskip("pyarrow")
        analyze(inputs / "a.png", inputs / "b.mp4", out=tmp_path / name)
        summary = analyze(inputs, out=tmp_path / name, resume=True)
        assert (summary.n_resumed, summary.n_inputs) == (2, 3)
        assert analyze(inputs, out=tmp_path / name, resume=True).n_frames == 0


def test_resume_begins_a_table_that_is_not_there(tmp_path, analyze, inputs):
    assert analyze(inputs, out=tmp_path / "t.csv", resume=True).n_inputs == 5


def test_options_that_differ_are_refused_and_named(tmp_path, analyze, inputs):
    out = tmp_path / "t.csv"
    analyze(inputs / "a.png", out=out)
    before = out.read_bytes()
    with pytest.raises(MienError, match=r"every was 1, now 2; smooth_s was 0\.0, now 0\.5"):
        analyze(inputs, out=out, resume=True, every=2, smooth_s=0.5)
    assert out.read_bytes() == before
    analyze(inputs, out=out, resume=True, batch=3, threads=1)  # these change no row


def test_an_existing_table_is_neither_replaced_nor_continued_unasked(tmp_path, analyze, inputs):
    out = tmp_path / "t.csv"
    analyze(inputs / "a.png", out=out)
    with pytest.raises(MienError, match="--resume goes on with it, --overwrite replaces it"):
        analyze(inputs / "a.png", out=out)
    analyze(inputs / "e.png", out=out, overwrite=True)
    assert b"a.png" not in out.read_bytes()
    assert len(out.read_bytes().splitlines()) == 2


def test_a_table_without_its_record_is_refused(tmp_path, analyze, inputs):
    out = tmp_path / "t.csv"
    analyze(inputs / "a.png", out=out)
    record_path(out).unlink()
    with pytest.raises(MienError, match=r"t\.csv\.run\.json is missing"):
        analyze(inputs, out=out, resume=True)
    record_path(out).write_text("{")
    with pytest.raises(MienError, match="is damaged"):
        analyze(inputs, out=out, resume=True)


def test_resume_needs_to_know_the_inputs(tmp_path, analyze, inputs):
    with pytest.raises(MienError, match="needs the column input"):
        analyze(inputs, out=tmp_path / "t.csv", resume=True, columns=("emotion",))


def test_the_record_tells_how_the_table_was_made(tmp_path, analyze, inputs):
    analyze(inputs / "a.png", out=tmp_path / "t.csv", every=3)
    content = json.loads(record_path(tmp_path / "t.csv").read_text())
    assert content["finished"] is True
    assert content["options"]["every"] == 3
    assert content["options"]["model"]["name"] == "colours"
    assert content["options"]["detector"] == "patches"


def slow_run(paths: Path, out: Path) -> subprocess.Popen[bytes]:
    """The same run in a process of its own, slowly."""
    script = textwrap.dedent(
        f"""
        import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from conftest import ColourPredictor, PatchDetector
        from mien.runtime.analyze import AnalyzeOptions, run_analyze
        options = AnalyzeOptions(({str(paths)!r},), out=Path({str(out)!r}), batch=2, threads=1, smooth_s=0.2)
        done = run_analyze(options, predictor=ColourPredictor(), make_detector=lambda: PatchDetector(0.05))
        sys.exit(7 if done.interrupted else 0)
        """
    )
    return subprocess.Popen([sys.executable, "-c", script], env=os.environ)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT", "SIGTERM"])
def test_a_run_that_was_really_stopped_is_finished_to_the_same_rows(tmp_path, analyze, inputs, name, how):
    if name == "t.parquet":
        pytest.importorskip("pyarrow")
    out = tmp_path / name
    lines = out if name == "t.csv" else tmp_path / "t.parquet.partial.jsonl"
    analyze(inputs, out=tmp_path / f"whole_{name}", smooth_s=0.2, batch=2)
    process = slow_run(inputs, out)
    deadline = time.monotonic() + 60
    while (not lines.exists() or lines.read_bytes().count(b"\n") < 8) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(getattr(signal, how))
    code = process.wait(timeout=30)
    assert code == (-9 if how == "SIGKILL" else 7)
    if how != "SIGKILL" and name == "t.parquet":
        assert out.exists()
        assert not lines.exists()
    assert not read_record(out).finished
    analyze(inputs, out=out, smooth_s=0.2, resume=True)
    if name == "t.csv":
        assert out.read_bytes() == (tmp_path / "whole_t.csv").read_bytes()
    else:
        import pyarrow.parquet as parquet

        assert parquet.read_table(out).equals(parquet.read_table(tmp_path / "whole_t.parquet"))
