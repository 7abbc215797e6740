"""One file per data set. Importing this package registers all of them."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, FaceDataset, Survey, data_root

for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")


def load_dataset(name: str, root: Path | None = None) -> FaceDataset:
    """Read a data set from its official files.

    Args:
        name: Registry name, e.g. ``fer2013``.
        root: Its folder; None looks in ``$MIEN_DATA_ROOT/<name>``.

    Raises:
        MienError: Unknown name, missing folder, or files that are not as published.
    """
    info = DATASETS[name]
    folder = data_root(name, root)
    found = info.read(folder)
    return FaceDataset(info, folder, found.samples, found.labels, found.published)


__all__ = ["DATASETS", "Contents", "DatasetInfo", "FaceDataset", "Survey", "load_dataset"]
