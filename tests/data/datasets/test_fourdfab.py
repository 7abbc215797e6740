from __future__ import annotations

from pathlib import Path

from mien.data.datasets import load_dataset
from mien.data.fake import write_fake


def test_three_frames_in_the_middle_with_their_meshes(tmp_path: Path) -> None:
    dataset = load_dataset("4dfab", write_fake("4dfab", tmp_path, n_per_class=2))
    assert len(dataset.samples) == 2 * 7 * 3
    for sample in dataset.samples:
        person, session, emotion, stem = sample.id.split("/")
        assert dataset.labels.names[sample.label] == emotion.lower()
        assert (sample.subject, sample.sequence) == (person, f"{person}/{session}/{emotion}")
        assert sample.meta == {"session": session, "mesh": str(tmp_path / f"{sample.id}.obj")}
        n = len(list((tmp_path / person / session / emotion).glob("*.jpg")))
        assert abs(int(stem) - (n + 1) / 2) <= 1


def test_sessions_and_meshes_may_be_missing(tmp_path: Path) -> None:
    write_fake("4dfab", tmp_path, n_per_class=1)
    for emotion in (tmp_path / "001" / "Session_1").iterdir():
        emotion.rename(tmp_path / "001" / emotion.name)
    (tmp_path / "001" / "Session_1").rmdir()
    for mesh in tmp_path.rglob("*.obj"):
        mesh.unlink()
    samples = load_dataset("4dfab", tmp_path).samples
    assert len(samples) == 7 * 3
    assert all(not s.meta for s in samples)
