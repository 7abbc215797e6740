"""Oulu-CASIA's look-alike: every person shows every emotion; a weakly lit sequence lies beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.core.labels import BASIC6
from mien.data.datasets.oulu_casia import LIGHT
from mien.data.fake import FAKES
from mien.data.fakes._pictures import drawn, save, scene


@FAKES.register("oulu-casia")
def _oulu_casia(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    """`n_per_class` people: in each sequence two or more neutral frames, then three of the emotion."""
    for person in range(n_per_class):
        for label in BASIC6.names:
            _sequence(folder / "OriginalImg" / LIGHT / f"P{person + 1:03d}", label, rng)
    _sequence(folder / "OriginalImg" / "VL" / "Weak" / "P001", BASIC6.names[0], rng)


def _sequence(person: Path, label: str, rng: np.random.Generator) -> None:
    emotions = ["neutral"] * int(rng.integers(2, 5)) + [label] * 3
    for frame, emotion in enumerate(emotions):
        picture, _ = scene([drawn(emotion, rng)], rng)
        save(person / label.capitalize() / f"{frame:03d}.jpeg", picture)
