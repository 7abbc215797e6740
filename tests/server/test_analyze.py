"""`POST /v1/analyze`: what it answers."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
import time

import cv2
import numpy as np
import pytest

from mien.runtime.analyze_image import analyze_image
from mien.runtime.columns import FIXED_COLUMNS
from mien.server.rows import face_row_json

from . import doubles
from .asking import alive, ask, multipart, png


def test_a_picture_gives_what_mien_analyze_gives(client, two_faces):
    answer = client.post("/v1/analyze", files={"file": ("photo.png", two_faces)})
    assert answer.status_code == 200
    content = answer.json()
    assert content["model"] == "colours"
    (picture,) = content["results"]
    assert {key: picture[key] for key in ("input", "width", "height", "status", "error")} == {
        "input": "photo.png", "width": 160, "height": 120, "status": "ok", "error": None,
    }  # fmt: skip
    image = doubles.runtime.draw_picture([(20, 40), (100, 60)])
    rows = analyze_image(image, doubles.Colours(), doubles.runtime.PatchDetector(), "photo.png")
    assert picture["faces"] == [face_row_json(row) for row in rows]


def test_a_row_holds_the_tables_columns(client, face):
    (row,) = client.post("/v1/analyze", files={"file": face}).json()["results"][0]["faces"]
    assert row["box"] == [40.0, 40.0, 24.0, 28.0]
    assert len(row["points"]) == 5
    assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert row["emotion"] == max(row["probabilities"], key=row["probabilities"].get)
    assert row["confidence"] == row["probabilities"][row["emotion"]]
    assert (row["compound"], row["compounds"], row["timestamp_s"]) == (None, None, None)
    left = [name for name in FIXED_COLUMNS if not name.startswith("box_")]
    assert set(left) <= set(row)


def test_several_pictures_one_broken_one_without_a_face(client, face, no_face):
    files = [("file", ("a.png", face)), ("file", ("b.png", b"no picture")), ("file", ("c.png", no_face))]
    results = client.post("/v1/analyze", files=files).json()["results"]
    assert [(r["input"], r["status"], len(r["faces"])) for r in results] == [
        ("a.png", "ok", 1), ("b.png", "error", 0), ("c.png", "no_face", 0),
    ]  # fmt: skip
    assert "not a picture" in results[1]["error"]
    assert results[1]["width"] is None


def test_the_same_as_csv(client, face, no_face):
    files = [("file", ("a.png", face)), ("file", ("b.png", b"x")), ("file", ("c.png", no_face))]
    answer = client.post("/v1/analyze", files=files, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["input"], row["status"]) for row in rows] == [
        ("a.png", "ok"), ("b.png", "error"), ("c.png", "no_face"),
    ]  # fmt: skip
    assert float(rows[0]["box_x"]) == 40


def test_compounds_by_form_and_by_query(client, face):
    by_form = client.post("/v1/analyze", files={"file": face}, data={"compound": "rafdb11"}).json()
    by_query = client.post("/v1/analyze?compound=rafdb11", files={"file": face}).json()
    assert by_form == by_query
    (row,) = by_form["results"][0]["faces"]
    assert len(row["compounds"]) == 11
    assert row["compound_intensity"] == max(row["compounds"].values())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"compound": "rafdb1"}, "did you mean 'rafdb11'"),
        ({"compound": "/etc/passwd"}, "unknown compound set"),
        ({"compound": "x=fear"}, "unknown compound set"),
        ({"compound": ["rafdb11", "du15"]}, "stands in it twice"),
        ({"model": "mien-bose"}, "unknown model"),
        ({"depth_unit_mm": "far"}, "depth_unit_mm is a number"),
        ({"depth_unit_mm": "nan"}, "depth_unit_mm is a number"),
    ],
)
def test_fields_that_are_not_valid(client, face, fields, message):
    answer = client.post("/v1/analyze", files={"file": face}, data=fields)
    assert answer.status_code == 422
    assert message in answer.json()["error"]["message"]


def test_depth_for_a_model_of_colour_is_read_and_said_not_to_count(client, face):
    depth = cv2.imencode(".png", np.full((120, 160), 800, np.uint16))[1].tobytes()
    answer = client.post("/v1/analyze", files={"file": face, "depth": depth}).json()
    assert answer["results"][0]["status"] == "ok"
    assert answer["notes"] == ["colours sees colour alone: the depth was not used"]
    broken = client.post("/v1/analyze", files={"file": face, "depth": face})
    assert broken.status_code == 400
    assert "16-bit grey" in broken.json()["error"]["message"]
    files = [("file", face), ("file", face), ("depth", depth)]
    assert client.post("/v1/analyze", files=files).status_code == 422


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\secret\\me.png", "me.png"),
        ("a\x00b.png", "a\\x00b.png"),
        ("..", ".."),
    ],
)
def test_a_name_is_shown_and_never_a_path(client, face, given, shown, tmp_path):
    body, kind = multipart(("file", given, face))
    answer = client.post("/v1/analyze", content=body, headers={"Content-Type": kind})
    assert answer.json()["results"][0]["input"] == shown
    assert {path.name for path in tmp_path.rglob("*")} <= {
        "data", "jobs", "lock", "jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm",
    }  # fmt: skip


class SlowColours(doubles.Colours):
    def logits(self, batch):
        time.sleep(0.05)
        return super().logits(batch)


def test_requests_that_come_together_are_judged_together(make_app):
    shades = range(170, 250, 10)
    pictures = [png(doubles.runtime.draw_picture([(40, 40)], shade=shade)) for shade in shades]

    async def together(predictor, **told):
        async with alive(make_app(predictor=predictor, **told)) as app:
            bodies = [multipart(("file", "a.png", picture)) for picture in pictures]
            return await asyncio.gather(*(ask(app, "/v1/analyze", [body], kind) for body, kind in bodies))

    batched, plain = SlowColours(), SlowColours()
    answers = asyncio.run(together(batched))
    assert [answer.status for answer in answers] == [200] * 8
    assert sum(batched.batches) == 8
    assert max(batched.batches) > 1
    assert len(batched.threads) == 1
    unbatched = asyncio.run(together(plain, batching=False))
    assert plain.batches == [1] * 8
    assert [a.json() for a in answers] == [a.json() for a in unbatched]


def test_a_client_that_has_gone_costs_no_work(make_app, face):
    seen = []

    class Counting(doubles.runtime.PatchDetector):
        def detect(self, image):
            seen.append(threading.current_thread().name)
            return super().detect(image)

    async def leave():
        body, kind = multipart(("file", "a.png", face))
        app = make_app(threads=1)
        service = app.state.service
        free = service.detectors._free
        slow = Counting(0.3)
        free.get(), free.put(slow)
        async with alive(app):
            stays = asyncio.create_task(ask(app, "/v1/analyze", [body], kind))
            await asyncio.sleep(0.05)
            goes = asyncio.create_task(ask(app, "/v1/analyze", [body], kind, leave_after_s=0.05))
            assert (await goes).status == 499
            assert (await stays).status == 200
            await asyncio.sleep(0.4)
            assert service.admission.n_requests == service.admission.n_bytes == 0

    asyncio.run(leave())
    assert len(seen) == 1
