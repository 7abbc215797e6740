"""`/v1/jobs`: videos in, tables out, nothing left behind."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from dataclasses import replace

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.runtime.analyze import AnalyzeOptions, run_analyze
from mien.server.job_store import Job, JobStore
from mien.server.limits import Limits
from mien.server.video_file import VideoFile, looks_like_video

from . import doubles
from .asking import until


@pytest.fixture
def clip(tmp_path, save_video, moving_faces) -> bytes:
    return save_video(tmp_path / "clip.mp4", moving_faces).read_bytes()


def sent(client, clip: bytes, **fields) -> dict:
    answer = client.post("/v1/jobs", files={"file": ("../clip.mp4", clip)}, data=fields)
    assert answer.status_code == 202, answer.text
    return answer.json()


def ended(client, job: dict) -> dict:
    def state():
        now = client.get(f"/v1/jobs/{job['id']}").json()
        return now if now["status"] in ("done", "failed") else None

    return until(state)


def folders(tmp_path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "data" / "jobs").iterdir())


def test_a_video_from_sending_to_deleting(client, clip, tmp_path):
    job = sent(client, clip, compound="rafdb11", smooth_s="0.2")
    assert (job["status"], job["input"], job["frames_total"]) == ("queued", "clip.mp4", 40)
    assert job["created"] < job["expires"]
    done = ended(client, job)
    assert (done["status"], done["frames_done"], done["progress"], done["error"]) == ("done", 40, 1.0, None)
    assert [one["id"] for one in client.get("/v1/jobs").json()["jobs"]] == [job["id"]]
    result = client.get(f"/v1/jobs/{job['id']}/result").json()
    assert (result["fps"], result["width"], result["height"]) == (25, 160, 120)
    rows = result["rows"]
    assert {row["input"] for row in rows} == {"clip.mp4"}
    faces = [(row["frame"], row["face_id"]) for row in rows if 17 <= row["frame"] <= 21]
    assert faces == [(17, 0), (17, 1), (18, 1), (19, 1), (20, 1), (21, 0), (21, 1)]
    assert rows[0]["box"] == pytest.approx([20, 30, 24, 28], abs=2)
    assert len(rows[0]["compounds"]) == 11
    assert rows[0]["points"] is None
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert not (tmp_path / "data" / "jobs" / job["id"] / "video").exists()  # it is not needed any more
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert folders(tmp_path) == []
    for path in ("", "/result"):
        assert client.get(f"/v1/jobs/{job['id']}{path}").status_code == 404
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 404


def test_results_are_those_of_mien_analyze(client, clip, tmp_path):
    job = ended(client, sent(client, clip, compound=["rafdb11"], every="2"))
    assert job["frames_total"] == job["frames_done"] == 20
    out = tmp_path / "own.csv"
    options = AnalyzeOptions((str(tmp_path / "clip.mp4"),), out=out, every=2, compound=("rafdb11",))
    run_analyze(options, predictor=doubles.Colours(), make_detector=doubles.runtime.PatchDetector)
    own = list(csv.DictReader(io.StringIO(out.read_text())))
    answer = client.get(f"/v1/jobs/{job['id']}/result?format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    given = list(csv.DictReader(io.StringIO(answer.text)))
    assert given == [{**row, "input": "clip.mp4"} for row in own]


def test_parquet(client, clip, tmp_path):
    pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    job = ended(client, sent(client, clip))
    answer = client.get(f"/v1/jobs/{job['id']}/result?format=parquet")
    table = pq.read_table(io.BytesIO(answer.content))
    assert set(table.column("input").to_pylist()) == {"clip.mp4"}
    assert table.num_rows == len(client.get(f"/v1/jobs/{job['id']}/result").json()["rows"])
    assert sorted(path.suffix for path in (tmp_path / "data" / "jobs" / job["id"]).iterdir()) == [
        ".json",
        ".jsonl",
    ]


def test_some_of_the_compounds(client, clip):
    job = ended(client, sent(client, clip, compound="rafdb11", every="10"))
    address = f"/v1/jobs/{job['id']}/result"
    assert client.get(f"{address}?compound=rafdb11").json() == client.get(address).json()
    assert client.get(f"{address}?compound=du15").status_code == 422
    assert client.get(f"{address}?format=xls").status_code == 422


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("photo.mp4", "face", 415, "unsupported_type"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", 415, "unsupported_type"),
        ("join.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n" * 30, 415, "unsupported_type"),
        ("text.mp4", b"hello " * 200, 415, "unsupported_type"),
        ("empty.mp4", b"", 400, "broken"),
        ("noise.mp4", b"\0\0\0\x18ftypmp42" + bytes(2000), 415, "unsupported_type"),
    ],
)
def test_what_is_no_video_is_not_kept(client, face, tmp_path, name, data, status, code):
    answer = client.post("/v1/jobs", files={"file": (name, face if data == "face" else data)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert str(tmp_path) not in answer.text
    assert folders(tmp_path) == []


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"video_bytes": 1000}, "too_large"),
        ({"pixels": 10_000}, "too_many_pixels"),
        ({"video_s": 1.0}, "too_long"),
        ({"video_frames": 39}, "too_long"),
    ],
)
def test_limits_of_a_video(start, clip, tmp_path, told, code):
    answer = start(limits=Limits(**told)).post("/v1/jobs", files={"file": clip})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, code)
    assert folders(tmp_path) == []


@pytest.mark.parametrize(
    "fields", [{"every": "0"}, {"every": "x"}, {"smooth_s": "-1"}, {"compound": "x"}, {"model": "x"}]
)
def test_options_of_a_video(client, clip, tmp_path, fields):
    assert client.post("/v1/jobs", files={"file": clip}, data=fields).status_code == 422
    assert folders(tmp_path) == []


def test_a_video_with_more_frames_than_it_says_is_stopped(start, clip, monkeypatch):
    monkeypatch.setattr("mien.server.video_file._check_limits", lambda *_: None)
    client = start(limits=Limits(video_frames=10))
    job = ended(client, sent(client, clip))
    assert job["status"] == "failed"
    assert "more than 10 frames" in job["error"]
    answer = client.get(f"/v1/jobs/{job['id']}/result")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "failed")


def test_a_broken_end_is_told_and_what_was_read_is_kept(client, clip, tmp_path, save_video, moving_faces):
    whole = save_video(tmp_path / "a.mkv", moving_faces).read_bytes()
    job = ended(client, sent(client, whole[: len(whole) // 2]))
    assert job["status"] == "done"
    assert 0 < job["frames_done"] < 40
    assert "breaks off" in job["error"] or "damaged" in job["error"]


def test_while_it_runs(start, clip, tmp_path):
    client = start(delay_s=0.05, threads=1, limits=Limits(jobs=2))
    first, second = sent(client, clip), sent(client, clip)
    until(lambda: client.get(f"/v1/jobs/{first['id']}").json()["frames_done"])
    running = client.get(f"/v1/jobs/{first['id']}").json()
    assert (running["status"], 0 < running["progress"] < 1) == ("running", True)
    answer = client.get(f"/v1/jobs/{first['id']}/result")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_done")
    full = client.post("/v1/jobs", files={"file": clip})
    assert (full.status_code, full.headers["retry-after"]) == (503, "1")
    for job in (second, first):  # one that waits, one that runs
        assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    until(lambda: folders(tmp_path) == [])


def test_a_full_disk_stores_nothing(client, clip, tmp_path, monkeypatch):
    def full(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(VideoFile, "flush", full)
    answer = client.post("/v1/jobs", files={"file": clip})
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "disk_full")
    assert folders(tmp_path) == []
    assert client.get("/v1/jobs").json() == {"jobs": []}


def test_a_disk_that_fills_while_a_job_runs(client, clip, tmp_path, monkeypatch):
    from mien.runtime.tables import JsonlTable

    def full(self, results, frame=None):
        raise MienError(f"cannot write {self.path}: No space left on device")

    monkeypatch.setattr(JsonlTable, "write", full)
    job = ended(client, sent(client, clip))
    assert job["status"] == "failed"
    assert job["error"] == "cannot write rows.jsonl: No space left on device"


def test_a_restart_takes_up_what_was_left(tmp_path):
    folder = tmp_path / "data"
    store = JobStore(folder, 1)
    jobs = []
    for status in ("running", "done", "queued"):
        job_id, _ = store.new_folder()
        jobs.append(store.add(Job(job_id, "a.mp4", "m", ("anger",))))
        store.update(replace(jobs[-1], status=status, attempts=3))
    store.new_folder()  # never acknowledged
    with pytest.raises(MienError, match="used by another server"):
        JobStore(folder, 1)
    store.close()
    store = JobStore(folder, 1)
    assert [store.get(job.id).status for job in jobs] == ["queued", "done", "queued"]
    assert store.get(jobs[0].id) == replace(jobs[0], attempts=3)
    assert folders(tmp_path) == sorted(job.id for job in jobs)
    assert store.next_queued().id == jobs[0].id
    assert store.count_by_status() == {"queued": 2, "running": 0, "done": 1, "failed": 0}
    store.close()


def test_jobs_expire(tmp_path):
    store = JobStore(tmp_path / "data", 1e-9)
    job_id, path = store.new_folder()
    store.add(Job(job_id, "a.mp4", "m", ("anger",)))
    assert store.get(job_id) is None
    store.expire()
    assert not path.exists()
    assert store.all() == []
    store.close()


def test_a_job_that_ends_the_server_is_given_up(start, clip):
    client = start(delay_s=0.02)
    sent(client, clip)
    job = sent(client, clip)
    store = client.app.state.service.jobs
    store.update(replace(store.get(job["id"]), attempts=5))
    client.delete(f"/v1/jobs/{client.get('/v1/jobs').json()['jobs'][1]['id']}")
    assert "5 times" in ended(client, job)["error"]


def test_a_folder_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(MienError, match="cannot be used"):
        JobStore(tmp_path / "file", 1)


@pytest.mark.parametrize(
    "codec_and_name", [("libx264", "a.mkv"), ("libx264", "a.ts"), ("mpeg4", "a.avi"), ("libx264", "a.flv")]
)
def test_containers_are_known_by_their_first_bytes(tmp_path, save_video, codec_and_name):
    codec, name = codec_and_name
    frames = [np.zeros((64, 64, 3), np.uint8)] * 5
    head = save_video(tmp_path / name, frames, codec=codec).read_bytes()[:512]
    assert looks_like_video(head)
    assert not looks_like_video(json.dumps({"a": 1}).encode())


def test_no_more_jobs_are_kept_than_may_wait(tmp_path):
    store = JobStore(tmp_path / "data", 1)
    kept = [store.add(Job(store.new_folder()[0], "a.mp4", "m", ("anger",)), most=2) for _ in range(3)]
    assert [job is None for job in kept] == [False, False, True]
    assert store.n_waiting() == 2
