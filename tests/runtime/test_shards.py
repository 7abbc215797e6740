"""Shards: how inputs are divided, kept and joined; Ray is not needed for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.runtime import shards as module
from mien.runtime.analyze import AnalyzeOptions, run_analyze
from mien.runtime.columns import table_layout
from mien.runtime.run_record import RunRecord, record_path, write_record
from mien.runtime.shards import Parts, ShardResult, analyze_shard, make_shards, total
from mien.runtime.sink import Summary
from mien.runtime.sources import Input, expand_paths


def inputs(*names: str) -> list[Input]:
    return [Input(name, Path(name)) for name in names]


def test_pictures_are_put_together_and_videos_stand_alone_in_the_order_given():
    shards = make_shards(inputs("a.png", "b.png", "c.png", "d.mp4", "e.png", "f.MOV", "g.mp4"), size=2)
    assert [shard.inputs for shard in shards] == [
        ("a.png", "b.png"),
        ("c.png",),
        ("d.mp4",),
        ("e.png",),
        ("f.MOV",),
        ("g.mp4",),
    ]
    assert len({shard.name for shard in shards}) == 6


def test_a_shard_needs_a_size():
    with pytest.raises(MienError, match="at least one"):
        make_shards([], size=0)


@pytest.fixture
def analyzed_here(monkeypatch, predictor, detector):
    """`analyze_shard` with the doubles in place of model and detector."""

    def run(options, **_):
        return run_analyze(options, predictor=predictor, make_detector=lambda: type(detector)())

    monkeypatch.setattr(module, "run_analyze", run)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.usefixtures("analyzed_here")
def test_joined_shards_are_the_table_of_one_run(
    tmp_path, analyze, predictor, save_picture, save_video, moving_faces, picture, suffix
):
    for i in range(5):
        save_picture(tmp_path / f"in/{i}.png", picture([(10 * i, 40)]))
    (tmp_path / "in/broken.jpg").write_bytes(b"no picture")
    save_video(tmp_path / "in/v.mp4", moving_faces[:20])
    options = AnalyzeOptions((str(tmp_path / "in"),), threads=1)
    shards = make_shards(expand_paths(options.paths).items, size=2)
    parts = Parts(tmp_path / f"joined{suffix}", table_layout(predictor.spec.labels))
    parts.open({}, resume=False, overwrite=False)
    for shard in reversed(shards):  # they come in any order
        result = analyze_shard(shard, options, parts.suffix)
        assert result.error == ""
        parts.keep(result)
    parts.join(shards, {})
    analyze(tmp_path / "in", out=tmp_path / f"one{suffix}")
    assert (tmp_path / f"joined{suffix}").read_bytes() == (tmp_path / f"one{suffix}").read_bytes()
    assert not parts.folder.exists()


@pytest.mark.usefixtures("analyzed_here")
def test_rows_are_named_as_the_user_named_them(
    tmp_path, analyze, save_picture, picture, monkeypatch, predictor
):
    monkeypatch.chdir(tmp_path)
    save_picture(tmp_path / "in/a.png", picture([(10, 40)]))
    save_picture(tmp_path / "in/deep/b.png", picture([(20, 40)]))
    for given in ("./in", ".", "in//deep", "./in/a.png"):
        options = AnalyzeOptions((given,), threads=1)
        parts = Parts(tmp_path / "joined.csv", table_layout(predictor.spec.labels))
        parts.open({}, resume=False, overwrite=True)
        shards = make_shards(expand_paths(options.paths).items)
        for shard in shards:
            parts.keep(analyze_shard(shard, options, parts.suffix))
        parts.join(shards, {})
        analyze(given, out=tmp_path / "one.csv", overwrite=True)
        joined = (tmp_path / "joined.csv").read_text()
        assert joined == (tmp_path / "one.csv").read_text()
        assert f"\n{given}" in joined


def test_a_kept_shard_remembers_what_could_not_be_read(tmp_path, predictor):
    (shard,) = make_shards(inputs("a.png", "b.png"))
    parts = Parts(tmp_path / "t.csv", table_layout(predictor.spec.labels, columns=["input"]))
    parts.open({}, resume=False, overwrite=False)
    assert parts.n_errors(shard) == 0
    parts.keep(ShardResult(shard.name, b"input\na.png\n", Summary(n_errors=1)))
    assert parts.n_errors(shard) == 1


def test_the_record_of_a_table_that_is_replaced_goes_with_it(tmp_path, predictor):
    layout = table_layout(predictor.spec.labels, columns=["input"])
    (tmp_path / "t.csv").write_text("input\n")
    write_record(tmp_path / "t.csv", RunRecord({"smooth": 1}, finished=True))
    Parts(tmp_path / "t.csv", layout).open({}, resume=False, overwrite=True)
    assert not record_path(tmp_path / "t.csv").exists()


def test_a_failed_shard_is_told_in_its_rows_and_the_finished_ones_are_kept(tmp_path, predictor):
    shards = make_shards(inputs("a.png", "b.png", "c.png"), size=1)
    layout = table_layout(predictor.spec.labels, columns=["input", "status", "error"])
    parts = Parts(tmp_path / "t.csv", layout)
    parts.open({"model": "m"}, resume=False, overwrite=False)
    for shard in (shards[0], shards[2]):
        rows = f"input,status,error\n{shard.inputs[0]},no_face,\n".encode()
        parts.keep(ShardResult(shard.name, rows))
    parts.join(shards, {shards[1].name: "out of memory"})
    assert (tmp_path / "t.csv").read_text().splitlines() == [
        "input,status,error",
        "a.png,no_face,",
        "b.png,error,its shard failed: out of memory",
        "c.png,no_face,",
    ]
    again = Parts(tmp_path / "t.csv", layout)
    again.open({"model": "m"}, resume=True, overwrite=False)
    assert [again.has(shard) for shard in shards] == [True, False, True]


def test_other_options_are_refused_by_name(tmp_path, predictor):
    layout = table_layout(predictor.spec.labels)
    Parts(tmp_path / "t.csv", layout).open({"every": 1}, resume=False, overwrite=False)
    with pytest.raises(MienError, match="every was 1, now 5"):
        Parts(tmp_path / "t.csv", layout).open({"every": 5}, resume=True, overwrite=False)
    with pytest.raises(MienError, match="--resume goes on with them"):
        Parts(tmp_path / "t.csv", layout).open({"every": 1}, resume=False, overwrite=False)
    Parts(tmp_path / "t.csv", layout).open({"every": 5}, resume=False, overwrite=True)


def test_a_finished_table_is_not_written_over(tmp_path, predictor):
    (tmp_path / "t.csv").write_text("x\n")
    parts = Parts(tmp_path / "t.csv", table_layout(predictor.spec.labels))
    with pytest.raises(MienError, match="--overwrite"):
        parts.open({}, resume=False, overwrite=False)
    with pytest.raises(MienError, match="finished"):
        parts.open({}, resume=True, overwrite=False)


def test_a_full_disk_keeps_the_finished_shards(tmp_path, predictor, monkeypatch):
    (shard, other) = make_shards(inputs("a.png", "b.png"), size=1)
    parts = Parts(tmp_path / "t.csv", table_layout(predictor.spec.labels))
    parts.open({}, resume=False, overwrite=False)
    parts.keep(ShardResult(shard.name, b"rows"))

    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(MienError, match=r"No space left.*--resume"):
        parts.keep(ShardResult(other.name, b"rows"))
    assert [parts.has(shard), parts.has(other)] == [True, False]


def test_a_shard_that_cannot_be_analysed_gives_its_reason(tmp_path):
    (shard,) = make_shards(inputs("a.png"))
    result = analyze_shard(shard, AnalyzeOptions(("a.png",), model="no-such-model"), ".csv")
    assert "no-such-model" in result.error
    assert result.table == b""


def test_counts_are_added_up():
    a = Summary(
        n_inputs=1, n_frames=5, n_faces=4, n_errors=1, seconds={"infer": 1.0, "total": 2.0}, detector="d"
    )
    b = Summary(n_inputs=2, n_frames=2, n_no_face=2, seconds={"infer": 0.5, "write": 0.25, "total": 9.0})
    both = total([a, b], seconds=3.0, passed_over=7)
    assert (both.n_inputs, both.n_frames, both.n_faces, both.n_no_face, both.n_errors) == (3, 7, 4, 2, 1)
    assert both.seconds == {"infer": 1.5, "write": 0.25, "total": 3.0}
    assert (both.passed_over, both.detector) == (7, "d")
