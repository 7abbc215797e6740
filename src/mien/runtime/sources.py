"""From the paths a user gives to frames: which files there are, and what is in them."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mien.core.errors import InputError
from mien.faces.picture import Picture, RgbPicture
from mien.runtime.picture_header import PictureHeader, picture_format
from mien.runtime.pictures import PICTURE_SUFFIXES, check_header, decode_picture, read_bytes
from mien.runtime.video import VIDEO_SUFFIXES, VideoInfo, read_video


@dataclass(frozen=True)
class Input:
    """One file to analyse.

    Attributes:
        name: The path as given, printable: the table's column ``input``.
        path: Where the file is.
        error: Why it cannot be one; empty for a file.
        given: The path as given, to the byte; empty where that is `path`.
    """

    name: str
    path: Path
    error: str = ""
    given: str = ""


@dataclass
class Inputs:
    """The files behind the given paths, in the order of analysis.

    Attributes:
        items: Each file once.
        passed_over: Number of files in folders that are neither pictures nor videos.
    """

    items: list[Input] = field(default_factory=list)
    passed_over: int = 0


@dataclass(frozen=True, eq=False)
class LocatedFrame:
    """A frame that can be decoded in any thread.

    Attributes:
        input: Name of its input.
        index: Frame number; 0 for a picture.
        timestamp_s: Seconds; None for a picture.
        video: The video it belongs to; None for a picture.
        n_bytes: Memory that it takes once decoded.
        read: Decodes it; raises InputError when it is damaged.
    """

    input: str
    index: int
    timestamp_s: float | None
    video: VideoInfo | None
    n_bytes: int
    read: Callable[[], Picture]


def expand_paths(paths: Sequence[str], *, leave_out: Path | None = None) -> Inputs:
    """The files behind paths: files as they are, folders with all below them, globs (``**`` too).

    In folders, hidden files and files that are neither pictures nor videos by their ending are passed over
    and counted; folders are walked in the order of their names, links followed. A file named outright is
    always an input. What cannot be listed is an input with its error.

    Args:
        paths: As the user gave them.
        leave_out: A folder that is not walked into (where results are written).
    """
    found = Inputs()
    seen: set[str] = set()
    hidden = None if leave_out is None else os.path.realpath(leave_out)
    for given in paths:
        for item in _expand(given, found, hidden):
            if item.name not in seen:
                seen.add(item.name)
                found.items.append(item)
    return found


def locate_frames(
    item: Input, *, every: int = 1, first_frame: int = 0, threads: int = 1
) -> Iterator[LocatedFrame]:
    """The frames of one input.

    Args:
        item: The file.
        every: Each n-th frame of a video.
        first_frame: Skip the frames of a video before this one.
        threads: Decoding threads of a video.

    Yields:
        One frame for a picture; a video's frames in order of display.

    Raises:
        InputError: The input cannot be read, or not to its end.
    """
    if item.error:
        raise InputError(item.error)
    if not _is_video(item.path):
        data = read_bytes(item.path)
        header = check_header(data)
        n_bytes = 3 * header.width * header.height + len(data)
        yield LocatedFrame(item.name, 0, None, None, n_bytes, partial(_decoded, data, header))
        return
    for frame in read_video(item.path, every=every, first_frame=first_frame, threads=threads):
        yield LocatedFrame(
            item.name, frame.index, frame.timestamp_s, frame.info, frame.n_bytes, frame.to_picture
        )


def _decoded(data: bytes, header: PictureHeader) -> Picture:
    return RgbPicture(decode_picture(data, header))


def _is_video(path: Path) -> bool:
    """By content where it is a known picture, else by the ending; an animated GIF is a video."""
    try:
        with path.open("rb") as file:
            known = picture_format(file.read(16))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}") from error
    if known is not None:
        return known == "gif"
    return path.suffix.lower() not in PICTURE_SUFFIXES and path.stat().st_size > 0


def _expand(given: str, found: Inputs, hidden: str | None) -> Iterator[Input]:
    if os.path.isdir(given):
        yield from _walk(given, found, hidden)
    elif os.path.lexists(given) or not glob.has_magic(given):
        yield _as_input(given)
    else:
        matches = sorted(glob.glob(given, recursive=True))
        if not matches:
            yield Input(printable(given), Path(given), "no file matches this pattern", given)
        for match in matches:
            if not os.path.isdir(match):
                yield _as_input(match)
            elif "**" not in given:  # with ** the folder's files are matches themselves
                yield from _walk(match, found, hidden)


def _walk(folder: str, found: Inputs, hidden: str | None) -> Iterator[Input]:
    problems: list[OSError] = []
    walked: set[str] = set()
    for base, folders, files in os.walk(folder, onerror=problems.append, followlinks=True):
        real = os.path.realpath(base)
        if real in walked or real == hidden:
            folders.clear()
            continue
        walked.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            is_wanted = Path(name).suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES
            if is_wanted and not name.startswith("."):
                yield _as_input(os.path.join(base, name))
            else:
                found.passed_over += 1
    for problem in problems:
        where = str(problem.filename or folder)
        yield Input(printable(where), Path(where), f"the folder cannot be listed: {problem.strerror}", where)


def _as_input(given: str) -> Input:
    path = Path(given)
    try:
        error = "" if path.is_file() else "no such file" if not os.path.lexists(given) else "not a file"
        if error and path.is_symlink():
            error = "a link that leads to no file"
    except (OSError, ValueError) as problem:
        error = f"cannot be read: {problem}"
    return Input(printable(given), path, error, given)


def printable(name: str) -> str:
    """A name that fits in one line of UTF-8: bytes and characters that do not are written as escapes."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c >= " " else c.encode("unicode_escape").decode("ascii") for c in text)
