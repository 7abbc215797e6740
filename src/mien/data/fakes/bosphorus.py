"""Bosphorus' look-alike: expressions, neutral, action units, and a pose and an occlusion to pass over."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.core.labels import BASIC7
from mien.data.fake import FAKES
from mien.data.fakes._pictures import SIDE_PX, drawn, save, scene, write_text
from mien.data.fakes._scans import face_grid, write_bnt

EXPRESSIONS = {
    "anger": "E_ANGER",
    "disgust": "E_DISGUST",
    "fear": "E_FEAR",
    "happiness": "E_HAPPY",
    "neutral": "N_N",
    "sadness": "E_SADNESS",
    "surprise": "E_SURPRISE",
}
ACTION_UNITS = {
    "LFAU_24": "anger",
    "LFAU_9": "disgust",
    "LFAU_12": "happiness",
    "LFAU_15": "sadness",
    "UFAU_2": "surprise",
    "UFAU_1": "fear",
    "LFAU_27": "neutral",
    "CAU_A12A15": "neutral",
}
"""What is drawn for a few of the set's action units; the last two stand for no emotion."""
OTHER_SCANS = ("YR_R10", "O_EYE")


@FAKES.register("bosphorus")
def _bosphorus(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    for person in range(n_per_class):
        subject = f"bs{person:03d}"
        scans = {EXPRESSIONS[label]: label for label in BASIC7.names} | ACTION_UNITS
        for code, label in (scans | dict.fromkeys(OTHER_SCANS, "neutral")).items():
            picture, ((left, top),) = scene([drawn(label, rng)], rng)
            stem = folder / subject / f"{subject}_{code}_0"
            save(stem.with_suffix(".png"), picture)
            write_bnt(stem.with_suffix(".bnt"), face_grid(picture), f"{stem.name}.png")
            write_text(stem.with_suffix(".lm2"), _landmarks(left, top))


def _landmarks(left: int, top: int) -> list[str]:
    """The file of landmarks of a face drawn at a place."""
    places = {
        "Outer left eye corner": (-0.62, -0.25),
        "Inner left eye corner": (-0.22, -0.25),
        "Inner right eye corner": (0.22, -0.25),
        "Outer right eye corner": (0.62, -0.25),
        "Nose tip": (0.0, 0.25),
        "Left mouth corner": (-0.36, 0.62),
        "Right mouth corner": (0.36, 0.62),
        "Chin middle": (0.0, 1.2),
    }
    lines = ["# 2D landmarks", "", f"{len(places)} landmarks:"]
    for name, (x, y) in places.items():
        at = [where + (0.5 + v * 0.36) * SIDE_PX for where, v in ((left, x), (top, y))]
        lines += [name, f"{at[0]:.3f} {at[1]:.3f}"]
    return lines
