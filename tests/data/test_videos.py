from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import InputError
from mien.core.records import VideoFrame
from mien.data.fakes._pictures import save_video
from mien.data.pictures import read_picture
from mien.data.videos import n_frames

GREYS = (20, 60, 100, 140, 180, 220)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """One plain grey a frame."""
    path = tmp_path / "clip.avi"
    save_video(path, [np.full((64, 64, 3), grey, np.uint8) for grey in GREYS])
    return path


def test_each_frame_is_the_one_that_is_asked_for(video: Path) -> None:
    assert n_frames(video) == len(GREYS)
    for index, grey in enumerate(GREYS):
        picture = read_picture(VideoFrame(video, index))
        assert picture.shape == (64, 64, 3)
        assert picture.mean() == pytest.approx(grey, abs=4)


def test_red_stays_red(tmp_path: Path) -> None:
    save_video(tmp_path / "red.avi", [np.full((64, 64, 3), (200, 20, 20), np.uint8)] * 3)
    red, green, blue = read_picture(VideoFrame(tmp_path / "red.avi", 1)).reshape(-1, 3).mean(0)
    assert red > 180
    assert max(green, blue) < 50


def test_what_cannot_be_read_is_one_line(video: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"clip\.avi: has no frame 6"):
        read_picture(VideoFrame(video, 6))
    (tmp_path / "text.avi").write_text("no video", encoding="ascii")
    for path in (tmp_path / "text.avi", tmp_path / "nowhere.avi"):
        with pytest.raises(InputError, match=f"{path.name}: not a video"):
            n_frames(path)
        with pytest.raises(InputError, match=f"{path.name}: not a video"):
            read_picture(VideoFrame(path, 0))
    assert str(VideoFrame(video, 2)).endswith("clip.avi#2")
