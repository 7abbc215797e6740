"""AFEW's look-alike: clips of a few frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.core.labels import BASIC7
from mien.data.datasets.sfew import FOLDERS
from mien.data.fake import FAKES
from mien.data.fakes._pictures import rise_and_fall, save_video, shuffled, smaller


@FAKES.register("afew")
def _afew(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    counts = {"Train": n_per_class, "Val": smaller(n_per_class)}
    for number, (split, label) in enumerate(shuffled(BASIC7.names, counts, rng)):
        name = f"{FOLDERS[BASIC7.index(label)]}/{number:05d}2040.avi"
        save_video(folder / f"{split}_AFEW" / name, rise_and_fall(label, rng))
