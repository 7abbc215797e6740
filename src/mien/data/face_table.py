"""The faces that a detector found in a data set's pictures, kept so that they are looked for once.

A picture is known by the hash of its pixels and a detector by its name and version, so what is kept is
exactly what would be found again, whatever became of file names, and is not used once anything has changed.
The tables lie in the cache folder (``MIEN_CACHE``), never beside the data.
"""

from __future__ import annotations

import contextlib
import logging
import os
import zipfile
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.records import Face, ImageArray
from mien.data.datasets import FaceDataset
from mien.data.hashing import content_hash
from mien.data.index import dataset_key
from mien.faces.detector import Detector
from mien.faces.model_store import cache_dir

_SHAPES = {"pictures": (), "start": (), "count": (), "boxes": (4,), "scores": (), "points": (5, 2)}
_TYPES = {"pictures": "S32", "start": "i8", "count": "i4", "boxes": "f8", "scores": "f8", "points": "f4"}


@dataclass(frozen=True, eq=False)
class FaceTable:
    """Faces by picture.

    Attributes:
        pictures: [N] sha256 of the pictures (32 bytes each), sorted.
        start: [N] row of a picture's first face.
        count: [N] number of its faces, which may be 0.
        boxes: [M, 4] x, y, width, height.
        scores: [M].
        points: [M, 5, 2].
    """

    pictures: NDArray[np.bytes_]
    start: NDArray[np.int64]
    count: NDArray[np.int32]
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    points: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.pictures)

    def find(self, picture: str) -> list[Face] | None:
        """The faces of the picture with a hash, in the detector's order; None where it was never searched."""
        key = np.frombuffer(bytes.fromhex(picture), "S32")
        place = int(np.searchsorted(self.pictures, key)[0])
        if place == len(self.pictures) or self.pictures[place] != key[0]:
            return None
        first = int(self.start[place])
        return [self._face(row) for row in range(first, first + int(self.count[place]))]

    def _face(self, row: int) -> Face:
        x, y, width, height = self.boxes[row].tolist()
        return Face((x, y, width, height), float(self.scores[row]), self.points[row].copy())

    def save(self, path: Path) -> None:
        """Write the table whole or not at all.

        Raises:
            MienError: It cannot be written.
        """
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as handle:
                np.savez(handle, **{name: getattr(self, name) for name in _SHAPES})
            os.replace(unfinished, path)
        except OSError as error:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise MienError(
                f"cannot write the table of faces {path}: {error.strerror or error}; "
                "set MIEN_CACHE to another folder"
            ) from error


class FaceTableBuilder:
    """Collects faces, some hundred bytes a picture.

    Args:
        known: Starts with the faces of this table.
    """

    def __init__(self, known: FaceTable | None = None) -> None:
        self._known = known
        self._pictures = bytearray()
        self._count = array("i")
        self._boxes, self._scores, self._points = array("d"), array("d"), array("f")

    def add(self, picture: str, faces: Sequence[Face]) -> None:
        """Keep what was found in the picture with a hash; of two additions the first one stands."""
        self._pictures += bytes.fromhex(picture)
        self._count.append(len(faces))
        for face in faces:
            self._boxes.extend(face.box)
            self._scores.append(face.score)
            self._points.extend(face.points.ravel().tolist())

    def build(self) -> FaceTable:
        """The table of all that was added; nothing can be added afterwards."""
        count = _seen_as(self._count, "i4")
        start = np.cumsum(count, dtype=np.int64) - count
        new = {
            "pictures": _seen_as(self._pictures, "S32"),
            "start": start,
            "count": count,
            "boxes": _seen_as(self._boxes, "f8").reshape(-1, 4),
            "scores": _seen_as(self._scores, "f8"),
            "points": _seen_as(self._points, "f4").reshape(-1, 5, 2),
        }
        if self._known is not None:
            new["start"] = start + len(self._known.scores)
            new = {name: np.concatenate([getattr(self._known, name), new[name]]) for name in _SHAPES}
        pictures, first = np.unique(new["pictures"], return_index=True)
        return FaceTable(
            pictures, new["start"][first], new["count"][first], new["boxes"], new["scores"], new["points"]
        )


def _seen_as(values: bytearray | array[Any], dtype: str) -> NDArray[Any]:
    """Numbers as an array, without a copy."""
    return np.frombuffer(values, dtype) if len(values) else np.zeros(0, dtype)


def face_table_path(dataset: FaceDataset, detector: Detector) -> Path:
    """Where the faces belong that a detector finds in a data set."""
    return cache_dir() / "faces" / f"{dataset_key(dataset)}-{detector.name}-{detector.version}.npz"


def load_face_table(path: Path) -> FaceTable | None:
    """A table as it was saved; None where there is none, or a damaged one, which the log says in one line."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
            table = FaceTable(**{name: arrays[name] for name in _SHAPES})
        _check(table)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        logging.getLogger("mien").warning(
            "the table of faces %s is damaged (%s), so faces are looked for again",
            path,
            " ".join(str(error).split()),
        )
        return None
    return table


def _check(table: FaceTable) -> None:
    """Raise ValueError unless the arrays fit one another."""
    for name, shape in _SHAPES.items():
        values = getattr(table, name)
        if (
            values.dtype != np.dtype(_TYPES[name])
            or values.shape[1:] != shape
            or values.ndim != len(shape) + 1
        ):
            raise ValueError(f"{name} is {values.dtype} {list(values.shape)}")
    n, m = len(table.pictures), len(table.scores)
    if not (len(table.start) == len(table.count) == n and len(table.boxes) == len(table.points) == m):
        raise ValueError("its columns differ in length")
    if n and (table.count.min() < 0 or table.start.min() < 0 or (table.start + table.count).max() > m):
        raise ValueError("it points at faces that it does not hold")
    if not all(np.isfinite(v).all() for v in (table.boxes, table.scores, table.points)):
        raise ValueError("some of its numbers are not finite")


class TabledDetector:
    """A detector that looks a picture up before it searches it; what it finds is the same either way.

    Args:
        table: Of faces found by a detector of the same name and version.
        detector: For pictures that are not in the table.
    """

    def __init__(self, table: FaceTable, detector: Detector) -> None:
        self.name, self.version = detector.name, detector.version
        self._table = table
        self._detector = detector

    def detect(self, image: ImageArray) -> list[Face]:
        """The faces of a picture; see `Detector.detect`."""
        known = self._table.find(content_hash(image))
        return self._detector.detect(image) if known is None else known
