"""A webcam, with OpenCV's capture replaced by a fake one."""

from __future__ import annotations

import numpy as np
import pytest

from mien.core.errors import InputError
from mien.runtime.live import webcam
from mien.runtime.live.source import SourceLostError, SourceOptions


class FakeCapture:
    """Blue pictures (in OpenCV's order), torn ones where told, then none."""

    def __init__(self, number: int, n_pictures: int = 6, torn: tuple[int, ...] = ()) -> None:
        self.number, self.n_pictures, self.torn = number, n_pictures, torn
        self.told: dict[int, float] = {}
        self.n_read = 0
        self.is_released = False

    def isOpened(self) -> bool:
        return self.number in (0, 2)

    def set(self, what: int, value: float) -> bool:
        self.told[what] = value
        return True

    def get(self, what: int) -> float:
        return self.told.get(what, 0.0)

    def read(self):
        self.n_read += 1
        if self.n_read > self.n_pictures or self.n_read in self.torn:
            return False, None
        return True, np.full((48, 64, 3), (250, 10, 20), np.uint8)

    def release(self) -> None:
        self.is_released = True


@pytest.fixture
def capture(monkeypatch):
    made = []

    def make(number):
        made.append(FakeCapture(number, torn=(3,)))
        return made[-1]

    monkeypatch.setattr(webcam.cv2, "VideoCapture", make)
    return made


def test_pictures_are_rgb_a_torn_one_is_passed_over_and_an_unplugged_camera_is_lost(capture, clock, drain):
    camera = webcam.Webcam(0, SourceOptions(), clock)

    def tick():
        clock.now_s += 0.04

    shots, said = drain(camera, SourceLostError, tick)
    assert "camera 0 gives no more pictures" in said
    whole = [shot for shot in shots if shot.image is not None]
    assert len(whole) == 5
    assert shots[2].error
    assert tuple(whole[0].image[0, 0]) == (20, 10, 250)
    assert [shot.timestamp_s for shot in whole[:2]] == pytest.approx([100.0, 100.04])
    camera.close()
    assert capture[0].is_released


def test_size_and_rate_are_asked_for(capture):
    webcam.Webcam(2, SourceOptions(size=(1280, 720), fps=30.0))
    told = capture[0].told
    assert told[webcam.cv2.CAP_PROP_FRAME_WIDTH] == 1280
    assert told[webcam.cv2.CAP_PROP_FRAME_HEIGHT] == 720
    assert told[webcam.cv2.CAP_PROP_FPS] == 30
    assert webcam.cv2.CAP_PROP_FOURCC in told


@pytest.mark.parametrize(
    ("cameras", "says"),
    [
        ([], "no camera is connected"),
        ([(0, "HD Webcam"), (2, "")], r"cameras here: 0 \(HD Webcam\), 2"),
        ([(7, "Busy")], "cannot be opened; is it in use"),
    ],
)
def test_an_absent_camera_is_told_with_those_there_are(capture, monkeypatch, cameras, says):
    monkeypatch.setattr(webcam, "list_cameras", lambda: cameras)
    with pytest.raises(InputError, match=says):
        webcam.Webcam(7, SourceOptions())


def test_the_system_lists_each_camera_once(tmp_path):
    for node, index, name in (
        ("video2", "0", "Logi"),
        ("video0", "0", "Inner"),
        ("video1", "1", "Inner"),
        ("video3", "x", ""),
    ):
        (tmp_path / node).mkdir()
        (tmp_path / node / "index").write_text(index + "\n")
        (tmp_path / node / "name").write_text(name + "\n")
    (tmp_path / "video3" / "index").unlink()
    assert webcam._linux_cameras(tmp_path) == [(0, "Inner"), (2, "Logi")]
