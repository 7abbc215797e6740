"""CK+'s look-alike: every person shows every emotion once, and one sequence has no label."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.data.datasets.ckplus import LABELS, NATIVE
from mien.data.fake import FAKES, fake_landmarks
from mien.data.fakes._pictures import SIDE_PX, drawn, save, scene, write_text


@FAKES.register("ckplus")
def _ckplus(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    """`n_per_class` sequences of each emotion: two or more neutral frames, then three of the emotion."""
    for person in range(n_per_class):
        subject = f"S{person + 5:03d}"
        for number, label in enumerate(LABELS.names, 1):
            sequence = f"{subject}_{number:03d}"
            emotions = ["neutral"] * int(rng.integers(2, 5)) + [label] * 3
            _frames(folder, f"{subject}/{number:03d}", emotions, rng)
            name = f"{sequence}_{len(emotions):08d}_emotion.txt"
            text = f"   {NATIVE.index(label):.7e}"
            write_text(folder / "Emotion" / subject / f"{number:03d}" / name, [text])
            coded = [f"   {unit:.7e}   {level:.7e}" for unit, level in ((4.0, 3.0), (25.0, 0.0))]
            place = folder / "FACS" / subject / f"{number:03d}"
            write_text(place / name.replace("_emotion", "_facs"), coded)
    unlabelled = "S005/008"
    _frames(folder, unlabelled, ["neutral"] * 4, rng)
    (folder / "Emotion" / unlabelled).mkdir(parents=True)


def _frames(folder: Path, sequence: str, emotions: list[str], rng: np.random.Generator) -> None:
    for frame, label in enumerate(emotions, 1):
        picture, (corner,) = scene([drawn(label, rng)], rng)
        name = f"{sequence.replace('/', '_')}_{frame:08d}"
        save(folder / "cohn-kanade-images" / sequence / f"{name}.png", picture[..., 0])
        points = [f"   {x:.7e}   {y:.7e}" for x, y in fake_landmarks(SIDE_PX) + np.array(corner)]
        write_text(folder / "Landmarks" / sequence / f"{name}_landmarks.txt", points)
