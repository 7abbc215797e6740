"""A recorded sequence of colour and depth pictures."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from mien.core.errors import InputError
from mien.runtime.live.rgbd_folder import RgbdFolder
from mien.runtime.live.source import SourceOptions


@pytest.fixture
def folder(tmp_path, save_picture, picture):
    """frame_1, frame_2, frame_10 with depth of 5000, 5001 and 5002 steps."""
    for place, name in enumerate(("frame_1", "frame_2", "frame_10")):
        save_picture(tmp_path / "color" / f"{name}.jpg", picture([(10 * place, 20)]))
        (tmp_path / "depth").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "depth" / f"{name}.png"), np.full((120, 160), 5000 + place, np.uint16))
    return tmp_path


def depths(folder, **options) -> list[float | None]:
    shots = list(RgbdFolder(folder, SourceOptions(want_depth=True, **options)))
    return [None if shot.depth is None else float(shot.depth[0, 0]) for shot in shots]


def test_pictures_follow_by_number_at_the_given_rate(folder):
    source = RgbdFolder(folder, SourceOptions(want_depth=True, fps=10))
    assert source.can_wait
    assert source.has_depth
    assert [shot.timestamp_s for shot in source] == pytest.approx([0, 0.1, 0.2])
    assert depths(folder) == [5000, 5001, 5002]


def test_the_unit_is_the_users_else_the_cameras(folder):
    (folder / "camera.json").write_text(json.dumps({"depth_unit_mm": 0.1}))
    assert depths(folder) == pytest.approx([500.0, 500.1, 500.2])
    assert depths(folder, depth_unit_mm=2.0) == [10000, 10002, 10004]
    (folder / "camera.json").write_text('{"depth_unit_mm": "wide"}')
    with pytest.raises(InputError, match="--depth-unit"):
        depths(folder)


def test_timestamps_give_order_and_times(folder):
    (folder / "timestamps.csv").write_text("name,timestamp_s\nframe_10.jpg,7.5\nframe_1,8.0\n")
    source = RgbdFolder(folder, SourceOptions(want_depth=True))
    assert [(shot.timestamp_s, shot.depth[0, 0]) for shot in source] == [(7.5, 5002), (8.0, 5000)]
    assert source.rate_fps == pytest.approx(2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,timestamp_s\nframe_1,2\nframe_2,2\n", "line 3: times must grow"),
        ("name,timestamp_s\nframe_7,2\n", "line 2: there is no picture 'frame_7'"),
        ("name,timestamp_s\nframe_1,soon\n", "a number of seconds"),
        ("file,t\nframe_1,1\n", "needs the columns name and timestamp_s"),
        ("name,timestamp_s\n", "names no picture"),
    ],
)
def test_wrong_timestamps_are_one_line(folder, text, says):
    (folder / "timestamps.csv").write_text(text)
    with pytest.raises(InputError, match=says):
        RgbdFolder(folder, SourceOptions())


def test_depth_is_not_read_where_no_one_wants_it(folder):
    (folder / "depth" / "frame_2.png").write_bytes(b"broken")
    assert [shot.error for shot in RgbdFolder(folder, SourceOptions())] == ["", "", ""]


def test_what_is_broken_is_a_broken_frame_and_a_missing_depth_is_none(folder):
    (folder / "color" / "frame_1.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    cv2.imwrite(str(folder / "depth" / "frame_2.png"), np.full((60, 80), 900, np.uint16))
    (folder / "depth" / "frame_10.png").unlink()
    first, second, third = RgbdFolder(folder, SourceOptions(want_depth=True))
    assert first.image is None
    assert "frame_1.jpg" in first.error
    assert "80 x 60" in second.error
    assert "160 x 120" in second.error
    assert third.image is not None
    assert third.depth is None


def test_a_folder_of_another_kind_says_how_it_must_be(tmp_path):
    with pytest.raises(InputError, match="color/ and depth/"):
        RgbdFolder(tmp_path, SourceOptions())
    (tmp_path / "rgb").mkdir()
    (tmp_path / "depth").mkdir()
    with pytest.raises(InputError, match="no pictures"):
        RgbdFolder(tmp_path, SourceOptions())
