"""SFEW 2.0's look-alike: whole frames and, beside them, the organisers' face crops of most of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.core.labels import BASIC7
from mien.data.datasets.sfew import FOLDERS
from mien.data.fake import FAKES
from mien.data.fakes._pictures import drawn, save, scene, shuffled, smaller

FILMS = ("Airheads", "About_A_Boy", "21")


@FAKES.register("sfew")
@FAKES.register("sfew-aligned")
def _sfew(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    counts = {"Train": n_per_class, "Val": smaller(n_per_class)}
    crops = {"Train": "Train_Aligned_Faces", "Val": "Val_Aligned_Faces_new"}
    for number, (split, label) in enumerate(shuffled(BASIC7.names, counts, rng)):
        film = FILMS[int(rng.integers(len(FILMS)))]
        place = f"{FOLDERS[BASIC7.index(label)]}/{film}_{number // 2:07d}20_{number:08d}.png"
        face = drawn(label, rng)
        save(folder / split / place, scene([face], rng)[0])
        save(folder / split / crops[split] / place, face)
