"""Check a data set against what was published and write an index of it, never into the data folder."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.core.errors import MienError
from mien.core.records import Sample
from mien.data.audit import count, differences
from mien.data.datasets import FaceDataset, load_dataset
from mien.data.hashing import Fingerprint, read_fingerprints
from mien.faces.model_store import cache_dir


@dataclass(frozen=True)
class Prepared:
    """What `prepare` found and wrote.

    Attributes:
        dataset: The data set.
        index: The index file, parquet or csv: one row per sample with id, split, label, subject, path, width,
            height, sha256 (of the decoded pixels) and error.
        counts: Samples per split and label name.
        differences: What differs from the published numbers, one line each.
        unreadable: Error by sample id.
    """

    dataset: FaceDataset
    index: Path
    counts: dict[str, dict[str, int]]
    differences: tuple[str, ...]
    unreadable: dict[str, str]


def prepare(name: str, folder: Path | None, on_sample: Callable[[], object] = lambda: None) -> Prepared:
    """Read every picture of a data set once and write its index into the cache folder.

    Args:
        name: Registry name of the data set.
        folder: Its folder; None looks below ``MIEN_DATA_ROOT``.
        on_sample: Called for each sample, for a progress bar.

    Raises:
        MienError: The data set cannot be read, or the index cannot be written.
    """
    dataset = load_dataset(name, folder)
    prints, unreadable = read_fingerprints(dataset.samples, on_sample)
    rows = [_row(s, dataset, prints.get(s.id), unreadable.get(s.id, "")) for s in dataset.samples]
    index = index_path(dataset)
    try:
        _write_whole(rows, index)
    except OSError as error:
        raise MienError(
            f"cannot write the index {index}: {error.strerror}; set MIEN_CACHE to another folder"
        ) from error
    return Prepared(dataset, index, count(dataset), differences(dataset), unreadable)


def index_path(dataset: FaceDataset) -> Path:
    """Where a data set's index belongs: one file per set and folder, parquet where pyarrow is installed."""
    folder_key = hashlib.sha256(str(dataset.root.resolve()).encode()).hexdigest()[:12]
    ending = "parquet" if importlib.util.find_spec("pyarrow") else "csv"
    return cache_dir() / "index" / f"{dataset.info.name}-{folder_key}.{ending}"


def _row(sample: Sample, dataset: FaceDataset, found: Fingerprint | None, error: str) -> dict[str, Any]:
    """One row of the index; a sample that is a row of a table has no path."""
    return {
        "id": sample.id,
        "split": sample.split,
        "label": dataset.labels.names[sample.label] if sample.label >= 0 else None,
        "subject": sample.subject,
        "path": str(sample.image) if isinstance(sample.image, Path) else None,
        "width": found.size[0] if found else None,
        "height": found.size[1] if found else None,
        "sha256": found.sha256 if found else None,
        "error": error or None,
    }


def _write_whole(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write the index whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(path.suffix + ".tmp")
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(list(rows)), unfinished)
    else:
        with unfinished.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    os.replace(unfinished, path)
