"""Finding one's way in the folders that authors hand out, and telling everything that is wrong at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from mien.core.errors import MienError
from mien.core.labels import LabelSpace
from mien.data.datasets._names import canonical
from mien.data.pictures import PICTURE_ENDINGS

WHOLE = "all"
"""The split of every sample of a set that its authors do not split."""

SHOWN = 3


def subfolder(root: Path, *ways: str) -> Path | None:
    """The first of several folders below `root` that is there; upper and lower case do not matter.

    Args:
        root: Where to look.
        ways: Relative paths such as ``OriginalImg/VL/Strong``; ``.`` is `root` itself.
    """
    for way in ways:
        place: Path | None = root if root.is_dir() else None
        for part in Path(way).parts:
            place = _child(place, part) if place else None
        if place:
            return place
    return None


def need_subfolder(root: Path, title: str, *ways: str) -> Path:
    """As `subfolder`, for a folder without which nothing can be read.

    Raises:
        MienError: None of them is there.
    """
    found = subfolder(root, *ways)
    if found is None:
        there = ", ".join(sorted(p.name for p in root.iterdir())[:6]) if root.is_dir() else ""
        raise MienError(
            f"no {title} in {root}: expected the folder {' or '.join(ways)}; "
            + (f"found {there}" if there else "found nothing")
        )
    return found


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, by name, without hidden ones.

    Raises:
        MienError: Some entries are links that point nowhere.
    """
    found: list[str] = []
    dangling: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                found.append(entry.name)
            elif entry.is_symlink() and not os.path.exists(entry.path):
                dangling.append(entry.name)
    refuse(sorted(dangling), f"{folder}: links that point nowhere")
    return [folder / name for name in sorted(found)]


def folders_named(root: Path, title: str, pattern: str, example: str) -> list[Path]:
    """The folders that a set has one of for each person: in `root`, or in folders of it (a set in parts).

    Args:
        root: Where to look.
        title: Of the set, for errors.
        pattern: What the names of the folders are; upper and lower case do not matter.
        example: Such a name, for errors.

    Raises:
        MienError: There is none, or two have one name.
    """
    places = [root, *subfolders(root)] if root.is_dir() else []
    found: dict[str, Path] = {}
    twice = []
    for place in places:
        for folder in subfolders(place):
            if not re.fullmatch(pattern, folder.name, re.IGNORECASE):
                continue
            if folder.name.upper() in found:
                twice.append(folder.relative_to(root).as_posix())
            found.setdefault(folder.name.upper(), folder)
    if not found:
        there = ", ".join(sorted(p.name for p in root.iterdir())[:6]) if root.is_dir() else ""
        raise MienError(
            f"no {title} in {root}: expected folders named like {example}; found {there or 'nothing'}"
        )
    refuse(twice, f"{root}: folders that are there twice")
    return [found[name] for name in sorted(found)]


def file_in(folder: Path, name: str) -> Path | None:
    """A file by its name, in whatever case it is written; None where there is none."""
    exact = folder / name
    if exact.is_file() or not folder.is_dir():
        return exact if exact.is_file() else None
    return next((p for p in folder.iterdir() if p.name.lower() == name.lower() and p.is_file()), None)


def files_in(folder: Path, endings: Iterable[str] = PICTURE_ENDINGS) -> list[Path]:
    """The files in a folder that have one of some endings (lower case, with dot), by name; no hidden ones.

    Raises:
        MienError: Some are links that point nowhere.
    """
    wanted = tuple(endings)
    found: list[str] = []
    dangling: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.lower().endswith(wanted) and not entry.name.startswith("."):
                (found if entry.is_file() else dangling).append(entry.name)
    refuse(sorted(dangling), f"{folder}: links that point nowhere")
    return [folder / name for name in sorted(found)]


def class_folders(folder: Path, labels: LabelSpace) -> list[tuple[Path, int]]:
    """(folder, label) for a folder per class; other folders beside them are passed over.

    Args:
        folder: Holds one folder per class, named after the emotions in any common spelling.
        labels: All of them must be there.

    Raises:
        MienError: Some are missing.
    """
    there = subfolders(folder)
    by_name = {canonical(path.name): path for path in there}
    missing = [name for name in labels.names if name not in by_name]
    if missing:
        found = ", ".join(path.name for path in there) or "none"
        raise MienError(f"{folder} lacks the folders of {', '.join(missing)}; found {found}")
    return [(by_name[name], label) for label, name in enumerate(labels.names)]


def refuse(offenders: Sequence[str], what: str) -> None:
    """Raise one line with the number of offenders and the first few of them; nothing if there are none.

    Args:
        offenders: One short text each.
        what: What they are, and where.

    Raises:
        MienError: There is at least one.
    """
    if offenders:
        more = ", ..." if len(offenders) > SHOWN else ""
        raise MienError(f"{what} ({len(offenders):,} in all): {', '.join(offenders[:SHOWN])}{more}")


def _child(folder: Path, name: str) -> Path | None:
    exact = folder / name
    if exact.is_dir():
        return exact
    return next((p for p in subfolders(folder) if p.name.lower() == name.lower()), None)
