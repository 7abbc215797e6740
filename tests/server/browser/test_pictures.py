"""Pictures on the page: dropped, read one by one, explained, taken away as a table."""

from __future__ import annotations

import base64
import csv
import io
import json
import urllib.request

import pytest

from mien.server.limits import Limits

from .steps import MEDIA, bring, download, pictures_read, read_csv, until

ROW = ".view[aria-label='Pictures']"

DROP = """(files) => {
  const carried = new DataTransfer();
  for (const [name, type, text] of files) {
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    carried.items.add(new File([bytes], name, { type }));
  }
  const send = (kind) => document.querySelector('main').dispatchEvent(
    new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
  send('dragenter');
  const veiled = !document.getElementById('veil').hidden;
  send('dragover');
  send('drop');
  return [veiled, document.getElementById('veil').hidden];
}"""


def test_dropped_pictures_are_read_and_a_broken_one_stops_no_other(visit):
    page = visit(forgiven=["400", "415"])
    good = [MEDIA / "synthetic_happiness.webp", MEDIA / "astronaut.jpg"]
    files = [[path.name, "image/*", base64.b64encode(path.read_bytes()).decode()] for path in good]
    broken = ["broken, very.png", "image/png", base64.b64encode(b"\x89PNG\r\n\x1a\nnothing").decode()]
    assert page.evaluate(DROP, [files[0], broken, files[1]]) == [True, True]
    pictures_read(page)
    assert page.inner_text(".head .quiet") == "2 faces in 2 pictures · 1 not readable"
    assert page.locator(".thumb").count() == 3
    assert page.inner_text(".verdict .guess") in ("happiness", "not sure")
    assert page.locator(".bars li").count() == 7
    shares = [float(text.split()[0]) for text in page.locator(".bars .amount").all_inner_texts()]
    assert 97 <= sum(shares) <= 103
    page.click(".thumb >> nth=1")
    assert "broken, very.png" in page.inner_text(".empty")
    assert page.locator(".box").count() == 0
    page.click(".thumb >> nth=2")
    assert page.inner_text(".verdict .guess") == "happiness"
    assert "Read: 2 faces in 2 pictures" in page.inner_text("#said")


def test_boxes_lie_on_the_faces(visit):
    page = visit()
    bring(page, MEDIA / "astronaut.jpg")
    pictures_read(page)
    picture, box = page.locator(".stage img").bounding_box(), page.locator(".box").bounding_box()
    middle = [
        (box["x"] + box["width"] / 2 - picture["x"]) / picture["width"],
        (box["y"] + box["height"] / 2 - picture["y"]) / picture["height"],
    ]
    assert middle == pytest.approx([0.44, 0.23], abs=0.05)  # her face, in the file's own shares
    assert page.get_attribute(".box", "aria-label").startswith("Face 0: happiness")
    assert page.inner_text(".tag").startswith("0")


def test_the_table_is_that_of_the_server_and_of_the_command_line(visit, server, tmp_path):
    page = visit()
    bring(page, MEDIA / "astronaut.jpg", MEDIA / "synthetic_fear.webp")
    pictures_read(page)
    path = download(page, "csv", tmp_path)
    assert path.name == "mien-pictures.csv"
    rows = read_csv(path)
    assert [row["input"] for row in rows] == ["astronaut.jpg", "synthetic_fear.webp"]
    body = (
        b'--xx\r\nContent-Disposition: form-data; name="compound"\r\n\r\nrafdb11\r\n'
        b'--xx\r\nContent-Disposition: form-data; name="file"; filename="astronaut.jpg"\r\n\r\n'
        + (MEDIA / "astronaut.jpg").read_bytes()
        + b"\r\n--xx--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=xx", "Accept": "text/csv"}
    asked = urllib.request.Request(f"{server.url}v1/analyze", body, headers)
    with urllib.request.urlopen(asked) as answer:
        (expected,) = csv.DictReader(io.StringIO(answer.read().decode()))
    assert list(rows[0]) == list(expected)
    for name, value in expected.items():
        try:
            assert float(rows[0][name]) == pytest.approx(float(value), abs=1e-4), name
        except ValueError:
            assert rows[0][name].lower() == value.lower(), name
    told = json.loads(download(page, "json", tmp_path).read_text())
    assert [row["input"] for row in told["rows"]] == ["astronaut.jpg", "synthetic_fear.webp"]
    assert len(told["rows"][0]["points"]) == 5


