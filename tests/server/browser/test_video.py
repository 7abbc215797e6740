"""A video on the page: sent as a job, scrubbed by key and pointer, taken away as a table, deleted."""

from __future__ import annotations

import re

import av
import numpy as np
import pytest

from .steps import CLIP, bring, download, film_read, read_csv, until

CHART = '.chart[role="slider"]'
NOW = f"Number(document.querySelector('{CHART}').getAttribute('aria-valuenow'))"


@pytest.fixture(scope="module")
def page_with_film(browser, server):
    """One page with the clip read; what the tests of it do does not hinder the others."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.goto(server.url)
    page.wait_for_selector("#settings:not([hidden])")
    bring(page, CLIP)
    film_read(page)
    yield page
    context.close()


def shown_time(page) -> float:
    return page.evaluate("document.querySelector('video').currentTime")


def test_progress_is_told_then_film_and_lanes_are_there(visit):
    page = visit()
    bring(page, CLIP)
    page.wait_for_selector(".progress .state")
    assert page.is_visible("text=Cancel")
    film_read(page)
    assert re.match(r"145 frames, 0:05\.\d · 2 faces · smoothed over 0.3 s", page.inner_text(".head .quiet"))
    assert page.inner_text(".chips").count("100\u00a0% of the time") == 2
    assert page.locator(".chart .line").count() == 7
    assert "has deleted the film" in page.inner_text(".view > .quiet")
    assert "The video is read" in page.inner_text("#said")


def test_keys_scrub_frame_by_frame_and_film_bars_and_boxes_follow(page_with_film):
    page = page_with_film
    page.focus(CHART)
    page.keyboard.press("Home")
    assert page.evaluate(NOW) == 0
    page.keyboard.press("ArrowRight")
    assert page.evaluate(NOW) == pytest.approx(1 / 25, abs=0.005)
    for _ in range(4):
        page.keyboard.press("PageUp")
    until(page, "Math.abs(document.querySelector('video').currentTime - 4.04) < 0.01")
    left = page.locator(".chips button").nth(0).inner_text().split()[1]
    page.click(f".chips button >> text=Face {left}")
    moment = page.get_attribute(CHART, "aria-valuetext")
    assert moment.startswith("0:04.0, ")
    boxes = {box.get_attribute("aria-label") for box in page.locator(".box").all()}
    assert len(boxes) == 2
    assert any(moment.split(", ", 1)[1] in label for label in boxes)
    page.focus(CHART)
    page.keyboard.press("End")
    until(page, "document.querySelector('video').currentTime > 5.7")
    assert page.get_attribute(CHART, "aria-valuetext") != moment


def test_the_pointer_scrubs(page_with_film):
    page = page_with_film
    area = page.locator(CHART).bounding_box()
    y = area["y"] + area["height"] / 2
    page.mouse.move(area["x"] + 0.1 * area["width"], y)
    page.mouse.down()
    page.mouse.move(area["x"] + 0.5 * area["width"], y, steps=4)
    page.mouse.up()
    end = page.evaluate(f"Number(document.querySelector('{CHART}').getAttribute('aria-valuemax'))")
    assert page.evaluate(NOW) == pytest.approx(end / 2, abs=0.03)
    until(page, f"Math.abs(document.querySelector('video').currentTime - {end / 2}) < 0.05")


def test_play_moves_the_cursor_and_space_stops_it(page_with_film):
    page = page_with_film
    page.focus(CHART)
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    until(page, f"{NOW} > 0.4")
    page.keyboard.press("Space")
    until(page, "document.querySelector('video').paused")
    assert page.evaluate(NOW) == pytest.approx(shown_time(page), abs=0.06)


def test_a_face_is_chosen_by_its_box(page_with_film):
    page = page_with_film
    line = "document.querySelectorAll('.chart .line')[3].getAttribute('d')"
    page.click(".chips button >> nth=0")
    first = page.evaluate(line)
    page.click(".box[aria-pressed='false']")
    assert page.evaluate(line) != first
    assert page.get_attribute(".chips button >> nth=1", "aria-pressed") == "true"


def test_the_table_comes_as_csv_and_parquet(page_with_film, tmp_path):
    rows = read_csv(download(page_with_film, "csv", tmp_path))
    assert len(rows) == 290
    assert {row["face_id"] for row in rows} == {"0", "1"}
    assert float(rows[-1]["timestamp_s"]) == pytest.approx(144 / 25, abs=0.01)
    parquet = pytest.importorskip("pyarrow.parquet")
    path = download(page_with_film, "parquet", tmp_path)
    assert path.name == "synthetic_two_faces.parquet"
    table = parquet.read_table(path)
    assert table.num_rows == 290
    assert table.column_names == list(rows[0])


def test_a_frame_can_be_read_as_a_picture(page_with_film):
    page = page_with_film
    page.click("text=Read this frame as a picture")
    page.wait_for_selector('.view[aria-label="Pictures"][aria-busy="false"] .box')
    assert page.inner_text(".caption").startswith("synthetic_two_faces at 0.0")
    page.click('#views button:has-text("Video")')
    assert page.is_visible(CHART)


def test_after_a_reload_the_table_is_still_there_and_can_be_deleted(visit, start):
    page = visit(start().url)
    bring(page, CLIP)
    film_read(page)
    page.reload()
    page.wait_for_selector(".jobs li")
    page.click('.jobs button:text-is("Open")')
    film_read(page)
    assert page.locator(".stage.bare .box").count() == 2
    with page.expect_file_chooser() as asked:
        page.click("text=Choose the film again to see it")
    asked.value.set_files(str(CLIP))
    page.wait_for_selector(".stage:not(.bare) video")
    page.click("text=Delete it from the server")
    page.wait_for_selector(".view", state="detached")
    assert page.evaluate("fetch('v1/jobs').then((answer) => answer.json())") == {"jobs": []}


def test_an_unfinished_video_is_cancelled_and_gone(visit, start, tmp_path):
    page = visit(start().url, forgiven=["404"])
    long = tmp_path / "long.mp4"
    frames = [np.full((360, 640, 3), shade, np.uint8) for shade in (10, 90, 170, 250)]
    save(long, frames * 1000)
    bring(page, long)
    page.wait_for_selector('.state:has-text("frames read")')
    page.locator("text=Cancel").dispatch_event("click")  # the button moves while frames are counted
    page.wait_for_selector(".view", state="detached")
    assert page.evaluate("fetch('v1/jobs').then((answer) => answer.json())") == {"jobs": []}


def test_a_video_without_faces_says_so(visit, tmp_path):
    page = visit()
    path = tmp_path / "empty.mp4"
    save(path, [np.full((120, 160, 3), 10 * k, np.uint8) for k in range(12)])
    bring(page, path)
    page.wait_for_selector(".head .quiet:has-text('No face was found in any of its 12 frames')")
    assert not page.is_visible(".timeline")
    assert page.is_visible(".downloads")


def test_what_is_no_video_is_refused_in_the_servers_words(visit, tmp_path):
    page = visit(forgiven=["415", "400"])
    path = tmp_path / "notes.mp4"
    path.write_text("these are no moving pictures")
    bring(page, path)
    page.wait_for_selector('.notice:has-text("notes.mp4")')
    assert page.inner_text(".head .quiet") == "Not read."


def test_a_server_that_is_away_for_a_while_is_waited_for(visit, start, tmp_path):
    data, film = tmp_path / "data", tmp_path / "long.mp4"
    save(film, [np.full((360, 640, 3), shade % 255, np.uint8) for shade in range(900)])
    first = start(data)
    page = visit(first.url, forgiven=["ERR_", "Failed to load"])
    bring(page, film)
    page.wait_for_selector('.state:has-text("frames read")')
    first.stop()
    page.wait_for_selector('.notice:has-text("does not answer")')
    start(data, port=first.port)
    page.wait_for_selector(".head .quiet:has-text('its 900 frames')", timeout=90_000)
    assert page.query_selector(".notice") is None


def save(path, frames) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
