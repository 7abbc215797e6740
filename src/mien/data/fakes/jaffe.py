"""JAFFE's look-alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.data.datasets.jaffe import CODES, PEOPLE
from mien.data.fake import FAKES
from mien.data.fakes._pictures import drawn, save, scene


@FAKES.register("jaffe")
def _jaffe(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    """`n_per_class` pictures of each expression, of as many of the ten people as it takes."""
    number = 0
    for i in range(n_per_class):
        for code, label in CODES.items():
            number += 1
            name = f"{PEOPLE[i % len(PEOPLE)]}.{code}{i // len(PEOPLE) + 1}.{number}.tiff"
            picture, _ = scene([drawn(label, rng)], rng)
            save(folder / "jaffe" / name, picture[..., 0])
