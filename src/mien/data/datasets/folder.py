"""A user's own pictures: a folder per class, below a folder per split where there are splits.

``<class>/*`` or ``<split>/<class>/*`` with splits called train, val, test (or training, valid, validation,
testing). Classes named after emotions, in any common spelling, become the canonical label space; other
names are taken as they are. Without splits everything is ``train``.
"""

from __future__ import annotations

from pathlib import Path

from mien.core.errors import MienError
from mien.core.records import Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo
from mien.data.datasets._layout import refuse, subfolders
from mien.data.datasets._names import own_label_space
from mien.data.pictures import is_picture

SPLIT_NAMES = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})
ONLY_SPLIT = "train"


def read(root: Path) -> Contents:
    """Read a folder per class.

    Raises:
        MienError: No pictures, fewer than two classes, or classes and splits side by side.
    """
    if not root.is_dir():
        raise MienError(f"{root} is no folder; expected a folder per class in it")
    class_folders = _class_folders(root)
    labels, integers = own_label_space((folder.name for _, folder in class_folders), str(root))
    pictures = [
        (split, folder, path)
        for split, folder in class_folders
        for path in sorted(folder.rglob("*"))
        if is_picture(path)
    ]
    if not pictures:
        raise MienError(f"no pictures in the class folders of {root}")
    dangling = [path.relative_to(root).as_posix() for _, _, path in pictures if not path.exists()]
    refuse(dangling, f"{root}: links that point nowhere")
    samples = [
        Sample(path.relative_to(root).as_posix(), path, integers[folder.name], split)
        for split, folder, path in pictures
    ]
    return Contents(samples, labels)


def _class_folders(root: Path) -> list[tuple[str, Path]]:
    """(split, folder of a class) for every class of every split."""
    top = subfolders(root)
    splits = [folder for folder in top if folder.name.lower() in SPLIT_NAMES]
    if not splits:
        return [(ONLY_SPLIT, folder) for folder in top]
    if len(splits) < len(top):
        others = ", ".join(folder.name for folder in top if folder not in splits)
        raise MienError(
            f"{root} holds splits ({', '.join(s.name for s in splits)}) beside other folders ({others})"
        )
    return [(split.name, folder) for split in splits for folder in subfolders(split)]


DATASETS.register("folder")(
    DatasetInfo(
        name="folder",
        title="your own pictures, a folder per class",
        labels=None,
        native_labels=(),
        read=read,
        licence="your own",
        source="DIR/<class>/* or DIR/<split>/<class>/*",
    )
)
