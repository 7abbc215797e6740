"""CK+ (Lucey et al., CVPR workshops 2010): sequences of posed faces from neutral to the peak.

The authors' folders, side by side (or as the archives unpack them, each in a folder of its archive's name)::

    cohn-kanade-images/S005/001/S005_001_00000011.png
    Emotion/S005/001/S005_001_00000011_emotion.txt     one number, 1 to 7, of the peak frame
    Landmarks/S005/001/S005_001_00000011_landmarks.txt 68 lines x y, of every frame
    FACS/S005/001/S005_001_00000011_facs.txt           action unit, intensity in each line, of the peak frame

Of 593 sequences of 123 people 327 have an emotion; the folders of the others are empty or missing. The
samples are the last three frames of each of the 327, the peak frame last: 981 pictures, seven emotions with
contempt (45 anger, 18 contempt, 59 disgust, 25 fear, 69 happiness, 28 sadness, 83 surprise sequences).
Without contempt they are the 309 sequences, 927 pictures, of papers with six emotions. The authors give no
split. Where the landmarks are there, they are the face, else it is found; where the action units are there,
``meta["action_units"]`` has the intensity of each (0 where it was not coded).

Handed out by the University of Pittsburgh on request, for research alone.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.labels import BASIC8, LabelSpace, project
from mien.core.records import Face, Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._landmarks import N_POINTS, face_of_68
from mien.data.datasets._layout import WHOLE, file_in, files_in, need_subfolder, refuse, subfolder
from mien.data.datasets._sequences import PEAK_FRAMES, frame_number, peak_frames

NATIVE = ("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
LABELS = LabelSpace(tuple(name for name in BASIC8.names if name != "neutral"))
SPLITS = {WHOLE: 327 * PEAK_FRAMES}

_LABEL_FILE = re.compile(r"(S\d+)_(\d+)_(\d+)_emotion\.txt", re.IGNORECASE)


def read(root: Path) -> Contents:
    """Read the last three frames of every labelled sequence.

    Raises:
        MienError: A folder is missing, a label is wrong, or labelled sequences lack frames; the first few are
            named.
    """
    pictures = need_subfolder(
        root, "CK+", "cohn-kanade-images", "extended-cohn-kanade-images/cohn-kanade-images"
    )
    emotions = need_subfolder(root, "CK+", "Emotion", "Emotion_labels/Emotion")
    labels = _read_labels(emotions)
    landmarks, units = (subfolder(root, name, f"{name}/{name}") for name in ("Landmarks", "FACS"))
    wrong: list[str] = []
    to_canonical = project(NATIVE, LABELS)
    samples: list[Sample] = []
    incomplete = []
    for (subject, sequence, peak), native in sorted(labels.items()):
        folder = subfolder(pictures, f"{subject}/{sequence}")
        frames = peak_frames(files_in(folder) if folder else [], peak)
        if len(frames) < PEAK_FRAMES:
            incomplete.append(f"{subject}/{sequence}")
            continue
        coded = _numbers(units, frames[-1], "_facs.txt", wrong)
        meta = {} if coded is None else {"action_units": {int(unit): float(level) for unit, level in coded}}
        samples += [
            Sample(
                id=f"{subject}/{sequence}/{path.stem}",
                image=path,
                label=int(to_canonical[native]),
                split=WHOLE,
                subject=subject,
                sequence=f"{subject}/{sequence}",
                frame=frame_number(path),
                face=_face(_numbers(landmarks, path, "_landmarks.txt", wrong), path, wrong),
                meta=meta,
            )
            for path in frames
        ]
    refuse(incomplete, f"{pictures} lacks the last {PEAK_FRAMES} frames of labelled sequences")
    refuse(wrong, f"{root}: landmarks and action units that are not two numbers a line")
    return Contents(samples, LABELS, SPLITS)


def _numbers(folder: Path | None, frame: Path, ending: str, wrong: list[str]) -> NDArray[np.float32] | None:
    """[n, 2] numbers of a frame's file in another folder of the set; None where it has none."""
    place = subfolder(folder, "/".join(frame.parent.parts[-2:])) if folder else None
    path = file_in(place, f"{frame.stem}{ending}") if place else None
    if path is None:
        return None
    try:
        values = np.array(path.read_text(encoding="ascii").split(), np.float32)
        return values.reshape(-1, 2)
    except ValueError:
        wrong.append(path.name)
        return None


def _face(points: NDArray[np.float32] | None, frame: Path, wrong: list[str]) -> Face | None:
    if points is not None and len(points) != N_POINTS:
        wrong.append(f"{frame.stem}_landmarks.txt")
        return None
    return None if points is None else face_of_68(points)


def _read_labels(emotions: Path) -> dict[tuple[str, str, int], int]:
    """Native label by (subject, sequence, number of the peak frame).

    Raises:
        MienError: No label files, or some that hold no number from 1 to 7.
    """
    labels, wrong = {}, []
    for path in sorted(emotions.glob("*/*/*")):
        name = _LABEL_FILE.fullmatch(path.name)
        if name is None:
            continue
        try:
            value = float(path.read_text(encoding="ascii"))
        except ValueError:
            value = -1.0
        if value not in range(1, len(NATIVE)):
            wrong.append(path.relative_to(emotions).as_posix())
            continue
        labels[name[1].upper(), name[2], int(name[3])] = int(value)
    refuse(wrong, f"{emotions}: expected one number from 1 to {len(NATIVE) - 1}")
    if not labels:
        raise MienError(f"{emotions} holds no S..._emotion.txt; expected the unpacked emotion labels of CK+")
    return labels


DATASETS.register("ckplus")(
    DatasetInfo(
        name="ckplus",
        title="CK+, last three frames of each sequence",
        labels=LABELS,
        native_labels=NATIVE,
        read=read,
        splits=SPLITS,
        licence="non-commercial research, on request; no redistribution",
        source="www.jeffcohn.net/resources",
        paper="Lucey et al., The extended Cohn-Kanade dataset (CK+), CVPR workshops 2010",
        survey=Survey(
            2010, "posed", "grey, video", 593, "sequences", 123, "18-50", "action units, landmarks"
        ),
    )
)
