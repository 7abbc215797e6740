from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.labels import BASIC7
from mien.data.datasets import load_dataset
from mien.data.fake import write_fake

HEADER = "emotion,pixels,Usage\n"
GREY = " ".join(["7"] * 48 * 48)


def row(emotion: object = 3, pixels: str = GREY, usage: str = "Training") -> str:
    return f"{emotion},{pixels},{usage}\n"


def write(folder: Path, text: str) -> Path:
    (folder / "fer2013.csv").write_text(text)
    return folder


def test_native_integers_become_canonical_labels(tmp_path: Path) -> None:
    write(tmp_path, HEADER + "".join(row(i) for i in range(7)))
    samples = load_dataset("fer2013", tmp_path).samples
    names = [BASIC7.names[s.label] for s in samples]
    assert names == ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]


def test_pixels_are_row_major(tmp_path: Path) -> None:
    values = np.arange(48 * 48) % 256
    write(tmp_path, HEADER + row(pixels=" ".join(map(str, values))))
    image = load_dataset("fer2013", tmp_path).samples[0].image
    assert isinstance(image, np.ndarray)
    assert image.dtype == np.uint8
    assert image[0, 1] == 1
    assert image[1, 0] == 48


def test_three_splits_are_kept_apart_and_ids_name_the_row(tmp_path: Path) -> None:
    dataset = load_dataset("fer2013", write_fake("fer2013", tmp_path, n_per_class=4))
    assert [len(dataset.split(s)) for s in ("Training", "PublicTest", "PrivateTest")] == [28, 14, 14]
    assert dataset.split("PublicTest")[0].id == "PublicTest/00028"
    with pytest.raises(MienError, match=r"no split 'test'; it has: PrivateTest, PublicTest, Training"):
        dataset.split("test")


def test_the_csv_itself_may_be_given(tmp_path: Path) -> None:
    write_fake("fer2013", tmp_path, n_per_class=1)
    assert len(load_dataset("fer2013", tmp_path / "fer2013.csv").split("Training")) == 7


def test_votes_become_soft_labels_without_contempt(tmp_path: Path) -> None:
    write(tmp_path, HEADER + row(3) + row(3))
    (tmp_path / "fer2013new.csv").write_text(
        "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n"
        "Training,a.png,1,6,1,0,0,0,0,2,0,0\nTraining,b.png,0,0,0,0,0,0,0,0,4,6\n"
    )
    with_votes, without = load_dataset("fer2013", tmp_path).samples
    assert with_votes.soft_label is not None
    np.testing.assert_allclose(with_votes.soft_label, [0, 0, 0, 6 / 8, 1 / 8, 0, 1 / 8])
    assert without.soft_label is None


def test_folder_form_reads_names_not_integers(tmp_path: Path) -> None:
    dataset = load_dataset("fer2013", write_fake("fer2013-folder", tmp_path, n_per_class=2))
    assert {s.split for s in dataset.samples} == {"train", "test"}
    assert all(s.id.split("/")[1][:3] == dataset.labels.names[s.label][:3] for s in dataset.samples)
    assert dataset.published == {"train": 28_709, "test": 7_178}
    (tmp_path / "train" / "bored").mkdir()
    with pytest.raises(MienError, match="bored: unknown class"):
        load_dataset("fer2013", tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("emotion,pixels\n3,1 2 3\n", "lacks the columns Usage"),
        (HEADER, "holds no rows"),
        (HEADER + row() + row(7), "line 3: expected an emotion from 0 to 6, got '7'"),
        (HEADER + row("happy"), "line 2: expected an emotion"),
        (HEADER + row(pixels="1 2 3"), "line 2: expected 2304 grey values from 0 to 255, got 3 values"),
        (HEADER + row(pixels=GREY[:-1] + "300"), "got 2304 values"),
        (HEADER + row(pixels=GREY[:-1] + "-1"), "got 2304 values"),
        (HEADER + row(pixels=GREY + " seven"), "line 2: its pixels are not all numbers"),
        (HEADER + row(pixels=GREY[:-1] + "7.5"), "line 2: its pixels are not all numbers"),
        (HEADER + row(usage="Test"), "expected Usage to be one of Training, PublicTest, PrivateTest"),
        (HEADER + "3\n", "line 2: expected Usage"),
    ],
)
def test_a_wrong_row_is_one_clear_line(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(MienError, match=says) as caught:
        load_dataset("fer2013", write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_truncated_or_false_gz_is_one_clear_line(tmp_path: Path) -> None:
    packed = tmp_path / "fer2013.csv.gz"
    whole = gzip.compress((HEADER + row() * 50).encode())
    packed.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MienError, match="damaged or cut short"):
        load_dataset("fer2013", tmp_path)
    packed.write_bytes(b"no gzip at all")
    with pytest.raises(MienError, match="damaged or cut short"):
        load_dataset("fer2013", tmp_path)
    packed.write_bytes(whole[:-20] + bytes(12) + whole[-8:])
    with pytest.raises(MienError, match="damaged or cut short"):
        load_dataset("fer2013", tmp_path)


def test_votes_of_other_rows_are_refused(tmp_path: Path) -> None:
    write_fake("fer2013", tmp_path, n_per_class=1)
    votes = tmp_path / "fer2013new.csv"
    lines = votes.read_text().splitlines(keepends=True)
    votes.write_text("".join(lines[:-1]))
    with pytest.raises(MienError, match="does not match it row by row"):
        load_dataset("fer2013", tmp_path)
    votes.write_text("".join([*lines[:-1], lines[-1].replace(",0", ",x", 1)]))
    with pytest.raises(MienError, match="votes must be numbers"):
        load_dataset("fer2013", tmp_path)
    votes.write_text("Usage,neutral\nTraining,3\n")
    with pytest.raises(MienError, match="lacks the columns NF, anger"):
        load_dataset("fer2013", tmp_path)


def test_where_the_data_is_must_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIEN_DATA_ROOT", raising=False)
    with pytest.raises(MienError, match="--data-root"):
        load_dataset("fer2013")
    with pytest.raises(MienError, match="there is no folder"):
        load_dataset("fer2013", tmp_path / "nowhere")
    with pytest.raises(MienError, match=r"expected fer2013\.csv, fer2013\.csv\.gz, or the folders"):
        load_dataset("fer2013", tmp_path)
    monkeypatch.setenv("MIEN_DATA_ROOT", str(tmp_path))
    write_fake("fer2013", tmp_path / "fer2013", n_per_class=1)
    assert load_dataset("fer2013").root == tmp_path / "fer2013"


@pytest.mark.data
def test_the_real_set_has_its_published_counts(fer2013_root: Path) -> None:
    dataset = load_dataset("fer2013", fer2013_root)
    training = dataset.split("Training")
    assert len(training) == 28_709
    assert len(dataset.split("PublicTest")) == 3_589
    counts = np.bincount([s.label for s in training])  # as the competition's description gives them
    assert counts.tolist() == [3995, 436, 4097, 7215, 4965, 4830, 3171]
