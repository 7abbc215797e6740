"""The look-alikes of BU-4DFE and BU-4DFE-S: a picture and a mesh a frame, and coded action units."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.core.labels import BASIC6
from mien.core.records import ImageArray
from mien.data.datasets.bu4dfe import TASKS
from mien.data.fake import FAKES
from mien.data.fakes._pictures import rise_and_fall, save, write_text
from mien.data.fakes._scans import face_grid, write_wrl

FOLDERS = dict(zip(BASIC6.names, ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise"), strict=True))


@FAKES.register("bu4dfe")
def _bu4dfe(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    for person in range(n_per_class):
        for label, name in FOLDERS.items():
            _sequence(folder / _subject(person) / name, rise_and_fall(label, rng), 0, 3)


@FAKES.register("bu4dfe-s")
def _bu4dfe_s(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    """Frames are numbered from 100; those of the label are coded, with action units 6 and 12 present."""
    for person in range(n_per_class):
        for task, label in TASKS.items():
            frames = rise_and_fall(label, rng)
            subject, first = _subject(person), 100
            _sequence(folder / subject / task, frames, first, 4)
            n_neutral = (len(frames) - 5) // 2
            present = ",".join(str(int(unit in (6, 12))) for unit in range(1, 100))
            coded = range(first + n_neutral, first + n_neutral + 5)
            header = ",".join(map(str, range(100)))
            lines = [header, *(f"{frame},{present}" for frame in coded)]
            write_text(folder / "AUCoding" / f"{subject}_{task}.csv", lines)


def _subject(person: int) -> str:
    return f"{'FM'[person % 2]}{person // 2 + 1:03d}"


def _sequence(folder: Path, frames: list[ImageArray], first: int, n_digits: int) -> None:
    for number, picture in enumerate(frames, first):
        name = f"{number:0{n_digits}d}"
        save(folder / f"{name}.jpg", picture)
        write_wrl(folder / f"{name}.wrl", face_grid(picture), f"{name}.jpg")
