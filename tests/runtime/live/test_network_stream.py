"""An MJPEG stream from a server of the test's own, which hangs up or falls silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import pytest

from mien.core.errors import InputError
from mien.runtime.live.network_stream import NetworkStream
from mien.runtime.live.source import SourceLostError, SourceOptions

N_PICTURES = 30


class Camera(BaseHTTPRequestHandler):
    """/ends hangs up after some pictures, /silent stops answering, /text is no video."""

    jpeg = b""
    over = threading.Event()

    def do_GET(self) -> None:
        self.send_response(200)
        if self.path == "/text":
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<p>no video here</p>" * 50)
            return
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        self.end_headers()
        for _ in range(N_PICTURES):
            self.wfile.write(b"--next\r\nContent-Type: image/jpeg\r\n")
            self.wfile.write(f"Content-Length: {len(self.jpeg)}\r\n\r\n".encode() + self.jpeg + b"\r\n")
            self.wfile.flush()
            time.sleep(0.005)
        if self.path == "/silent":
            self.over.wait(10)

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


@pytest.fixture
def address(picture) -> Iterator[str]:
    Camera.jpeg = cv2.imencode(".jpg", picture([(40, 40)])[:, :, ::-1])[1].tobytes()
    Camera.over.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Camera.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def frames_until_lost(drain, address: str, timeout_s: float) -> tuple[list, str]:
    stream = NetworkStream(address, SourceOptions(timeout_s=timeout_s))
    got = drain(stream, SourceLostError)
    stream.close()
    return got


def test_a_stream_that_hangs_up_is_lost_after_its_frames(address, drain):
    shots, said = frames_until_lost(drain, f"{address}/ends", 5)
    assert len(shots) >= N_PICTURES - 1
    assert shots[0].image.shape == (120, 160, 3)
    times = [shot.timestamp_s for shot in shots]
    assert times == sorted(times)
    assert "/ends" in said


def test_a_stream_that_falls_silent_is_lost_in_time(address, drain):
    begun = time.monotonic()
    shots, said = frames_until_lost(drain, f"{address}/silent", 1.0)
    assert shots
    assert "no answer in time" in said
    assert time.monotonic() - begun < 5


def test_no_answer_and_no_video_are_one_line(address):
    with pytest.raises(InputError, match="cannot be opened"):
        NetworkStream("http://127.0.0.1:9/none", SourceOptions(timeout_s=1.0))
    with pytest.raises(InputError, match=r"cannot be opened|no video"):
        NetworkStream(f"{address}/text", SourceOptions(timeout_s=1.0))
