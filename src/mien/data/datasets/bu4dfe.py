"""BU-4DFE (Yin et al., FG 2008) and BU-4DFE-S (BP4D-Spontaneous, Zhang et al., IVC 2014): meshes in motion.

A folder a person, in it one a sequence, in it a picture and a mesh a frame::

    F001/Angry/000.jpg, F001/Angry/000.wrl      ``bu4dfe``: six posed emotions
    F001/T1/0023.jpg, F001/T1/0023.wrl          ``bu4dfe-s``: eight tasks, each to elicit one emotion
    AUCoding/F001_T1.csv                        ``bu4dfe-s``: a row a coded frame: its number, then the
                                                action units named by the first row (1 = present)

``root`` holds them, or folders of them. The sequences of BU-4DFE go from neutral to the peak and back within
about 100 frames: the samples are the three frames in the middle. The label of BU-4DFE-S is that of the task,
not of a frame, and no protocol of emotions is published for it: the samples are the three frames in the
middle of the part that is coded for action units (of the sequence, where no coding came with it), and
``meta["action_units"]`` holds those present. The mesh stands as the sample's depth, to be rendered.

Published: 606 sequences of 58 women and 43 men aged 18 to 45; 328 of 23 women and 18 men aged 18 to 29. The
authors give no split. That a picture lies beside each mesh under one number is how public readers of the two
sets find them; it is not documented.

Handed out by Binghamton University on request, for research alone.
"""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

from mien.core.labels import BASIC6, LabelSpace
from mien.core.records import Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import WHOLE, file_in, files_in, folders_named, refuse, subfolder, subfolders
from mien.data.datasets._names import canonical
from mien.data.datasets._sequences import PEAK_FRAMES, frame_number, middle_frames

TASKS = {
    "T1": "happiness",
    "T2": "sadness",
    "T3": "surprise",
    "T4": "embarrassment",
    "T5": "fear",
    "T6": "pain",
    "T7": "anger",
    "T8": "disgust",
}
TITLES = {"bu4dfe": "BU-4DFE", "bu4dfe-s": "BU-4DFE-S"}
ELICITED = LabelSpace(tuple(sorted(TASKS.values())), "mixture")
SPLITS = {"bu4dfe": {WHOLE: 606 * PEAK_FRAMES}, "bu4dfe-s": {WHOLE: 328 * PEAK_FRAMES}}
CODINGS = ("AUCoding", "AUCoding/AUCoding", "AUCoding/AU_OCC", "AU_OCC")

Coding = dict[int, tuple[int, ...]]
"""Action units present by number of the coded frame."""


def read(root: Path, name: str, labels: LabelSpace) -> Contents:
    """Read three frames of every sequence.

    Args:
        root: Holds a folder a person, or folders of such.
        name: ``bu4dfe`` or ``bu4dfe-s``.
        labels: The set's.

    Raises:
        MienError: No folders of people; people without a sequence, sequences without frames, and frames
            without mesh are named.
    """
    samples: list[Sample] = []
    absent: list[str] = []
    short: list[str] = []
    without_mesh: list[str] = []
    for person in folders_named(root, TITLES[name], r"[FM]\d{3}", "F001"):
        sequences = {_emotion(path.name, name): path for path in subfolders(person)}
        absent += [f"{person.name} ({emotion})" for emotion in labels.names if emotion not in sequences]
        for emotion in labels.names:
            if emotion not in sequences:
                continue
            key = f"{person.name.upper()}/{sequences[emotion].name}"
            files = files_in(sequences[emotion], (".jpg", ".wrl"))
            meshes = {path.stem: path for path in files if path.suffix.lower() == ".wrl"}
            pictures = [path for path in files if path.suffix.lower() == ".jpg"]
            coding = _read_coding(root, key.replace("/", "_")) if name == "bu4dfe-s" else {}
            frames = middle_frames([p for p in pictures if not coding or frame_number(p) in coding])
            if len(frames) < PEAK_FRAMES:
                short.append(key)
            without_mesh += [f"{key}/{path.name}" for path in frames if path.stem not in meshes]
            samples += [
                _sample(key, path, labels.index(emotion), meshes.get(path.stem), coding) for path in frames
            ]
    refuse(absent, f"{root}: people without a sequence of each emotion")
    refuse(short, f"{root}: sequences of fewer than {PEAK_FRAMES} pictures")
    refuse(without_mesh, f"{root}: frames without their mesh (.wrl)")
    return Contents(samples, labels, SPLITS[name])


def _emotion(folder: str, name: str) -> str | None:
    return canonical(folder) if name == "bu4dfe" else TASKS.get(folder.upper())


def _sample(key: str, picture: Path, label: int, mesh: Path | None, coding: Coding) -> Sample:
    number = frame_number(picture)
    meta: dict[str, object] = {"gender": {"F": "female", "M": "male"}[key[0]], "mesh": str(mesh)}
    if number in coding:
        meta["action_units"] = coding[number]
    return Sample(
        id=f"{key}/{picture.stem}",
        image=picture,
        label=label,
        split=WHOLE,
        depth=mesh,
        subject=key.partition("/")[0],
        sequence=key,
        frame=number,
        meta=meta,
    )


def _read_coding(root: Path, sequence: str) -> Coding:
    """The coded frames of one sequence; none where no coding came with it.

    Raises:
        MienError: A row is wrong.
    """
    folder = subfolder(root, *CODINGS)
    path = file_in(folder, f"{sequence}.csv") if folder else None
    if path is None:
        return {}
    coding: Coding = {}
    wrong = []
    with path.open(encoding="ascii", errors="replace", newline="") as handle:
        units, *rows = list(csv.reader(handle)) or [[]]
        for number, row in enumerate(rows, 2):
            try:
                present = (unit for unit, cell in zip(units[1:], row[1:], strict=True) if int(cell) == 1)
                coding[int(row[0])] = tuple(int(unit) for unit in present)
            except (ValueError, IndexError):
                wrong.append(f"line {number}")
    refuse(wrong, f"{path}: expected the number of a frame and a 0, 1 or 9 for each action unit")
    return coding


_BINGHAMTON = "www.cs.binghamton.edu/~lijun/Research/3DFE/3DFE_Analysis.html"
_MOVING = "RGB + mesh, video"
_TERMS = "non-commercial research, on request; no redistribution"

DATASETS.register("bu4dfe")(
    DatasetInfo(
        name="bu4dfe",
        title="BU-4DFE, three frames at the peak of each sequence",
        labels=BASIC6,
        native_labels=BASIC6.names,
        read=partial(read, name="bu4dfe", labels=BASIC6),
        splits=SPLITS["bu4dfe"],
        licence=_TERMS,
        source=_BINGHAMTON,
        paper="Yin et al., A high-resolution 3D dynamic facial expression database, FG 2008",
        survey=Survey(2008, "posed", _MOVING, 606, "sequences", 101, "18-45", "83 landmarks"),
    )
)
DATASETS.register("bu4dfe-s")(
    DatasetInfo(
        name="bu4dfe-s",
        title="BU-4DFE-S (BP4D-Spontaneous), three frames of each task",
        labels=ELICITED,
        native_labels=tuple(TASKS.values()),
        read=partial(read, name="bu4dfe-s", labels=ELICITED),
        splits=SPLITS["bu4dfe-s"],
        licence=_TERMS,
        source=_BINGHAMTON,
        paper="Zhang et al., BP4D-Spontaneous: a high-resolution spontaneous 3D dynamic facial expression "
        "database, IVC 2014",
        survey=Survey(2013, "spontaneous", _MOVING, 328, "sequences", 41, "18-29", "action units, landmarks"),
    )
)
