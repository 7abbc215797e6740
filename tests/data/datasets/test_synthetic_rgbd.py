from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.labels import BASIC7, COMPOUND11
from mien.data.datasets import load_dataset
from mien.data.depth import read_depth
from mien.data.fake import write_fake
from mien.data.pictures import read_picture

NAMES = {"synthetic-rgbd": BASIC7, "synthetic-rgbd-compound": COMPOUND11}


@pytest.fixture(scope="module")
def look_alike(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake("synthetic-rgbd", tmp_path_factory.mktemp("rgbd"), n_per_class=4)


@pytest.mark.parametrize("name", NAMES)
def test_both_kinds_are_read_from_one_folder(name: str, look_alike: Path) -> None:
    dataset = load_dataset(name, look_alike)
    assert dataset.labels == NAMES[name]
    assert len(dataset.samples) == 5 * len(NAMES[name])
    for sample in dataset.samples:
        assert dataset.labels.names[sample.label] in str(sample.image)
        assert isinstance(sample.depth, Path)
        depth = read_depth(sample.depth, sample.depth_unit_mm)
        assert depth.shape == read_picture(sample.image).shape[:2]
        assert 500 < depth[depth > 0].min() < depth.max() < 640  # millimetres
        assert 0.2 < (depth > 0).mean() < 0.7
    assert dataset.samples[0].id == f"L001/{'anger_100' if name == 'synthetic-rgbd' else 'angrily_disgusted'}"


def test_every_fifth_person_is_held_out_of_both_kinds(look_alike: Path) -> None:
    for name in NAMES:
        dataset = load_dataset(name, look_alike)
        assert {s.subject for s in dataset.split("test")} == {"L005"}
        assert {s.subject for s in dataset.split("train")} == {"L001", "L002", "L003", "L004"}


def test_intensity_and_points_are_the_sets_own(look_alike: Path) -> None:
    samples = load_dataset("synthetic-rgbd", look_alike).samples
    assert {s.intensity for s in samples if s.label == BASIC7.index("neutral")} == {0.0}
    assert {s.intensity for s in samples if s.label != BASIC7.index("neutral")} == {1.0}
    face = samples[0].face
    assert face is not None
    right_eye, left_eye, nose, right_mouth, left_mouth = face.points
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < left_mouth[0]
    assert right_eye[1] == pytest.approx(left_eye[1], abs=0.5)
    assert right_eye[1] < nose[1] < right_mouth[1] < face.box[1] + face.box[3]


def test_it_is_read_without_points(tmp_path: Path) -> None:
    write_fake("synthetic-rgbd", tmp_path, n_per_class=1)
    (tmp_path / "landmarks68.npz").unlink()
    assert all(s.face is None for s in load_dataset("synthetic-rgbd", tmp_path).samples)


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("index.csv", "anger", "rage", "rage_100.webp is labelled 'rage', which is no basic label"),
        ("index.csv", ",1.0", ",much", "expected an intensity from 0 to 1, got 'much'"),
        ("index.csv", "subject", "person", "lacks the columns subject"),
        ("index.csv", "basic", "simple", "holds no basic expressions"),
        ("camera.json", "depth_unit_mm", "unit", r"camera\.json does not say what a step of depth is"),
    ],
)
def test_a_wrong_file_is_one_clear_line(file: str, old: str, new: str, says: str, tmp_path: Path) -> None:
    path = write_fake("synthetic-rgbd", tmp_path, n_per_class=1) / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(MienError, match=says) as caught:
        load_dataset("synthetic-rgbd", tmp_path)
    assert "\n" not in str(caught.value)


def test_missing_and_damaged_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(MienError, match=r"there is no .*index\.csv"):
        load_dataset("synthetic-rgbd", tmp_path)
    write_fake("synthetic-rgbd", tmp_path, n_per_class=1)
    (tmp_path / "landmarks68.npz").write_bytes(b"no archive")
    with pytest.raises(MienError, match=r"landmarks68\.npz is damaged"):
        load_dataset("synthetic-rgbd", tmp_path)


@pytest.mark.data
@pytest.mark.parametrize("name", NAMES)
def test_the_real_set_is_as_published(name: str) -> None:
    data = os.environ.get("MIEN_TEST_DATA")
    if not data:
        pytest.skip("MIEN_TEST_DATA is not set")
    folder = Path(data) / "data" / "synthetic_rgbd"
    if not folder.is_dir():
        pytest.skip(f"no synthetic RGB-D faces in {folder}")
    dataset = load_dataset(name, folder)
    counts = {split: len(dataset.split(split)) for split in ("train", "test")}
    assert counts == dataset.info.splits
    assert len({s.subject for s in dataset.samples}) == 102
    per_class = np.bincount([s.label for s in dataset.samples]).tolist()
    if name == "synthetic-rgbd":
        assert per_class == [408, 408, 408, 408, 102, 408, 408]
        assert {s.intensity for s in dataset.samples} == {0.0, 0.25, 0.5, 0.75, 1.0}
    else:
        assert per_class == [102] * 11
    for sample in dataset.samples[::400]:
        assert isinstance(sample.depth, Path)
        depth = read_depth(sample.depth, sample.depth_unit_mm)
        assert read_picture(sample.image).shape == (160, 160, 3)
        assert depth.shape == (160, 160)
        assert 450 < depth[depth > 0].min() < depth.max() < 900
        assert sample.face is not None
        nose = sample.face.points[2].astype(int)
        around = depth[nose[1] - 2 : nose[1] + 3, nose[0] - 2 : nose[0] + 3]
        assert around[around > 0].min() < np.median(depth[depth > 0]) - 20  # the nose is in front of the head
