"""The window without a screen: SDL draws into nothing, keys are posted as a user would press them."""

from __future__ import annotations

import csv

import cv2
import pytest

pygame = pytest.importorskip("pygame")

from mien.core.errors import MienError  # noqa: E402
from mien.runtime.live import run as running  # noqa: E402
from mien.runtime.live import window_library  # noqa: E402
from mien.runtime.live.options import LiveOptions  # noqa: E402
from mien.runtime.live.run import run_live  # noqa: E402
from mien.runtime.live.window import ACTIONS, LiveWindow  # noqa: E402


@pytest.fixture
def unseen(monkeypatch, tmp_path):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.chdir(tmp_path)


def press(*keys):
    for key in keys:
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key, mod=0, unicode="", scancode=0))


def run_with(monkeypatch, source, judge, **options):
    monkeypatch.setattr(running, "open_source", lambda word, told: source)
    return run_live(LiveOptions("0", **options), judge=judge)


def test_keys_do_what_they_say_and_q_ends(unseen, monkeypatch, fake_source, moving_faces, judge, tmp_path):
    def keys(index):
        if index == 20:
            press(pygame.K_h, pygame.K_m, pygame.K_TAB, pygame.K_s)
        if index == 60:
            press(pygame.K_r)
        if index == 150:
            press(pygame.K_q)

    source = fake_source(moving_faces * 100, pause_s=0.005, on_shot=keys)
    told = run_with(monkeypatch, source, judge, record=tmp_path / "t.csv", record_video=tmp_path / "v.mp4")
    assert told.ending == "stopped"
    assert 0 < told.n_shown <= told.n_frames
    (saved,) = tmp_path.glob("mien-live-*.png")
    assert cv2.imread(str(saved)).shape[0] >= 480
    with (tmp_path / "t.csv").open(newline="") as file:
        frames = [int(row["frame"]) for row in csv.DictReader(file)]
    assert 20 < max(frames) < 100  # r stopped the recording
    assert told.written == (tmp_path / "t.csv", tmp_path / "v.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([saved.name, "t.csv", "v.mp4"])


@pytest.mark.parametrize("how", ["close", "escape"])
def test_closing_the_window_ends_it(unseen, monkeypatch, fake_source, moving_faces, judge, how, tmp_path):
    def close(index):
        if index == 30:
            press(pygame.K_ESCAPE) if how == "escape" else pygame.event.post(pygame.event.Event(pygame.QUIT))

    source = fake_source(moving_faces * 100, pause_s=0.005, on_shot=close)
    assert run_with(monkeypatch, source, judge).ending == "stopped"
    assert list(tmp_path.iterdir()) == []


def test_it_ends_with_the_recording_or_the_source(unseen, monkeypatch, fake_source, moving_faces, judge):
    told = run_with(monkeypatch, fake_source(moving_faces, can_wait=True), judge, paced=False)
    assert (told.ending, told.n_frames, told.n_dropped) == ("end", 40, 0)
    source = fake_source(moving_faces, breaks=True, pause_s=0.003)
    told = run_with(monkeypatch, source, judge, patience_s=0)
    assert (told.ending, told.reason) == ("lost", "fake is gone")
    assert told.latency_ms[1] > 0


def test_space_pauses_and_goes_on(unseen, monkeypatch, fake_source, moving_faces, judge):

    def keys(index):
        if index in (30, 90):
            press(pygame.K_SPACE)
        if index == 140:
            press(pygame.K_q)

    source = fake_source(moving_faces * 100, pause_s=0.005, on_shot=keys)
    told = run_with(monkeypatch, source, judge, seconds=None)
    assert told.ending == "stopped"
    assert told.n_frames + told.n_dropped < 120  # about 60 were let go while it stood still


def test_an_error_in_the_analysis_is_raised_not_swallowed(
    unseen, monkeypatch, fake_source, moving_faces, judge
):
    def broken(image):
        raise MienError("the detector broke")

    judge.detector.detect = broken
    with pytest.raises(MienError, match="the detector broke"):
        run_with(monkeypatch, fake_source(moving_faces, pause_s=0.002), judge)


def test_no_display_is_one_line_and_nothing_is_written(
    monkeypatch, fake_source, moving_faces, judge, tmp_path
):
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    monkeypatch.setattr(pygame.display, "init", lambda: None)
    monkeypatch.setattr(pygame.display, "get_driver", lambda: "offscreen")
    with pytest.raises(MienError, match=r"no display for a window .*--headless"):
        run_with(monkeypatch, fake_source(moving_faces), judge, record=tmp_path / "t.csv")
    assert not (tmp_path / "t.csv").exists()
    with pytest.raises(MienError, match="--headless"):
        LiveWindow("x")


def test_without_the_extra_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(window_library, "find_spec", lambda name: None)
    with pytest.raises(MienError, match=r"pip install 'mien\[live\]'.*--headless"):
        run_live(LiveOptions("0"))


def test_each_key_of_the_help_does_something():
    assert set(ACTIONS.values()) == {"end", "pause", "next", "mirror", "snapshot", "record", "help"}
