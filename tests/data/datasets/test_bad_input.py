"""What can be wrong with a folder, over all data sets: each fault is one line that names it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.core.records import Sample, VideoFrame
from mien.data.datasets import DATASETS, FaceDataset, load_dataset
from mien.data.fake import write_fake

NAMES = list(DATASETS)
SHARED = (
    {"affectnet", "affectnet7"},
    {"fer2013", "ferplus"},
    {"sfew", "sfew-aligned"},
    {"synthetic-rgbd", "synthetic-rgbd-compound"},
    {"fer2013", "folder"},
    {"fer2013", "csv"},
)
"""Sets that are read from one and the same folder: a folder per class is also a form of FER2013."""

Mien = Callable[[], FaceDataset]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The look-alike of every set."""
    parent = tmp_path_factory.mktemp("sets")
    return {name: write_fake(name, parent / name, n_per_class=1) for name in NAMES}


def refused(load: Mien) -> str:
    """The one line with which a folder is refused."""
    with pytest.raises(MienError) as caught:
        load()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def file_of(sample: Sample) -> Path | None:
    """The sample's picture file; none for a row of a table."""
    image = sample.image.path if isinstance(sample.image, VideoFrame) else sample.image
    return image if isinstance(image, Path) else None


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"folder"}))  # which reads any folders as classes
def test_a_folder_of_another_set_is_refused(name: str, folders: dict[str, Path]) -> None:
    for other in NAMES:
        if other == name or any({name, other} <= shared for shared in SHARED):
            continue
        said = refused(lambda other=other: load_dataset(name, folders[other]))
        assert str(folders[other]) in said, said


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_folder_and_a_file_are_refused(name: str, tmp_path: Path) -> None:
    assert str(tmp_path) in refused(lambda: load_dataset(name, tmp_path))
    (tmp_path / "notes.txt").write_text("to be unpacked here", encoding="utf-8")
    refused(lambda: load_dataset(name, tmp_path))
    refused(lambda: load_dataset(name, tmp_path / "notes.txt"))


