"""Synthetic RGB and depth faces: 102 people, seven basic expressions at up to four intensities, 11 compounds.

Altered photographs of real people, who never made these expressions: the label is the recipe of a rendering,
and accuracy here says nothing of real faces. One folder holds two sets, basic and compound.

The set asks to be split by person and gives no split. So every fifth person, in the order of their names, is
the split ``test`` here (the same people in both sets), and the others are ``train``.
"""

from __future__ import annotations

import csv
import json
from functools import partial
from pathlib import Path

import numpy as np

from mien.core.errors import MienError
from mien.core.labels import BASIC7, COMPOUND11, LabelSpace
from mien.core.records import Face, Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._landmarks import N_POINTS, face_of_68
from mien.data.datasets._layout import refuse

INDEX, CAMERA, LANDMARKS = "index.csv", "camera.json", "landmarks68.npz"
COLUMNS = ("file", "depth", "subject", "kind", "label", "intensity")
META = ("gender", "age", "ethnicity", "components", "yaw_deg", "pitch_deg", "roll_deg", "light", "occluded")
ONE_IN = 5
"""Of the people, in the order of their names, one in so many is held out as ``test``."""


def read(root: Path, labels: LabelSpace, published: dict[str, int]) -> Contents:
    """Read one kind of the set's pictures.

    Args:
        root: The folder with ``index.csv``.
        labels: Basic or compound.
        published: Samples per split of the whole set.

    Raises:
        MienError: A file is missing or not as published.
    """
    rows = _read_index(root / INDEX)
    people = sorted({row["subject"] for row in rows})
    tested = set(people[ONE_IN - 1 :: ONE_IN])
    unit_mm = _depth_unit_mm(root / CAMERA)
    faces = _read_faces(root / LANDMARKS)
    samples = [
        Sample(
            id=row["file"].removeprefix("rgb/").rpartition(".")[0],
            image=root / row["file"],
            label=_label(row, labels, root / INDEX),
            split="test" if row["subject"] in tested else "train",
            depth=root / row["depth"],
            depth_unit_mm=unit_mm,
            subject=row["subject"],
            intensity=_number(row["intensity"], root / INDEX),
            face=faces.get(row["file"]),
            meta={key: row[key] for key in META if row.get(key)},
        )
        for row in rows
        if row["kind"] == labels.kind
    ]
    if not samples:
        raise MienError(f"{root / INDEX} holds no {labels.kind} expressions")
    for what, paths in (("pictures", [s.image for s in samples]), ("depth", [s.depth for s in samples])):
        missing = [str(p.relative_to(root)) for p in paths if isinstance(p, Path) and not p.is_file()]
        refuse(missing, f"{root} lacks {what} that {INDEX} lists")
    return Contents(samples, labels, published)


def _read_index(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise MienError(f"there is no {path}; expected the folder of the synthetic RGB-D faces")
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle)
        missing = sorted(set(COLUMNS) - set(reader.fieldnames or ()))
        if missing:
            raise MienError(f"{path} lacks the columns {', '.join(missing)}")
        rows = list(reader)
    if any(row[column] is None for row in rows for column in COLUMNS):
        raise MienError(f"{path}: some rows are cut short")
    return rows


def _label(row: dict[str, str], labels: LabelSpace, path: Path) -> int:
    if row["label"] not in labels.names:
        raise MienError(
            f"{path}: {row['file']} is labelled {row['label']!r}, which is no {labels.kind} label"
        )
    return labels.index(row["label"])


def _number(text: str, path: Path) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise MienError(f"{path}: expected an intensity from 0 to 1, got {text!r}") from error


def _depth_unit_mm(path: Path) -> float:
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["depth_unit_mm"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MienError(f"{path} does not say what a step of depth is (depth_unit_mm)") from error


def _read_faces(path: Path) -> dict[str, Face]:
    """The true points of each picture by its file; none where the folder comes without them."""
    if not path.is_file():
        return {}
    try:
        with np.load(path, allow_pickle=False) as arrays:
            files, xy = arrays["files"], arrays["xy"].astype(np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise MienError(f"{path} is damaged: expected the arrays files and xy") from error
    if xy.shape != (len(files), N_POINTS, 2):
        raise MienError(f"{path}: expected 68 points for each of {len(files)} files, got {list(xy.shape)}")
    return {str(file): face_of_68(points) for file, points in zip(files, xy, strict=True)}


def _register(name: str, title: str, labels: LabelSpace, splits: dict[str, int]) -> None:
    DATASETS.register(name)(
        DatasetInfo(
            name=name,
            title=title,
            labels=labels,
            native_labels=labels.names,
            read=partial(read, labels=labels, published=splits),
            splits=splits,
            crops=False,  # whole heads; landmarks68.npz says where the faces are
            licence="CC BY 4.0 (Face Research Lab London Set), with ICT-FaceKit's MIT notice; altered photos "
            "of real people who never made these expressions",
            paper="DeBruine and Jones, Face Research Lab London Set, 2017, "
            "https://doi.org/10.6084/m9.figshare.5047666.v5; ICT-FaceKit, USC, 2020",
            survey=Survey(
                None,
                "synthetic",
                "RGB-D",
                sum(splits.values()),
                subjects=102,
                annotation="intensity, 68 landmarks, head pose, light",
            ),
        )
    )


_register("synthetic-rgbd", "synthetic RGB-D faces, basic expressions", BASIC7, {"train": 2_050, "test": 500})
_register(
    "synthetic-rgbd-compound",
    "synthetic RGB-D faces, compound expressions",
    COMPOUND11,
    {"train": 902, "test": 220},
)
