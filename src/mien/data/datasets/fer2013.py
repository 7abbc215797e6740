"""FER2013 (Goodfellow et al., ICONIP 2013): 35,887 grey face crops of 48 x 48 pixels.

Three forms are read: the official ``fer2013.csv``, the same packed as ``fer2013.csv.gz``, and the folder form
``train/<emotion>/*`` and ``test/<emotion>/*`` that circulates on the web. The csv's three splits are kept
apart; the folder form joins PublicTest and PrivateTest in its ``test``, which no code can undo.

Where ``fer2013new.csv`` (FER+, see ferplus.py) lies beside the csv, its votes become soft labels.
"""

from __future__ import annotations

import csv
import gzip
import sys
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.labels import BASIC7, project
from mien.core.records import ImageArray, Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import files_in, subfolders
from mien.data.datasets._names import canonical
from mien.data.datasets._votes import VOTES_FILE, check_votes_match, read_votes, vote_shares

NATIVE = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
SPLITS = {"Training": 28_709, "PublicTest": 3_589, "PrivateTest": 3_589}
FOLDER_SPLITS = {"train": 28_709, "test": 7_178}
COLUMNS = ("emotion", "pixels", "Usage")
SIDE_PX = 48


def read(root: Path) -> Contents:
    """Read FER2013 in any of its forms.

    Raises:
        MienError: None of the forms is there, or a file is damaged.
    """
    path = csv_file(root)
    if path is None:
        return Contents(_read_folder(root), BASIC7, FOLDER_SPLITS)
    to_canonical = project(NATIVE, BASIC7)
    rows = list(read_rows(path))
    shares: list[NDArray[np.float64] | None] = [None] * len(rows)
    votes_path = path.parent / VOTES_FILE
    if votes_path.is_file():
        usages, votes = read_votes(votes_path)
        check_votes_match(usages, [split for _, _, split in rows], path)
        shares = vote_shares(votes, BASIC7)
    samples = [
        Sample(sample_id(split, i), image, int(to_canonical[label]), split, soft_label=shares[i])
        for i, (label, image, split) in enumerate(rows)
    ]
    return Contents(samples, BASIC7, SPLITS)


def sample_id(split: str, row: int) -> str:
    """A face is known by its split and its row in the csv, from 0, the header not counted."""
    return f"{split}/{row:05d}"


def csv_file(root: Path) -> Path | None:
    """The csv in a folder (or the csv itself), plain or packed; None where there is none."""
    if root.is_file():
        return root
    return next((p for n in ("fer2013.csv", "fer2013.csv.gz") if (p := root / n).is_file()), None)


def read_rows(path: Path) -> Iterator[tuple[int, ImageArray, str]]:
    """Yield (native label, [48, 48] picture, split) for each row of ``fer2013.csv``.

    Raises:
        MienError: A row is not as published (its line is named), there is none, or the file is damaged.
    """
    csv.field_size_limit(sys.maxsize)
    opener = gzip.open if path.suffix == ".gz" else open
    n_rows = 0
    with opener(path, "rt", encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(_checked(handle, path))
        missing = sorted(set(COLUMNS) - set(reader.fieldnames or ()))
        if missing:
            raise MienError(f"{path} lacks the columns {', '.join(missing)}; expected {','.join(COLUMNS)}")
        for row in reader:
            yield _parse_row(row, f"{path}, line {reader.line_num}")
            n_rows += 1
    if not n_rows:
        raise MienError(f"{path} holds no rows; expected the official fer2013.csv")


def _parse_row(row: dict[str, str | None], where: str) -> tuple[int, ImageArray, str]:
    emotion, text, usage = (row[column] or "" for column in COLUMNS)
    if not emotion.isdecimal() or not 0 <= int(emotion) < len(NATIVE):
        raise MienError(f"{where}: expected an emotion from 0 to 6, got {emotion!r}")
    if usage not in SPLITS:
        raise MienError(f"{where}: expected Usage to be one of {', '.join(SPLITS)}, got {usage!r}")
    try:
        with warnings.catch_warnings(action="error"):  # NumPy only warns of what is not a number
            pixels = np.fromstring(text, dtype=np.int64, sep=" ")
    except (ValueError, DeprecationWarning) as error:
        raise MienError(f"{where}: its pixels are not all numbers") from error
    if pixels.size != SIDE_PX**2 or pixels.min() < 0 or pixels.max() > 255:
        raise MienError(f"{where}: expected {SIDE_PX**2} grey values from 0 to 255, got {pixels.size} values")
    return int(emotion), pixels.astype(np.uint8).reshape(SIDE_PX, SIDE_PX), usage


def _checked(handle: IO[str], path: Path) -> Iterator[str]:
    """Lines of a text file; a damaged stream becomes one clear line."""
    try:
        yield from handle
    except (EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        raise MienError(f"{path} is damaged or cut short ({error}); fetch it again") from error


def _read_folder(root: Path) -> list[Sample]:
    """The folder form; the folder's name decides the label, never an integer."""
    samples = []
    for split in FOLDER_SPLITS:
        place = root / split
        for folder in subfolders(place) if place.is_dir() else ():
            name = canonical(folder.name)
            if name not in BASIC7.names:
                raise MienError(
                    f"{folder}: unknown class; expected {', '.join(BASIC7.names)} or angry, happy, sad"
                )
            label = BASIC7.index(name)
            samples += [
                Sample(f"{split}/{folder.name}/{path.name}", path, label, split) for path in files_in(folder)
            ]
    if not samples:
        raise MienError(
            f"no FER2013 in {root}: expected fer2013.csv, fer2013.csv.gz, or the folders train/ and test/ "
            "with one folder per emotion"
        )
    return samples


DATASETS.register("fer2013")(
    DatasetInfo(
        name="fer2013",
        title="FER2013",
        labels=BASIC7,
        native_labels=NATIVE,
        read=read,
        splits=SPLITS,
        crops=True,
        licence="no licence found; the competition's rules keep the data within teams: research use",
        source="Kaggle, challenges in representation learning: facial expression recognition",
        paper="Goodfellow et al., Challenges in representation learning, ICONIP 2013",
        survey=Survey(2013, "wild", "grey", 35_887),
    )
)
