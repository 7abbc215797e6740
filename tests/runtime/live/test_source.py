"""What a user names becomes the right kind of source, or one clear line."""

from __future__ import annotations

import numpy as np
import pytest

from mien.core.errors import InputError, MienError
from mien.runtime.live.source import SourceOptions, open_source, shown_name


def test_an_address_is_shown_without_its_password():
    assert shown_name("rtsp://me:secret@cam.local:554/main?key=abc") == "rtsp://cam.local:554/main"
    assert shown_name("3") == "camera 3"


@pytest.mark.parametrize(
    ("word", "options", "says"),
    [
        ("nothing.mp4", {}, "no such file; a source is"),
        ("ftp://host/a.mp4", {}, "rtsp://"),
        ("http://host/a", {"fps": 30}, "--fps does not fit"),
        ("http://host/a", {"size": (640, 480)}, "--size does not fit"),
        ("0", {"depth_unit_mm": 1.0}, "--depth-unit does not fit camera 0"),
        ("realsense", {"depth_unit_mm": 1.0}, "--depth-unit does not fit realsense"),
    ],
)
def test_what_does_not_fit_is_said(word, options, says):
    with pytest.raises(MienError, match=says):
        open_source(word, SourceOptions(**options))


def test_a_picture_and_a_text_are_no_videos(tmp_path, save_picture):
    with pytest.raises(InputError, match="mien analyze"):
        open_source(str(save_picture(tmp_path / "a.png")))
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(InputError, match=r"a\.mp4: not a video"):
        open_source(str(tmp_path / "a.mp4"))


def test_a_file_gives_its_own_times(tmp_path, save_video, picture):
    times = [0.0, 0.04, 0.2, 0.5]
    path = save_video(tmp_path / "a.mp4", [picture([(10 * i, 20)]) for i in range(4)], times)
    source = open_source(str(path))
    shots = list(source)
    source.close()
    assert source.can_wait
    assert not source.has_depth
    assert [shot.timestamp_s for shot in shots] == pytest.approx(times)
    assert all(shot.image.shape == (120, 160, 3) and shot.depth is None for shot in shots)
    assert np.abs(shots[0].image.astype(int) - picture([(0, 20)])).mean() < 6


def test_a_damaged_file_gives_what_it_has_then_says_so(tmp_path, save_video, picture, drain):
    path = save_video(tmp_path / "a.mkv", [picture([(i, 20)]) for i in range(60)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    seen, said = drain(open_source(str(path)), InputError)
    assert len(seen) > 5
    assert "breaks off" in said or "damaged" in said
