"""ExpW's look-alike: two faces in a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.core.labels import BASIC7
from mien.data.datasets.expw import LIST_FILE, NATIVE
from mien.data.fake import FAKES
from mien.data.fakes._pictures import SIDE_PX, drawn, save, scene, shuffled, write_text


@FAKES.register("expw")
def _expw(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    labels = [label for _, label in shuffled(BASIC7.names, {"all": n_per_class}, rng)]
    lines = []
    for start in range(0, len(labels), 2):
        pair = labels[start : start + 2]
        picture, places = scene([drawn(label, rng) for label in pair], rng)
        name = f"{pair[0]}_people_{start // 2}.jpg"
        save(folder / "image" / "origin" / name, picture)
        for face, ((left, top), label) in enumerate(zip(places, pair, strict=True)):
            box = f"{top} {left} {left + SIDE_PX} {top + SIDE_PX}"
            lines.append(f"{name} {face} {box} {rng.uniform(20, 100):.4f} {NATIVE.index(label)}")
    write_text(folder / "label" / LIST_FILE, lines)
