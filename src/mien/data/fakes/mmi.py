"""MMI's look-alike: every person shows every emotion; beside them sessions that are to be passed over."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.data.datasets.mmi import NATIVE
from mien.data.fake import FAKES
from mien.data.fakes._pictures import rise_and_fall, save_video, write_text


@FAKES.register("mmi")
def _mmi(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    """Action units are coded in every second session of an emotion."""
    number = 1700
    for person in range(1, n_per_class + 1):
        for emotion, label in enumerate(NATIVE, 1):
            number += 1
            name = f"S{person:03d}-{emotion:03d}"
            _session(folder, number, name, emotion, label, rng)
    _session(folder, number + 1, "S001-090", None, "neutral", rng)
    _session(folder, number + 2, "S001-091", 1, NATIVE[0], rng, view=1)
    _session(folder, number + 3, "S001-092", 9, "neutral", rng)


def _session(
    folder: Path,
    number: int,
    name: str,
    emotion: int | None,
    label: str,
    rng: np.random.Generator,
    view: int = 0,
) -> None:
    place = folder / "Sessions" / str(number)
    frames = rise_and_fall(label, rng)
    save_video(place / f"{name}.avi", frames)
    tag = f'<Metatag Name="Emotion" Value="{emotion}"/>' if emotion else '<Metatag Name="AU" Value="12"/>'
    write_text(place / f"{name}.xml", ["<?xml version='1.0'?>", f"<Metadata>{tag}</Metadata>"])
    session = (
        f'<session sessionId="{number}"><subject id="{name[1:4]}" gender="female" ethnicity="European"/>'
        f'<track filename="{name}.avi" view="{view}"/></session>'
    )
    write_text(place / "session.xml", ["<?xml version='1.0'?>", session])
    if number % 2 == 0:
        apex = (len(frames) - 5) // 2 + 1
        markers = zip((1, apex - 1, apex, apex + 5), (0, 1, 2, 3), strict=True)
        coded = "".join(f'<Marker Frame="{frame}" Type="{phase}"/>' for frame, phase in markers)
        unit = f'<AUCoding><ActionUnit Number="12">{coded}</ActionUnit></AUCoding>'
        write_text(place / f"{name}-oao_aucs.xml", ["<?xml version='1.0'?>", unit])
