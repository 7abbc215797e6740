"""CalD3r and MenD3s (Ulrich et al., JVCIR 2024): spontaneous expressions, colour and depth, seven emotions.

Two sets of one form, each a folder per emotion with a folder of colour and one of depth pictures::

    Anger/RGB/F_012_3_anger_Color.png       gender, number of the person (CalD3r three digits, MenD3s two),
    Anger/DEPTH/F_012_3_anger_Depth.png     code of the picture, emotion; 16-bit steps of depth

``root`` is the set's folder or the one that holds it. The emotion of a file's name must be that of its
folder, and each picture must have its depth. What a step of depth is in millimetres is not published: it
counts as one (the largest is 9,785).

Published: 4,678 pairs of 104 people in CalD3r, 4,038 of 92 in MenD3s; the thesis that mien follows joins
the two to 8,716 of 224 x 224 pixels. The authors give no split.

Handed out by the Politecnico di Torino on request, for research alone.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from mien.core.labels import BASIC7
from mien.core.records import Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import WHOLE, class_folders, files_in, need_subfolder, refuse
from mien.data.datasets._names import canonical

SPLITS = {"cald3r": {WHOLE: 4_678}, "mend3s": {WHOLE: 4_038}}
TITLES = {"cald3r": "CalD3r", "mend3s": "MenD3s"}
N_DIGITS = {"cald3r": 3, "mend3s": 2}
"""Digits of a person's number, by which the two sets can be told apart."""


def read(root: Path, name: str) -> Contents:
    """Read one of the two sets.

    Args:
        root: Holds a folder per emotion, or the folder ``CalD3r`` or ``MenD3s``.
        name: ``cald3r`` or ``mend3s``.

    Raises:
        MienError: A folder is missing; pictures of another name, of another emotion than their folder's, or
            without depth are named.
    """
    title = TITLES[name]
    folder = need_subfolder(root, title, "Anger", f"{title}/Anger").parent
    samples: list[Sample] = []
    foreign: list[str] = []
    misplaced: list[str] = []
    without_depth: list[str] = []
    without_picture: list[str] = []
    form = re.compile(rf"(?:aligned_)?([a-z]+)_(\d{{{N_DIGITS[name]}}})_(\w+?)_([a-z]+)_(Color|Depth)", re.I)
    for emotion, label in class_folders(folder, BASIC7):
        pictures = {_key(path): path for path in files_in(need_subfolder(emotion, title, "RGB"))}
        depths = {_key(path): path for path in files_in(need_subfolder(emotion, title, "DEPTH"))}
        without_depth += [pictures[key].name for key in sorted(pictures.keys() - depths.keys())]
        without_picture += [depths[key].name for key in sorted(depths.keys() - pictures.keys())]
        for key in sorted(pictures.keys() & depths.keys()):
            path = pictures[key]
            found = form.fullmatch(path.stem)
            if found is None:
                foreign.append(path.name)
                continue
            if canonical(found[4]) != BASIC7.names[label]:
                misplaced.append(f"{emotion.name}/{path.name}")
            gender, number, code = found[1].upper(), found[2], found[3]
            samples.append(
                Sample(
                    id=f"{emotion.name}/{path.stem.removesuffix('_Color')}",
                    image=path,
                    label=label,
                    split=WHOLE,
                    depth=depths[key],
                    subject=f"{gender}{number}",
                    meta={"gender": gender, "code": code},
                )
            )
    digits = "1" * N_DIGITS[name]
    refuse(foreign, f"{folder}: pictures that are not named as in {title} (F_{digits}_1_anger_Color.png)")
    refuse(misplaced, f"{folder}: pictures whose names say another emotion than their folders")
    refuse(without_depth, f"{folder}: pictures without depth in DEPTH/")
    refuse(without_picture, f"{folder}: depth without a picture in RGB/")
    return Contents(samples, BASIC7, SPLITS[name])


def _key(path: Path) -> str:
    """What a picture and its depth have in common."""
    return re.sub(r"_(color|depth)$", "", path.stem.lower())


for _name, _subjects, _ages in (("cald3r", 104, "19-35"), ("mend3s", 92, "18-55")):
    DATASETS.register(_name)(
        DatasetInfo(
            name=_name,
            title=TITLES[_name],
            labels=BASIC7,
            native_labels=BASIC7.names,
            read=partial(read, name=_name),
            splits=SPLITS[_name],
            crops=True,
            licence="non-commercial research, on request; no redistribution",
            source="Politecnico di Torino; the paper's authors",
            paper="Ulrich et al., CalD3r and MenD3s: spontaneous 3D facial expression databases, JVCIR 2024",
            survey=Survey(2023, "spontaneous", "RGB-D", SPLITS[_name][WHOLE], subjects=_subjects, ages=_ages),
        )
    )
