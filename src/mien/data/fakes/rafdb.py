"""RAF-DB's look-alikes, with the annotations of gender, race and age group."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from mien.data.datasets.rafdb import BASIC_NATIVE, COMPOUND_NATIVE, LIST_FILE, N_POINTS
from mien.data.fake import FAKES
from mien.data.fakes._pictures import drawn, save, shuffled, smaller, write_text


@FAKES.register("rafdb")
def _basic(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    _write(folder / "basic", BASIC_NATIVE, n_per_class, rng)


@FAKES.register("rafdb-compound")
def _compound(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    _write(folder / "compound", COMPOUND_NATIVE, n_per_class, rng)


def _write(folder: Path, native: tuple[str, ...], n_per_class: int, rng: np.random.Generator) -> None:
    counts = {"train": n_per_class, "test": smaller(n_per_class)}
    listed = []
    numbers: Counter[str] = Counter()
    for split, label in shuffled(native, counts, rng):
        numbers[split] += 1
        stem = f"{split}_{numbers[split]:05d}"
        save(folder / "Image" / "aligned" / f"{stem}_aligned.jpg", drawn(label, rng))
        points = [f"{x:.6f}\t{y:.6f}" for x, y in rng.uniform(10, 40, (N_POINTS, 2))]
        groups = [str(rng.integers(0, n)) for n in (3, 3, 5)]
        write_text(folder / "Annotation" / "manual" / f"{stem}_manu_attri.txt", [*points, *groups])
        listed.append(f"{stem}.jpg {native.index(label) + 1}")
    write_text(folder / "EmoLabel" / LIST_FILE, listed)
