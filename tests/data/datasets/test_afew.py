from __future__ import annotations

from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.core.records import VideoFrame
from mien.data.datasets import load_dataset
from mien.data.fake import write_fake
from mien.data.pictures import read_picture
from mien.data.videos import n_frames

FOLDERS = {"Angry": 0, "Disgust": 1, "Fear": 2, "Happy": 3, "Neutral": 4, "Sad": 5, "Surprise": 6}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fake("afew", tmp_path, n_per_class=2)


def test_the_middle_frame_of_every_clip(root: Path) -> None:
    dataset = load_dataset("afew", root)
    assert (len(dataset.split("Train")), len(dataset.split("Val"))) == (14, 14)
    assert dataset.published == {"Train": 773, "Val": 383}
    for sample in dataset.samples:
        split, folder, clip = sample.id.split("/")
        assert (sample.split, sample.label, sample.sequence) == (split, FOLDERS[folder], clip)
        path = root / f"{split}_AFEW" / folder / f"{clip}.avi"
        assert sample.image == VideoFrame(path, n_frames(path) // 2)
    assert read_picture(dataset.samples[0].image).shape == (64, 64, 3)


def test_broken_clips_are_counted_and_named(root: Path) -> None:
    clips = sorted((root / "Train_AFEW" / "Sad").iterdir())
    for clip in clips:
        clip.write_bytes(b"RIFF")
    with pytest.raises(MienError, match=rf"cannot be opened \(2 in all\): Sad/{clips[0].name}, "):
        load_dataset("afew", root)
