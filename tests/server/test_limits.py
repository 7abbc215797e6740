"""Each limit has its own clear answer, and is held before the work is done."""

from __future__ import annotations

import asyncio
import io
import struct
import zipfile
import zlib

import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.server.limits import Limits, in_words

from .asking import alive, ask, multipart, png


def huge_png(width: int, height: int) -> bytes:
    """A few bytes that announce many pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def zip_bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb", bytes(5_000_000))
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "status", "code", "message"),
    [
        ("bomb.png", zip_bomb(), 415, "unsupported_type", "not a picture"),
        ("huge.png", huge_png(10_000, 10_000), 413, "too_many_pixels", "limit of 40 megapixels"),
        ("empty.png", b"", 400, "broken", "0 bytes"),
        ("text.jpg", b"hello", 415, "unsupported_type", "not a picture"),
        ("half.png", png(np.zeros((90, 90, 3), np.uint8))[:60], 400, "broken", "half.png"),
        ("clip.mp4", b"\0\0\0\x18ftypmp42" + bytes(99), 415, "unsupported_type", "not a picture"),
    ],
)
def test_files_that_are_no_pictures(client, name, data, status, code, message):
    for path in ("/v1/analyze", "/v1/explain"):
        answer = client.post(path, files={"file": (name, data)})
        assert answer.status_code == status
        assert answer.json()["error"]["code"] == code
        assert message in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"", "", 415),
        (b"x", "multipart/form-data", 415),
        (b"no boundary here", "multipart/form-data; boundary=xx", 400),
        (multipart(("file", "a.png", b"x"))[0][:-20], "multipart/form-data; boundary=xx", 400),
        (multipart(("other", "a.png", b"x"))[0], "multipart/form-data; boundary=xx", 422),
        (multipart()[0], "multipart/form-data; boundary=xx", 422),
    ],
)
@pytest.mark.parametrize("path", ["/v1/analyze", "/v1/explain", "/v1/jobs"])
def test_bodies_that_are_no_forms(client, path, body, kind, status):
    answer = client.post(path, content=body, headers={"Content-Type": kind})
    assert (answer.status_code, set(answer.json()["error"])) == (status, {"code", "message"})


def test_too_many_pictures_and_fields(start, face):
    client = start(limits=Limits(pictures=2))
    answer = client.post("/v1/analyze", files=[("file", face)] * 3)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_many")
    fields = {f"field{i}": "x" for i in range(70)}
    assert client.post("/v1/analyze", files={"file": face}, data=fields).status_code == 413
    answer = client.post("/v1/analyze", files={"file": face}, data={"model": "x" * 5000})
    assert "4 KiB" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("told", "most"), [({"file_bytes": 10_000}, "9.766 KiB"), ({"request_bytes": 10_000}, "9.766")]
)
def test_a_body_is_refused_while_it_arrives(make_app, told, most):
    body, kind = multipart(("file", "a.png", bytes(1_000_000)))
    pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]

    async def send():
        async with alive(make_app(limits=Limits(**told))) as app:
            # a client that leaves instead of sending on, so that nothing lingers
            return await ask(app, "/v1/analyze", pieces[:12], kind, leave_after_s=0), app.state.service

    answer, service = asyncio.run(send())
    assert answer.status == 413
    assert most in answer.json()["error"]["message"]
    assert answer.n_pieces_taken <= 12
    assert service.admission.n_bytes == 0


def test_an_announced_length_is_refused_before_anything_is_read(make_app):
    async def send():
        async with alive(make_app(limits=Limits(request_bytes=1000))) as app:
            return await ask(
                app, "/v1/analyze", [], "multipart/form-data; boundary=x", length=2000, leave_after_s=0
            )

    answer = asyncio.run(send())
    assert (answer.status, answer.n_pieces_taken) == (413, 0)


def test_a_body_that_comes_too_slowly(make_app, face):
    body, kind = multipart(("file", "a.png", face))

    async def send(**how):
        async with alive(make_app(limits=Limits(request_s=0.2))) as app:
            return await ask(app, "/v1/analyze", [body[:50], body[50:]], kind, leave_after_s=0, **how)

    assert asyncio.run(send(pause_s=0.5)).status == 408


def test_work_that_takes_too_long(start, face):
    client = start(delay_s=1.0, limits=Limits(request_s=0.2))
    answer = client.post("/v1/analyze", files={"file": face})
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "time_over")


def test_a_full_queue_says_when_to_come_again(make_app, face):
    body, kind = multipart(("file", "a.png", face))

    async def crowd():
        async with alive(make_app(delay_s=0.05, limits=Limits(queue=5, requests_per_s=0))) as app:
            return await asyncio.gather(*(ask(app, "/v1/analyze", [body], kind) for _ in range(30)))

    answers = asyncio.run(crowd())
    statuses = [answer.status for answer in answers]
    assert (statuses.count(200), statuses.count(503)) == (5, 25)
    assert {a.headers["retry-after"] for a in answers if a.status == 503} == {"1"}


def test_bodies_in_hand_are_bounded(make_app, face):
    body, kind = multipart(("file", "a.png", face))

    async def send():
        async with alive(make_app(limits=Limits(waiting_bytes=len(body) - 1))) as app:
            return await ask(app, "/v1/analyze", [body], kind)

    assert asyncio.run(send()).status == 503


def test_two_hundred_clients_at_once(make_app, face):
    body, kind = multipart(("file", "a.png", face))

    async def crowd():
        async with alive(make_app(limits=Limits(requests_per_s=0))) as app:
            answers = await asyncio.gather(*(ask(app, "/v1/analyze", [body], kind) for _ in range(200)))
            return [answer.status for answer in answers]

    assert asyncio.run(crowd()) == [200] * 200


def test_too_many_requests_a_second(start):
    client = start(limits=Limits(requests_per_s=2))
    answers = [client.get("/v1/models") for _ in range(10)]
    assert [answer.status_code for answer in answers[:4]] == [200] * 4
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert client.get("/health").status_code == 200  # is never refused


def test_a_limit_must_be_above_0():
    with pytest.raises(MienError, match="pixels must be a finite number above 0"):
        Limits(pixels=0)
    with pytest.raises(MienError, match="video_s must be a finite number"):
        Limits(video_s=float("inf"))
    assert Limits(requests_per_s=0).requests_per_s == 0
    assert [in_words(n) for n in (12, 2048, 32 * 2**20)] == ["12 bytes", "2 KiB", "32 MiB"]


def test_a_picture_just_within_the_limit_is_read(start):
    client = start(limits=Limits(pixels=160 * 120))
    image = cv2.imencode(".png", np.zeros((120, 160, 3), np.uint8))[1].tobytes()
    assert client.post("/v1/analyze", files={"file": image}).status_code == 200
    image = cv2.imencode(".png", np.zeros((121, 160, 3), np.uint8))[1].tobytes()
    assert client.post("/v1/analyze", files={"file": image}).status_code == 413
