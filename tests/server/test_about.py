"""Health, metrics, models, the page and the description."""

from __future__ import annotations

import json
import re

import pytest

from mien.core.labels import BASIC7
from mien.core.palette import EMOTION_COLORS
from mien.server.limits import Limits

from .asking import until


def test_health(client):
    assert client.get("/health").json() == {
        "status": "ok", "version": "0.1.0", "model": "colours", "queue": 0,
    }  # fmt: skip


def test_models(start):
    answer = start(limits=Limits(pictures=3), keep_hours=2).get("/v1/models").json()
    (model,) = answer["models"]
    assert model["name"] == "colours"
    assert model["labels"] == list(BASIC7.names)
    assert (model["default"], model["has_compounds"], model["unsure_below"]) == (True, True, None)
    assert model["input"] == {"size_px": 8, "channels": "rgb"}
    assert len(answer["compound_sets"]["rafdb11"]) == 11
    assert answer["compound_sets"]["du15"][0]["parts"] == {"happiness": 0.5, "surprise": 0.5}
    assert (answer["limits"]["pictures"], answer["limits"]["keep_hours"]) == (3, 2)
    assert answer["palette"]["fear"] == EMOTION_COLORS["fear"]


def number(text: str, name: str) -> float:
    return float(re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)[1])


def test_metrics_count_by_route_and_never_by_name(client, two_faces):
    client.post("/v1/analyze", files={"file": ("secret-name.png", two_faces)})
    client.post("/v1/analyze", files={"file": b"x"})
    client.get("/v1/jobs/AAAAAAAAAAAAAAAAAAAAAA")
    client.get("/secret-path")
    text = client.get("/metrics").text
    assert number(text, 'mien_requests_total{route="/v1/analyze",status="200"}') == 1
    assert number(text, 'mien_requests_total{route="/v1/analyze",status="415"}') == 1
    assert number(text, 'mien_requests_total{route="/v1/jobs/{id}",status="404"}') == 1
    assert number(text, 'mien_requests_total{route="other",status="404"}') == 1
    assert number(text, "mien_faces_total") == 2
    assert number(text, "mien_batch_crops_sum") == 2
    assert number(text, 'mien_request_seconds_count{route="/v1/analyze"}') == 2
    assert number(text, "mien_queue_depth") == 0
    assert number(text, 'mien_jobs{status="queued"}') == 0
    assert number(text, "process_resident_memory_bytes") > 1e6
    assert "secret" not in text
    assert "AAAA" not in text


def test_the_log_of_requests_names_nothing(client, face, caplog):
    with caplog.at_level("INFO", "mien.server"):
        client.post("/v1/analyze?token=secret", files={"file": ("secret.png", face)})
        client.get("/v1/jobs/AAAAAAAAAAAAAAAAAAAAAA")
    assert re.search(r"POST /v1/analyze 200 \d+ ms", caplog.text)
    assert "GET /v1/jobs/{id} 404" in caplog.text
    assert "secret" not in caplog.text
    assert "AAAA" not in caplog.text


def test_the_page_and_its_files(start, tmp_path):
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<!doctype html><title>mien</title>")
    (page / "app.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    client = start(page=page, token="a-secret")  # the page asks for the token itself
    answer = client.get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<title>mien</title>" in answer.text
    assert client.get("/static/app.js").headers["content-type"].startswith("text/javascript")
    for path in (
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static//etc/passwd",
        "/static/nothing.js",
    ):
        refused = client.get(path)
        assert refused.status_code == 404
        assert refused.json()["error"]["code"] == "not_found"
    assert client.head("/").status_code == 200
    assert client.get("/favicon.ico").status_code == 204


def test_an_installation_without_a_page_says_so(start, tmp_path):
    client = start(page=tmp_path / "nothing")
    assert "no page" in client.get("/").json()["error"]["message"]
    assert client.get("/static/app.js").status_code == 404


def test_the_description_fetches_nothing_from_elsewhere(client):
    text = client.get("/docs").text
    for path in client.get("/openapi.json").json()["paths"]:
        assert f"<code>{path}</code>" in text
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", text)
    assert "<script" not in text
    assert "style=" not in text
    assert client.get("/docs/style.css").headers["content-type"].startswith("text/css")


def test_every_error_has_one_form(client):
    for answer in (client.get("/nothing"), client.put("/v1/models"), client.get("/v1/jobs/short")):
        assert answer.status_code in (404, 405, 422)
        assert set(answer.json()) == {"error"}
        assert set(answer.json()["error"]) == {"code", "message"}
        assert "\n" not in answer.json()["error"]["message"]


def test_a_fault_of_the_server_is_told_without_its_inside(make_app, monkeypatch):
    from starlette.testclient import TestClient

    def fault(*_):
        raise RuntimeError("inside")

    monkeypatch.setattr("mien.server.about.describe", fault)
    with TestClient(make_app(), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        answer = client.get("/v1/models")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "inside" not in answer.text


def test_the_description_is_complete(client):
    described = client.get("/openapi.json").json()
    for path, methods in described["paths"].items():
        for route in methods.values():
            assert route["summary"], path
            assert "403" in route["responses"]
    body = described["paths"]["/v1/analyze"]["post"]["requestBody"]["content"]["multipart/form-data"][
        "schema"
    ]
    assert body["required"] == ["file"]
    assert json.dumps(described).count("rafdb11 or du15") >= 2


def test_nothing_is_left_when_it_ends(make_app, face, tmp_path, monkeypatch):
    import tempfile
    import threading

    from starlette.testclient import TestClient

    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with TestClient(make_app(), base_url="http://127.0.0.1") as client:
        files = [("file", (f"{i}.png", face + bytes(2_000_000))) for i in range(5)]  # beyond any spool
        assert client.post("/v1/analyze", files=files).status_code == 200
        assert list(temporary.iterdir()) == []
    until(lambda: not [t.name for t in threading.enumerate() if t.name.startswith("mien-")])
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"jobs", "lock", "jobs.sqlite"}
    assert list((tmp_path / "data" / "jobs").iterdir()) == []


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/health"])
def test_what_needs_no_token(start, path):
    assert start(token="a-secret").get(path).status_code == 200
