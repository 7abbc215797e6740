"""A merged set as a csv that the data set ``csv`` reads, and as pngs what has no file of its own."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.labels import LabelSpace
from mien.core.records import Sample
from mien.data.datasets._columns import DESCRIBED, descriptions
from mien.data.datasets._names import canonical
from mien.data.pictures import read_picture

COLUMNS = ("id", "image", "label", "split", "origin", *DESCRIBED)


def write_table(samples: Sequence[Sample], labels: LabelSpace, out: Path, folder: Path) -> None:
    """Write the table, whole or not at all, and beside it the pictures that have no file of their own.

    Args:
        samples: With their origin in ``meta``.
        labels: Of the samples.
        out: The csv.
        folder: Where pictures go that are rows of a table or frames of a video.

    Raises:
        MienError: Something cannot be written, or a file's name is no text.
    """
    extra = sorted({key for s in samples for key in s.meta} - {*COLUMNS, *labels.names})
    extra = [key for key in extra if not canonical(key)]
    soft = labels.names if any(s.soft_label is not None for s in samples) else ()
    unfinished = out.with_name(out.name + ".part")
    taken: set[Path] = set()
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, [*COLUMNS, *extra, *soft], lineterminator="\n")
            writer.writeheader()
            for sample in samples:
                shares = () if sample.soft_label is None else sample.soft_label.tolist()
                writer.writerow(
                    {key: sample.meta.get(key) for key in extra}
                    | {name: f"{share:.6g}" for name, share in zip(soft, shares, strict=False)}
                    | _row(sample, labels, out, folder, taken)
                )
        os.replace(unfinished, out)
    except UnicodeEncodeError as error:
        raise MienError(f"a file's name is no valid text: {error.object!r}") from error
    except OSError as error:
        raise MienError(f"cannot write {error.filename or out}: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _row(sample: Sample, labels: LabelSpace, out: Path, folder: Path, taken: set[Path]) -> dict[str, object]:
    image, depth = sample.image, sample.depth
    if not isinstance(image, Path):
        image = _saved(np.asarray(read_picture(image)), folder, sample.id, "", taken)
    if depth is not None and not isinstance(depth, Path):
        depth = _saved(depth, folder, sample.id, "_depth", taken)
    return {
        "id": sample.id,
        "image": _as_written(image, out.parent),
        "label": labels.names[sample.label],
        "split": sample.split,
        "origin": sample.meta["origin"],
        **descriptions(sample),
        "depth": _as_written(depth, out.parent) if depth else None,
        "depth_unit_mm": sample.depth_unit_mm if depth else None,
    }


def _as_written(path: Path, folder: Path) -> str:
    """Relative where it lies below the table, so that both can be moved together; else the whole path."""
    whole = Path(os.path.abspath(path))
    try:
        return whole.relative_to(os.path.abspath(folder)).as_posix()
    except ValueError:
        return whole.as_posix()


def _saved(pixels: NDArray[np.generic], folder: Path, sample_id: str, tail: str, taken: set[Path]) -> Path:
    """Write pixels as a png under a sample's id."""
    parts = [re.sub(r"[^\w.+-]+", "_", p) for p in PurePosixPath(sample_id).parts if p not in ("/", "..")]
    path = folder.joinpath(*parts)
    path, n = path.with_name(f"{path.name}{tail}.png"), 1
    while path in taken:
        n += 1
        path = path.with_name(f"{path.stem}_{n}.png")
    taken.add(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    bgr = cv2.cvtColor(np.asarray(pixels), cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else np.asarray(pixels)
    path.write_bytes(cv2.imencode(".png", bgr)[1].tobytes())
    return path
