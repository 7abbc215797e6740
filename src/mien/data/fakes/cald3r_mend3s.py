"""CalD3r's and MenD3s' look-alikes: colour and depth pictures, a folder per emotion."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from mien.core.labels import BASIC7
from mien.data.datasets.cald3r_mend3s import N_DIGITS
from mien.data.fake import FAKES, fake_depth
from mien.data.fakes._pictures import drawn, save


def _write(folder: Path, n_per_class: int, rng: np.random.Generator, n_digits: int) -> None:
    """Every person shows every emotion once, women and men in turn."""
    for person in range(n_per_class):
        for label in BASIC7.names:
            name = f"{'FM'[person % 2]}_{person + 1:0{n_digits}d}_{rng.integers(1, 99)}_{label}"
            picture = drawn(label, rng)
            place = folder / label.capitalize()
            save(place / "RGB" / f"{name}_Color.png", picture)
            depth = cv2.imencode(".png", fake_depth(picture[..., 0], rng))[1]
            (place / "DEPTH").mkdir(exist_ok=True)
            (place / "DEPTH" / f"{name}_Depth.png").write_bytes(depth.tobytes())


for _name, _n_digits in N_DIGITS.items():
    FAKES.register(_name)(partial(_write, n_digits=_n_digits))