@pytest.mark.parametrize("name", NAMES)
def test_links_that_point_nowhere_are_named_and_counted(name: str, tmp_path: Path) -> None:
    files = [f for s in load_dataset(name, write_fake(name, tmp_path, 2)).samples if (f := file_of(s))]
    if not files:
        pytest.skip("its pictures are rows of a table")
    path = files[len(files) // 2]
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    said = refused(lambda: load_dataset(name, tmp_path))
    assert path.name in said
    assert "(1 in all)" in said


@pytest.mark.parametrize("name", NAMES)
def test_folders_that_are_links_to_nowhere_are_not_passed_over(name: str, tmp_path: Path) -> None:
    files = [f for s in load_dataset(name, write_fake(name, tmp_path, 2)).samples if (f := file_of(s))]
    if not files or files[0].parent == tmp_path:
        pytest.skip("it has no folders")
    folder = files[0].parent
    folder.rename(tmp_path.with_name(f"{tmp_path.name} elsewhere"))
    folder.symlink_to(tmp_path / "nowhere", target_is_directory=True)
    refused(lambda: load_dataset(name, tmp_path))


@pytest.mark.parametrize("name", NAMES)
def test_names_in_any_alphabet(name: str, tmp_path: Path) -> None:
    root = write_fake(name, tmp_path / "Gesichter 表情 été", n_per_class=1)
    assert load_dataset(name, root).samples


EXACT = {"csv", "fer2013", "ferplus", "synthetic-rgbd", "synthetic-rgbd-compound"}
"""Sets of one table, whose name and paths are taken as they stand."""


@pytest.mark.parametrize("name", NAMES)
def test_other_case_is_read_alike_or_refused(name: str, tmp_path: Path) -> None:
    """Archives that went through another system come in capitals."""
    root = write_fake(name, tmp_path / "set", n_per_class=1)
    before = load_dataset(name, root)
    for path in sorted(root.rglob("*"), reverse=True):  # files before their folders
        path.rename(path.with_name(path.name.upper()))
    if name in EXACT:
        assert str(root) in refused(lambda: load_dataset(name, root))
        return
    after = load_dataset(name, root)
    assert sorted(s.label for s in after.samples) == sorted(s.label for s in before.samples)


WITH_DEPTH = ("cald3r", "mend3s", "bu3dfe", "bu4dfe", "bu4dfe-s", "bosphorus", "synthetic-rgbd")


@pytest.mark.parametrize("name", WITH_DEPTH)
def test_missing_depth_is_counted_and_the_first_named(name: str, tmp_path: Path) -> None:
    samples = load_dataset(name, write_fake(name, tmp_path, 2)).samples
    for sample in samples[1::3][:4]:
        assert isinstance(sample.depth, Path)
        sample.depth.unlink()
    said = refused(lambda: load_dataset(name, tmp_path))
    assert "(4 in all)" in said
    assert said.endswith(", ...")
    assert said.count(",") >= 3


def without_first(pattern: str) -> Callable[[Path], None]:
    """Remove the first folder or file that fits, with all in it."""

    def damage(root: Path) -> None:
        path = sorted(root.glob(pattern))[0]
        for inner in sorted(path.rglob("*"), reverse=True):
            inner.rmdir() if inner.is_dir() else inner.unlink()
        path.rmdir() if path.is_dir() else path.unlink()

    return damage


HALF_UNPACKED = (
    ("affectnet", "val_set", "expected the folder val_set"),
    ("afew", "Val_AFEW/Sad", "lacks the folders of sadness"),
    ("bosphorus", "*/*_E_FEAR_0.png", r"it has no scan of \(1 in all\): fear"),
    ("bu3dfe", "F0001/F0001_SA02WH_F2D.bmp", r"without all 25 expressions \(1 in all\): F0001 \(24\)"),
    ("bu4dfe", "F001/Sad", r"without a sequence of each emotion \(1 in all\): F001 \(sadness\)"),
    ("bu4dfe-s", "F001/T6", r"\(1 in all\): F001 \(pain\)"),
    ("cald3r", "Surprise", "lacks the folders of surprise"),
    ("cald3r", "Sadness/DEPTH", "expected the folder DEPTH; found RGB"),
    ("mend3s", "Fear/RGB/*.png", r"depth without a picture in RGB/ \(1 in all\)"),
    ("ckplus", "Emotion", "expected the folder Emotion"),
    ("facescape", "images/1/4_anger/params.json", r"without params\.json \(1 in all\): 1/4_anger"),
    ("4dfab", "001/Session_1", r"people without a sequence .*\(1 in all\): 001"),
    ("4dfab", "001/Session_1/Anger/*7.jpg", None),
    ("mmi", "Sessions/1703/*.avi", r"without a video of 3 frames \(1 in all\): 1703"),
    ("oulu-casia", "OriginalImg/VL/Strong/P001/Fear", "lacks the folders of fear"),
    ("rafdb", "basic/Image/aligned/test_00002_aligned.jpg", r"lists \(1 in all\): test_00002_aligned"),
    ("sfew", "Val", "expected the folder Val"),
    ("synthetic-rgbd", "rgb/L003", r"lacks pictures that index\.csv lists \(7 in all\): rgb/L003"),
)


@pytest.mark.parametrize(("name", "gone", "says"), HALF_UNPACKED)
def test_a_half_unpacked_folder_is_refused(name: str, gone: str, says: str | None, tmp_path: Path) -> None:
    root = write_fake(name, tmp_path, n_per_class=1)
    without_first(gone)(root)
    if says is None:  # a frame outside of the middle may be missing
        assert load_dataset(name, root).samples
        return
    with pytest.raises(MienError, match=says):
        load_dataset(name, root)


def rewritten(pattern: str, old: str, new: str) -> Callable[[Path], None]:
    """Change the first file that fits and has the text."""

    def damage(root: Path) -> None:
        for path in sorted(root.glob(pattern)):
            text = path.read_text(encoding="utf-8")
            if old in text:
                path.write_text(text.replace(old, new, 1), encoding="utf-8")
                return
        raise AssertionError(f"no {pattern} has {old!r}")

    return damage


def renamed(pattern: str, old: str, new: str) -> Callable[[Path], None]:
    """Rename the first file or folder that fits."""

    def damage(root: Path) -> None:
        path = sorted(root.glob(pattern))[0]
        path.rename(path.with_name(path.name.replace(old, new, 1)))

    return damage


ONE_WRONG_LABEL = (
    (
        "bosphorus",
        renamed("*/*_E_FEAR_0.png", "FEAR", "AWE"),
        r"named as in Bosphorus .*: bs000_E_AWE_0\.png",
    ),
    ("bu3dfe", renamed("F0001/*_SA02WH_F2D.bmp", "SA02", "SA05"), r"named as in BU-3DFE .*F0001_SA05WH_F2D"),
    ("bu3dfe", renamed("F0001/*_NE00WH_F2D.bmp", "F0001", "F0002"), r"\(1 in all\): F0002_NE00WH_F2D\.bmp"),
    ("bu4dfe-s", rewritten("AUCoding/F001_T3.csv", ",0,", ",?,"), r"F001_T3\.csv: .*\(1 in all\): line 2"),
    ("cald3r", renamed("Anger/*/*_anger_*.png", "anger", "fear"), r"named|without depth|without a picture"),
    ("csv", rewritten("labels.csv", ".png", ".pong"), r"no such pictures \(1 in all\): line 2 .*\.pong'"),
    (
        "facescape",
        renamed("images/1/4_anger", "4_anger", "4_rage"),
        r"no expression .*\(1 in all\): 1/4_rage",
    ),
    ("4dfab", renamed("001/*/Anger", "Anger", "Rage"), r"after no emotion \(1 in all\): 001/Session_1/Rage"),
    ("mmi", rewritten("Sessions/*/*.xml", 'Value="1"', 'Value="one"'), r"no number \(1 in all\): 1701 'one'"),
    (
        "mmi",
        rewritten("Sessions/*/*.xml", "</Metadata>", ""),
        r"cannot be read as XML \(1 in all\): 1701/S001",
    ),
    ("rafdb", rewritten("basic/EmoLabel/*.txt", ".jpg ", ".jpg 9"), r"N from 1 to 7, each once \(1 in all\)"),
)


@pytest.mark.parametrize(("name", "damage", "says"), ONE_WRONG_LABEL)
def test_one_wrong_label_is_named(
    name: str, damage: Callable[[Path], None], says: str, tmp_path: Path
) -> None:
    root = write_fake(name, tmp_path, n_per_class=1)
    damage(root)
    with pytest.raises(MienError, match=says) as caught:
        load_dataset(name, root)
    assert "\n" not in str(caught.value)
