"""A real process: kill -9, graceful stop, a client that hangs up."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time

import pytest

from mien.runtime.analyze import AnalyzeOptions, run_analyze

from . import doubles
from .asking import multipart, until


@pytest.fixture
def clip(tmp_path, save_video, moving_faces):
    return save_video(tmp_path / "clip.mp4", moving_faces * 2)


def unbroken(clip, tmp_path) -> list[dict]:
    out = tmp_path / "own.jsonl"
    options = AnalyzeOptions((str(clip),), out=out, smooth_s=0.2)
    run_analyze(options, predictor=doubles.Colours(), make_detector=doubles.runtime.PatchDetector)
    return [{**json.loads(line), "input": "clip.mp4"} for line in out.read_text().splitlines()]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_job_goes_on_after_a_restart(start_process, clip, tmp_path, how):
    first = start_process(tmp_path / "data", 0.03)
    with clip.open("rb") as file:
        answer = first.client.post("/v1/jobs", files={"file": file}, data={"smooth_s": "0.2"})
    address = f"/v1/jobs/{answer.json()['id']}"
    before = until(lambda: (n := first.client.get(address).json()["frames_done"]) > 8 and n)
    first.popen.send_signal(how)
    first.popen.wait(20)
    assert before < 80
    second = start_process(tmp_path / "data")
    done = until(lambda: (now := second.client.get(address).json())["status"] == "done" and now)
    assert (done["frames_done"], done["error"]) == (80, None)
    rows = second.client.get(f"{address}/result").json()["rows"]
    expected = unbroken(clip, tmp_path)
    assert [(r["frame"], r["face_id"], r["probabilities"] and r["probabilities"]["fear"]) for r in rows] == [
        (r["frame"], r["face_id"], r["fear"]) for r in expected
    ]


def test_a_running_request_is_finished_before_the_end(start_process, face, tmp_path):
    server = start_process(tmp_path / "data", 0.8)
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(server.client.post("/v1/analyze", files={"file": face}).status_code)
    )
    asking.start()
    time.sleep(0.4)
    server.popen.send_signal(signal.SIGTERM)
    asking.join(20)
    server.popen.wait(20)
    assert answers == [200]


def test_clients_that_hang_up_leave_nothing(start_process, face, tmp_path):
    server = start_process(tmp_path / "data", 0.1)
    body, kind = multipart(("file", "a.png", face))
    for path, n_bytes in (("/v1/analyze", 200), ("/v1/analyze", len(body)), ("/v1/jobs", 200)):
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port)) as hasty:
            hasty.sendall(head.encode() + body[:n_bytes])
            time.sleep(0.05)
    until(lambda: server.client.get("/health").json()["queue"] == 0)
    assert list((tmp_path / "data" / "jobs").iterdir()) == []
    assert server.client.post("/v1/analyze", files={"file": face}).status_code == 200


def test_a_refusal_is_read_by_a_client_that_is_still_sending(start_process, tmp_path):
    server = start_process(tmp_path / "data")
    too_much = 200 * 2**20
    head = "POST /v1/analyze HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(f"{head}Content-Length: {too_much}\r\n\r\n".encode())
        for _ in range(20):
            client.sendall(bytes(2**20))
        answer = client.recv(65_536)
    assert b"413" in answer.split(b"\r\n")[0]
    assert b"too_large" in answer
