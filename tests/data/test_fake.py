from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.data.datasets import DATASETS, load_dataset
from mien.data.fake import FAKES, draw_face, write_fake
from mien.data.pictures import read_picture

NOT_DRAWN = {"ferplus": {"contempt"}}
# Samples of the first split from four of each class, where they are not four of each.
OTHERWISE = {
    "bu3dfe": 4 * (6 * 4 + 1),  # four intensities of every emotion but neutral
    "folder": 2 * 7,  # test comes first
}
OF_SEQUENCES = {"ckplus", "oulu-casia", "mmi", "bu4dfe", "bu4dfe-s", "4dfab"}
"""Three frames of each sequence are samples."""


@pytest.mark.parametrize("name", list(DATASETS))
def test_every_data_set_has_a_look_alike_that_its_adapter_reads(name: str, tmp_path: Path) -> None:
    dataset = load_dataset(name, write_fake(name, tmp_path, n_per_class=4))
    labelled = [s for s in dataset.samples if s.label >= 0]
    assert len({s.id for s in dataset.samples}) == len(dataset.samples)
    names = set(dataset.labels.names) - NOT_DRAWN.get(name, set())
    assert {dataset.labels.names[s.label] for s in labelled} == names
    first = [s for s in labelled if s.split == dataset.samples[0].split]
    faces = 3 if name in OF_SEQUENCES else 1
    assert len(first) == OTHERWISE.get(name, 4 * len(names) * faces)
    assert dataset.published == dataset.info.splits or not dataset.info.splits
    assert all(min(read_picture(s.image).shape[:2]) >= 48 for s in dataset.samples)


def test_same_seed_same_files_and_another_seed_other_files(tmp_path: Path) -> None:
    def written(name: str, seed: int) -> dict[str, bytes]:
        root = write_fake("csv", tmp_path / name, n_per_class=2, seed=seed)
        return {
            p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()
        }

    assert written("a", 0) == written("b", 0)
    assert written("a", 0)["labels.csv"] != written("c", 1)["labels.csv"]


@pytest.mark.parametrize("name", ["fer2013", "folder"])
def test_a_linear_model_learns_it(name: str, tmp_path: Path) -> None:
    """The emotions differ in more than noise: ridge regression on pixels is far above chance (0.14)."""
    dataset = load_dataset(name, write_fake(name, tmp_path, n_per_class=60))
    train_split = "Training" if name == "fer2013" else "train"
    x = np.stack([read_picture(s.image) for s in dataset.samples]).reshape(len(dataset.samples), -1) / 255
    x = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
    y = np.array([s.label for s in dataset.samples])
    learns = np.array([s.split == train_split for s in dataset.samples])
    kernel = x @ x[learns].T
    weights = np.linalg.solve(kernel[learns] + 300 * np.eye(learns.sum()), np.eye(7)[y[learns]])
    assert (np.argmax(kernel[~learns] @ weights, 1) == y[~learns]).mean() > 0.5


def test_faces_of_one_emotion_differ() -> None:
    rng = np.random.default_rng(0)
    assert not np.array_equal(draw_face("anger", rng), draw_face("anger", rng))


def test_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(MienError, match="did you mean 'fer2013'"):
        write_fake("fer2031", tmp_path)
    with pytest.raises(MienError, match="at least 1"):
        write_fake("fer2013", tmp_path, n_per_class=0)


def test_forms_of_one_set_hold_the_same_kind_of_rows(tmp_path: Path) -> None:
    plain = load_dataset("fer2013", write_fake("fer2013", tmp_path / "plain", n_per_class=2))
    packed = load_dataset("fer2013", write_fake("fer2013-gz", tmp_path / "gz", n_per_class=2))
    assert "fer2013-folder" in FAKES
    assert [(s.id, s.label) for s in plain.samples] == [(s.id, s.label) for s in packed.samples]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(plain.samples, packed.samples, strict=True))
