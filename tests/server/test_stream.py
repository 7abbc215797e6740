"""`WS /v1/stream`."""

from __future__ import annotations

import json
import threading

import pytest
from starlette.websockets import WebSocketDisconnect

from mien.runtime.stream import FaceStream
from mien.server.limits import Limits
from mien.server.rows import face_row_json

from . import doubles
from .asking import png, until

ADDRESS = "ws://127.0.0.1:8000/v1/stream"


def frames(n: int):
    return [doubles.runtime.draw_picture([(10 + 2 * i, 30)], shade=160 + 10 * i) for i in range(n)]


def test_frames_are_answered_as_by_a_stream(client):
    own = FaceStream(doubles.Colours(), doubles.runtime.PatchDetector(), name="stream", smooth_s=0.3)
    with client.websocket_connect(f"{ADDRESS}?smooth_s=0.3") as socket:
        for index, image in enumerate(frames(5)):
            socket.send_text(json.dumps({"t": index / 10}))
            socket.send_bytes(png(image))
            said = socket.receive_json()
            assert (said["frame"], said["timestamp_s"], said["dropped"]) == (index, index / 10, 0)
            assert (said["width"], said["height"]) == (160, 120)
            assert said["latency_ms"] > 0
            assert said["faces"] == [face_row_json(row) for row in own.update(image, index, index / 10)]


def test_compounds_no_face_and_time_that_runs_backwards(client, face, no_face):
    with client.websocket_connect(f"{ADDRESS}?compound=rafdb11") as socket:
        socket.send_text('{"t": 5}')
        socket.send_bytes(face)
        assert len(socket.receive_json()["faces"][0]["compounds"]) == 11
        for text in ('{"t": 1}', '{"t": ' + 400 * "9" + "}", '{"t": "soon"}', "[", '{"t": NaN}', "3"):
            socket.send_text(text)
            socket.send_bytes(no_face)
            said = socket.receive_json()
            assert said["faces"] == []
            assert said["timestamp_s"] >= 5 or text != '{"t": 1}'
        socket.send_text('{"type": "bye"}')
        with pytest.raises(WebSocketDisconnect) as end:
            socket.receive_json()
        assert end.value.code == 1000


def test_the_newest_frame_wins(start):
    client = start(delay_s=0.3)
    with client.websocket_connect(ADDRESS) as socket:
        for image in frames(6):
            socket.send_bytes(png(image))
        first, second = socket.receive_json(), socket.receive_json()
    assert second["frame"] == 5
    assert first["frame"] < 5
    assert second["dropped"] == 4  # all but two
    text = client.get("/metrics").text
    assert 'mien_stream_frames_total{outcome="dropped"} 4.0' in text
    assert 'mien_stream_frames_total{outcome="answered"} 2.0' in text


def test_a_broken_frame_is_told_and_the_stream_goes_on(start, face):
    with start(limits=Limits(pixels=160 * 120)).websocket_connect(ADDRESS) as socket:
        socket.send_bytes(b"no picture")
        assert socket.receive_json()["error"]["code"] == "unsupported_type"
        socket.send_bytes(png(doubles.runtime.draw_picture([], size=(500, 500))))
        assert socket.receive_json()["error"]["code"] == "too_many_pixels"
        socket.send_bytes(face)
        said = socket.receive_json()
        assert (said["frame"], len(said["faces"])) == (2, 1)


def closed(socket) -> tuple[int, str]:
    with pytest.raises(WebSocketDisconnect) as end:
        socket.receive_json()
    return end.value.code, end.value.reason


@pytest.mark.parametrize("query", ["compound=x", "smooth_s=-1", "smooth_s=x", "model=x"])
def test_what_there_is_not(client, query):
    with client.websocket_connect(f"{ADDRESS}?{query}") as socket:
        code, reason = closed(socket)
    assert code == 4422
    assert reason


def test_limits_of_a_stream(start):
    client = start(limits=Limits(message_bytes=1000, streams=1, stream_idle_s=0.3))
    with client.websocket_connect(ADDRESS) as socket:
        with client.websocket_connect(ADDRESS) as other:
            assert closed(other)[0] == 1013
        socket.send_bytes(bytes(1001))
        assert closed(socket)[0] == 1009
    with client.websocket_connect(ADDRESS) as socket:  # there is room again
        assert closed(socket)[0] == 4408
    until(lambda: client.app.state.service.n_streams == 0)


def test_the_token_of_a_stream(start, face):
    client = start(token="a-secret")
    for query, headers in (("", {}), ("?token=wrong", {}), ("", {"Authorization": "Bearer wrong"})):
        with client.websocket_connect(f"{ADDRESS}{query}", headers=headers) as socket:
            assert closed(socket)[0] == 4401
    for query, headers in (("?token=a-secret", {}), ("", {"Authorization": "Bearer a-secret"})):
        with client.websocket_connect(f"{ADDRESS}{query}", headers=headers) as socket:
            socket.send_bytes(face)
            assert len(socket.receive_json()["faces"]) == 1


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}])
def test_pages_of_other_sites_get_no_stream(client, headers):
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(ADDRESS, headers=headers):
        pass


def test_clients_that_vanish_leave_nothing(start, face):
    client = start(delay_s=0.1)
    for _ in range(3):
        with client.websocket_connect(ADDRESS) as socket:
            socket.send_bytes(face)
    until(lambda: client.app.state.service.n_streams == 0)
    assert not [t for t in threading.enumerate() if "stream" in t.name]
