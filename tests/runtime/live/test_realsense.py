"""A RealSense camera through a stand-in with pyrealsense2's names."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from mien.core.errors import InputError, MienError
from mien.runtime.live.realsense import RealSense
from mien.runtime.live.source import SourceLostError, SourceOptions


class Picture:
    def __init__(self, data):
        self.data = data

    def get_data(self):
        return self.data


class Frames:
    def __init__(self, depth=True):
        self.colour = Picture(np.full((48, 64, 3), (200, 20, 30), np.uint8))
        self.depth = Picture(np.full((48, 64), 600, np.uint16)) if depth else None

    def get_color_frame(self):
        return self.colour

    def get_depth_frame(self):
        return self.depth


class Config:
    def __init__(self):
        self.asked = []

    def enable_device(self, serial):
        self.asked.append(serial)

    def enable_stream(self, *words):
        self.asked.append(words)


class Pipeline:
    given: list[object]
    started: list[list[object]]
    fails: str
    n_stopped: int

    def start(self, config):
        if self.fails:
            raise RuntimeError(self.fails)
        Pipeline.started.append(config.asked)
        sensor = types.SimpleNamespace(get_depth_scale=lambda: 0.00025)
        device = types.SimpleNamespace(first_depth_sensor=lambda: sensor)
        return types.SimpleNamespace(get_device=lambda: device)

    def wait_for_frames(self, timeout_ms):
        if not self.given:
            raise RuntimeError(f"Frame didn't arrive within {timeout_ms}")
        return self.given.pop(0)

    def stop(self):
        Pipeline.n_stopped += 1


@pytest.fixture
def library(monkeypatch):
    rs = types.ModuleType("pyrealsense2")
    rs.stream = types.SimpleNamespace(color="colour", depth="depth")
    rs.format = types.SimpleNamespace(rgb8="rgb8", z16="z16")
    rs.camera_info = types.SimpleNamespace(serial_number="serial", name="name")
    rs.config, rs.pipeline = Config, Pipeline
    rs.align = lambda to: types.SimpleNamespace(process=lambda frames: frames)
    device = types.SimpleNamespace(get_info=lambda what: {"serial": "1234", "name": "D435"}[what])
    rs.context = lambda: types.SimpleNamespace(query_devices=lambda: [device])
    Pipeline.given, Pipeline.started, Pipeline.fails, Pipeline.n_stopped = [], [], "", 0
    monkeypatch.setitem(sys.modules, "pyrealsense2", rs)
    return Pipeline


def test_colour_and_depth_in_millimetres_until_it_is_unplugged(library, clock, drain):
    library.given = [Frames(), Frames(depth=False), Frames()]
    camera = RealSense("1234", SourceOptions(size=(1280, 720), fps=15), clock)
    shots, said = drain(camera, SourceLostError)
    assert "didn't arrive" in said
    assert tuple(shots[0].image[0, 0]) == (200, 20, 30)
    assert np.allclose(shots[0].depth, 600 * 0.25)
    assert shots[1].error
    assert shots[2].depth.shape == shots[2].image.shape[:2]
    assert library.started == [["1234", ("colour", 1280, 720, "rgb8", 15), ("depth", "z16", 15)]]
    camera.close()
    camera.close()
    assert library.n_stopped == 1


def test_an_absent_camera_is_told_with_those_there_are(library):
    library.fails = "No device connected"
    with pytest.raises(InputError, match=r"No device connected; RealSense cameras here: 1234 \(D435\)"):
        RealSense("99", SourceOptions())


def test_without_the_library_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    with pytest.raises(MienError, match=r"pip install 'mien\[realsense\]'"):
        RealSense("", SourceOptions())
