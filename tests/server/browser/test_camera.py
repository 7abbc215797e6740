"""The camera on the page: live boxes, honest figures, a table, and kind words when it does not work."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from .conftest import motion_jpeg
from .steps import download, read_csv, until

VIEW = '.view[aria-label="Camera"]'


def refusing(name: str) -> str:
    return f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('no', '{name}'); }};"


def open_camera(page) -> None:
    page.click("#open-camera")
    page.wait_for_selector(f"{VIEW} .box")


def figures(page) -> list[float]:
    """Frames a second, delay in milliseconds, frames left out."""
    until(page, f"Number(document.querySelector('{VIEW} .speed dd').textContent) > 0")
    told = page.locator(f"{VIEW} .speed dd").all_inner_texts()
    return [float(re.match(r"[\d.]+", text)[0]) for text in told]


def pace(page) -> str:
    rate, delay, left_out = figures(page)
    assert rate > 0
    return f"{rate:g} frames a second, {delay:g} ms from frame to boxes, {left_out:g} left out"


def test_faces_are_followed_live_and_the_pace_is_told(visit, capsys):
    page = visit()
    open_camera(page)
    until(page, f"document.querySelectorAll('{VIEW} .box').length === 2")
    said = page.inner_text(f"{VIEW} .head")
    assert "Smoothed over 0.3 s: a change shows by 63 % after 0.3 s" in said
    time.sleep(3.5)
    with capsys.disabled():
        print(f"\nthe page's stream, two faces: {pace(page)}")
    assert page.locator(f"{VIEW} .bars li").count() == 7
    assert page.locator(f"{VIEW} .chart .line").count() == 7
    page.click(f"{VIEW} >> text=Stop")
    assert page.evaluate("document.querySelector('video')?.srcObject ?? null") is None


def test_what_was_seen_is_a_table_and_can_be_scrubbed_after_stopping(visit, tmp_path):
    page = visit()
    open_camera(page)
    time.sleep(2)
    page.click(f"{VIEW} >> text=Stop")
    assert re.search(r"Stopped after \d+ frames", page.inner_text(f"{VIEW} .head"))
    rows = read_csv(download(page, "csv", tmp_path))
    assert len(rows) > 4
    times = [float(row["timestamp_s"]) for row in rows]
    assert times == sorted(times)
    assert {row["input"] for row in rows} == {"camera"}
    assert rows[-1]["emotion"]
    page.focus(f"{VIEW} .chart")
    page.keyboard.press("Home")
    assert "Stopped. At 0:0" in page.inner_text(f"{VIEW} .head")
    page.click(f"{VIEW} >> text=Go on")
    page.wait_for_selector(f"{VIEW} .stage:not(.bare) .box")
    time.sleep(1)
    page.click(f"{VIEW} >> text=Stop")
    later = read_csv(download(page, "csv", tmp_path))
    frames = [int(row["frame"]) for row in later]
    assert len(later) > len(rows)
    assert frames == sorted(frames), "frames are counted on"
    page.click("text=Close and forget")
    assert page.query_selector(VIEW) is None


def test_at_most_one_frame_is_under_way(visit):
    """Frames and answers take turns on the socket."""
    page = visit()
    turns: list[str] = []

    def watch(socket):
        # a picture is announced by its time; the picture itself, a Blob, is not reported
        socket.on("framesent", lambda text: turns.append("sent") if str(text).startswith('{"t"') else None)
        socket.on("framereceived", lambda data: turns.append("answered"))

    page.on("websocket", watch)
    open_camera(page)
    time.sleep(2)
    page.click(f"{VIEW} >> text=Stop")
    assert turns.count("sent") > 3
    under_way = 0
    for turn in turns:
        under_way += 1 if turn == "sent" else -1
        assert 0 <= under_way <= 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", "did not lend the camera"),
        ("NotFoundError", "There is no camera here"),
        ("NotReadableError", "another program holds it"),
    ],
)
def test_a_camera_that_does_not_open_is_explained_and_tried_again(visit, name, words):
    page = visit(script=refusing(name))
    page.click("#open-camera")
    page.wait_for_selector(f'.notice:has-text("{words}")')
    page.evaluate("delete navigator.mediaDevices.getUserMedia")
    page.click(".notice button:text-is('Try again')")
    page.wait_for_selector(f"{VIEW} .box")


def test_a_page_that_may_have_no_camera_says_why(visit):
    page = visit(script="Object.defineProperty(navigator, 'mediaDevices', { value: undefined });")
    page.click("#open-camera")
    page.wait_for_selector('.notice:has-text("over https")')


def test_a_camera_that_is_unplugged_leaves_what_was_read(visit):
    page = visit()
    open_camera(page)
    page.wait_for_selector(f"{VIEW} .chart .line")
    page.evaluate(
        "document.querySelector('video').srcObject.getTracks()[0].dispatchEvent(new Event('ended'))"
    )
    page.wait_for_selector('.notice:has-text("The camera is gone")')
    assert page.locator(f"{VIEW} .chart .line").count() == 7
    page.click("text=Open it again")
    page.wait_for_selector(f"{VIEW} .stage:not(.bare) .box")


def test_a_connection_that_breaks_is_offered_anew(visit, start, tmp_path):
    first = start(tmp_path)
    page = visit(first.url, forgiven=["ERR_", "WebSocket"])
    open_camera(page)
    first.stop()
    page.wait_for_selector('.notice:has-text("server does not answer")')
    start(tmp_path, port=first.port)
    page.click("text=Connect again")
    page.wait_for_selector(f"{VIEW} .stage:not(.bare) .box")


def test_on_a_phone_the_camera_turns_and_nothing_is_too_wide(visit):
    asked = """
      const first = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      window.asked = [];
      navigator.mediaDevices.getUserMedia = (what) => {
        window.asked.push(what.video.facingMode);
        return first({ video: true });
      };
      const one = { kind: 'videoinput', deviceId: 'a' };
      navigator.mediaDevices.enumerateDevices = async () => [one, { ...one, deviceId: 'b' }];
    """
    page = visit(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, script=asked)
    open_camera(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.click("text=Other camera")
    until(page, "window.asked.length === 2")
    assert page.evaluate("window.asked") == ["user", "environment"]
    page.wait_for_selector(f"{VIEW} .stage:not(.bare) .box")


@pytest.mark.data
@pytest.mark.skipif("MIEN_TEST_DATA" not in os.environ, reason="MIEN_TEST_DATA is not set")
def test_the_clip_of_one_face_through_the_camera(visit, launch, tmp_path, capsys):
    clip = Path(os.environ["MIEN_TEST_DATA"]) / "data" / "synthetic_rgbd" / "video" / "clip1_one_face.mp4"
    opened = launch(motion_jpeg(clip, tmp_path / "camera.mjpeg"))
    page = visit(browser=opened)
    open_camera(page)
    time.sleep(4)
    with capsys.disabled():
        print(f"\nthe page's stream, one face: {pace(page)}")
    page.click(f"{VIEW} >> text=Stop")
    rows = read_csv(download(page, "csv", tmp_path))
    assert {row["face_id"] for row in rows if row["status"] == "ok"} == {"0"}
    page.context.close()
    opened.close()
