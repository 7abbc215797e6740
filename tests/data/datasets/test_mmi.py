from __future__ import annotations

from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.core.records import VideoFrame
from mien.data.datasets import load_dataset
from mien.data.datasets.mmi import _peak
from mien.data.fake import write_fake
from mien.data.videos import n_frames

ORDER = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fake("mmi", tmp_path, n_per_class=2)


def test_three_frames_at_the_peak_of_sessions_with_one_of_six_emotions(root: Path) -> None:
    dataset = load_dataset("mmi", root)
    assert len(dataset.samples) == 2 * 6 * 3
    assert dataset.published == {"all": 615}
    for sample in dataset.samples:
        session, name, frame = sample.id.split("/")
        video = root / "Sessions" / session / f"{name}.avi"
        assert sample.image == VideoFrame(video, int(frame))
        assert abs(int(frame) - (n_frames(video) - 1) / 2) <= 1
        assert dataset.labels.names[sample.label] == ORDER[int(name[-3:]) - 1]
        assert (sample.subject, sample.sequence) == (name[:4], session)
        assert sample.meta == {"gender": "female", "ethnicity": "European"}
    assert {s.sequence for s in dataset.samples} == {str(n) for n in range(1701, 1713)}


def test_the_coded_apex_comes_before_the_middle(root: Path) -> None:
    path = root / "Sessions" / "1702" / "S001-002-oao_aucs.xml"
    text = path.read_text(encoding="utf-8")
    n = n_frames(path.with_name("S001-002.avi"))
    early = text.replace('Type="3"', 'Type="x"').replace(
        "</ActionUnit>", '<Marker Frame="6" Type="3"/></ActionUnit>'
    )
    apex = int(text.partition('" Type="2"')[0].rpartition('"')[2])
    early = early.replace(f'Frame="{apex}" Type="2"', 'Frame="2" Type="2"')
    path.write_text(early, encoding="utf-8")
    frames = [s.frame for s in load_dataset("mmi", root).samples if s.sequence == "1702"]
    assert frames == [1, 2, 3]  # of the apex, frames 1 to 4 counted from 0
    path.write_text(early.replace('Frame="6"', f'Frame="{n + 9}"'), encoding="utf-8")
    frames = [s.frame for s in load_dataset("mmi", root).samples if s.sequence == "1702"]
    assert frames == list(_peak(n, None))


def test_sessions_of_stills_are_passed_over(root: Path) -> None:
    video = next((root / "Sessions" / "1701").glob("*.avi"))
    video.rename(video.with_suffix(".jpg"))
    assert "1701" not in {s.sequence for s in load_dataset("mmi", root).samples}


def test_several_downloads_in_one_folder(root: Path) -> None:
    ids = [s.id for s in load_dataset("mmi", root).samples]
    (root / "download_1").mkdir()
    (root / "Sessions").rename(root / "download_1" / "Sessions")
    assert [s.id for s in load_dataset("mmi", root).samples] == ids


def test_no_emotion_at_all_and_broken_videos(root: Path) -> None:
    for video in sorted(root.glob("Sessions/*/*.avi"))[:2]:
        video.write_bytes(b"no video")
    with pytest.raises(MienError, match=r"without a video of 3 frames \(2 in all\): 1701, 1702"):
        load_dataset("mmi", root)
    for path in root.glob("Sessions/*/S*.xml"):
        path.unlink()
    with pytest.raises(MienError, match="none of 15 sessions has an Emotion from 1 to 6"):
        load_dataset("mmi", root)
