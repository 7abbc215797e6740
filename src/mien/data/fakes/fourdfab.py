"""4DFAB's look-alike, in the form that its adapter assumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.core.labels import BASIC7
from mien.data.fake import FAKES
from mien.data.fakes._pictures import rise_and_fall, save
from mien.data.fakes._scans import face_grid, write_obj


@FAKES.register("4dfab")
def _fourdfab(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    for person in range(n_per_class):
        for label in BASIC7.names:
            place = folder / f"{person + 1:03d}" / "Session_1" / label.capitalize()
            for number, picture in enumerate(rise_and_fall(label, rng), 1):
                save(place / f"{number:04d}.jpg", picture)
                write_obj(place / f"{number:04d}.obj", face_grid(picture))
