"""Oulu-CASIA NIR&VIS (Zhao et al., 2011): sequences of six posed expressions of 80 people.

Read is the part that the papers use, visible light and strong illumination, in its original pictures of
320 x 240 pixels::

    OriginalImg/VL/Strong/P001/Anger/000.jpeg

(the archive is called B_OriginalImg). A sequence goes from neutral to the peak; the samples are its last
three frames. Published: 480 sequences, 1,440 pictures, 240 of each emotion. The authors give no split.

Handed out by the University of Oulu on request, for research alone.
"""

from __future__ import annotations

import re
from pathlib import Path

from mien.core.errors import MienError
from mien.core.labels import BASIC6
from mien.core.records import Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import WHOLE, class_folders, files_in, need_subfolder, refuse, subfolders
from mien.data.datasets._sequences import PEAK_FRAMES, frame_number, peak_frames

SPLITS = {WHOLE: 480 * PEAK_FRAMES}
LIGHT = "VL/Strong"


def read(root: Path) -> Contents:
    """Read the last three frames of every sequence.

    Raises:
        MienError: The folder is missing, or people lack an emotion or frames; the first few are named.
    """
    ways = ("OriginalImg", "B_OriginalImg", "B_OriginalImg/OriginalImg", ".")
    folder = need_subfolder(root, "Oulu-CASIA", *(f"{way}/{LIGHT}" for way in ways))
    people = [path for path in subfolders(folder) if re.fullmatch(r"P\d+", path.name, re.IGNORECASE)]
    if not people:
        raise MienError(f"{folder} holds no folders P001 to P080")
    samples: list[Sample] = []
    incomplete = []
    for person in people:
        for sequence, label in class_folders(person, BASIC6):
            name = f"{person.name.upper()}/{sequence.name}"
            frames = peak_frames(files_in(sequence))
            if len(frames) < PEAK_FRAMES:
                incomplete.append(name)
                continue
            samples += [
                Sample(
                    id=f"{name}/{path.stem}",
                    image=path,
                    label=label,
                    split=WHOLE,
                    subject=person.name.upper(),
                    sequence=name,
                    frame=frame_number(path),
                )
                for path in frames
            ]
    refuse(incomplete, f"{folder}: sequences of fewer than {PEAK_FRAMES} pictures")
    return Contents(samples, BASIC6, SPLITS)


DATASETS.register("oulu-casia")(
    DatasetInfo(
        name="oulu-casia",
        title="Oulu-CASIA, visible light, strong, last three frames",
        labels=BASIC6,
        native_labels=BASIC6.names,
        read=read,
        splits=SPLITS,
        licence="non-commercial research, on request; no redistribution",
        source="University of Oulu, Center for Machine Vision and Signal Analysis",
        paper="Zhao et al., Facial expression recognition from near-infrared videos, IVC 2011",
        survey=Survey(2011, "posed", "RGB and infrared, video", 2_880, "sequences", 80),
    )
)