def test_a_heat_map_lies_on_the_face_and_names_its_method(visit):
    page = visit()
    bring(page, MEDIA / "astronaut.jpg")
    pictures_read(page)
    page.click(".explain button")
    page.wait_for_selector(".heat image", state="attached")
    assert "Method: gradcam" in page.inner_text(".explain p")
    heat, box = page.locator(".heat image").bounding_box(), page.locator(".box").bounding_box()
    for axis, side in (("x", "width"), ("y", "height")):
        assert abs(heat[axis] + heat[side] / 2 - box[axis] - box[side] / 2) < 0.25 * box[side]
        assert 0.6 < heat[side] / box[side] < 2.5
    page.select_option(".explain select", "sadness")
    until(page, "document.querySelector('.explain p').textContent.includes('For sadness')")
    page.keyboard.press("Escape")
    assert page.query_selector(".heat") is None
    assert page.get_attribute(".explain button", "aria-pressed") == "false"


def test_the_wheel_shows_the_chosen_compounds(visit):
    page = visit()
    bring(page, MEDIA / "astronaut.jpg")
    pictures_read(page)
    names = page.locator(".wheel svg text > tspan:first-child").all_text_contents()
    assert sorted(names) == ["anger", "disgust", "fear", "happiness", "sadness", "surprise"]
    assert page.locator(".wheel .chord").count() == 11
    first = page.locator(".compounds li").first.inner_text()
    assert first.startswith("happily")
    page.click("#settings summary")
    page.select_option('#settings select[name="compound"]', "du15")
    until(page, "document.querySelectorAll('.wheel .chord').length === 15")
    page.select_option('#settings select[name="compound"]', "")
    until(page, "document.querySelector('.wheel').hidden")


def test_a_limit_is_told_in_the_servers_words(visit, start):
    small = start(limits=Limits(file_bytes=20_000))
    page = visit(small.url, forgiven=["413"])
    bring(page, MEDIA / "astronaut.jpg")
    pictures_read(page)
    assert "astronaut.jpg" in page.inner_text(".empty")
    assert page.inner_text(".thumb .badge") == "!"


def test_a_busy_server_is_asked_again_when_it_says_so(visit):
    page = visit(forgiven=["503", "429"])
    turns = []

    def answer(route):
        turns.append(route.request.url)
        status = {1: 503, 2: 429}.get(len(turns))
        if status is None:
            route.continue_()
        else:
            body = json.dumps({"error": {"code": "busy", "message": "256 requests wait already"}})
            route.fulfill(
                status=status, body=body, content_type="application/json", headers={"Retry-After": "1"}
            )

    page.route("**/v1/analyze", answer)
    bring(page, MEDIA / "astronaut.jpg")
    until(page, "document.querySelector('.empty').textContent.includes('again in 1 s')")
    pictures_read(page)
    assert page.inner_text(".verdict .guess") == "happiness"
    assert len(turns) == 3


def test_a_server_that_is_gone_is_said_and_tried_again(visit):
    page = visit(forgiven=["ERR_FAILED"])
    page.route("**/v1/analyze", lambda route: route.abort())
    bring(page, MEDIA / "astronaut.jpg")
    page.wait_for_selector('.notice:has-text("does not answer")')
    page.unroute("**/v1/analyze")
    page.click(".notice button:text-is('Try again')")
    page.wait_for_selector(".box")
    assert page.query_selector(".notice") is None


def test_a_picture_without_a_face_is_said_to_have_none(visit, tmp_path):
    import cv2
    import numpy as np

    path = tmp_path / "grey.png"
    cv2.imwrite(str(path), np.full((200, 300, 3), 127, np.uint8))
    page = visit()
    bring(page, path)
    pictures_read(page)
    assert page.inner_text(".empty") == "No face was found in it."
    (row,) = read_csv(download(page, "csv", tmp_path))
    assert row["status"] == "no_face"
    page.click("text=Forget them")
    assert page.query_selector(".view") is None
    assert page.is_visible("h1")
