"""`mien live` as it is typed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mien.cli.live import closing_line
from mien.runtime.live.options import LiveSummary

CLIP = Path(__file__).parents[2] / "examples" / "media" / "synthetic_two_faces.mp4"


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    monkeypatch.delenv("MIEN_MODEL_DIR", raising=False)


def test_the_clip_without_a_window_becomes_a_table_and_a_video(mien, tmp_path):
    table, video = tmp_path / "t.csv", tmp_path / "v.mp4"
    words = ("live", CLIP, "--headless", "--no-pacing", "--seconds", 1, "--compound", "rafdb11")
    said = mien(*words, "--record", table, "--record-video", video)
    assert said.code == 0, said.err
    assert "25 frames" in said.out
    assert "the time is over" in said.out
    assert str(table) in said.out
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {int(row["frame"]) for row in rows} == set(range(25))
    assert any(row["compound"] for row in rows)
    assert video.stat().st_size > 10_000
    again = mien(*words, "--record", table)
    assert again.code == 2
    assert "--overwrite" in again.err


def test_lines_for_a_pipe(mien):
    said = mien("live", CLIP, "--headless", "--no-pacing", "--seconds", 0.4, "--smooth", 0)
    assert said.code == 0, said.err
    lines = [line.split("\t") for line in said.out.splitlines()]
    assert 5 <= len(lines) <= 10
    assert float(lines[-1][0]) <= 0.4
    number, emotion, share = lines[0][1].split()
    assert number == "0"
    assert emotion.isalpha()
    assert 0 < float(share) <= 1
    assert "frames/s" in said.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nothing.mp4",), "no such file"),
        (("77",), "camera 77"),
        ((CLIP, "--size", "640x480"), "--size does not fit"),
        ((CLIP, "--record", "t.txt"), ".csv"),
        ((CLIP, "--seconds", "-1"), "--seconds"),
        ((CLIP, "--model", "mien-bse"), "mien-base"),
    ],
)
def test_wrong_usage_is_one_line(mien, words, says, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    said = mien("live", *words, "--headless")
    assert said.code == 2
    assert says in said.err
    assert len(said.err.strip().splitlines()) <= 2  # Haar in place of YuNet may be told before
    assert list(tmp_path.glob("t.*")) == []


def test_a_source_that_breaks_off_is_code_3(mien, tmp_path):
    import av

    with av.open(str(CLIP)) as source, av.open(str(tmp_path / "half.mkv"), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    whole = (tmp_path / "half.mkv").read_bytes()
    (tmp_path / "half.mkv").write_bytes(whole[: len(whole) // 4])
    said = mien("live", tmp_path / "half.mkv", "--headless", "--no-pacing", "--record", tmp_path / "t.jsonl")
    assert said.code == 3, said.err
    assert "broke off" in said.out
    assert (tmp_path / "t.jsonl").read_text().endswith("}\n")


def test_the_closing_line_says_why_it_ended():
    told = LiveSummary("camera 0", 300, 290, 250, 4, 1, 29.97, (18, 27, 40), "stopped", "", (Path("t.csv"),))
    assert closing_line(told) == (
        "camera 0: 300 frames, 250 with a face, 4 dropped, 1 broken "
        "(30.0 frames/s, latency 18 ms, 95 % within 27 ms); stopped -> t.csv"
    )
