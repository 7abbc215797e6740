"""JAFFE (Lyons et al., FG 1998): seven posed expressions of ten Japanese women, 256 x 256 grey pixels.

The archive holds one folder of TIFF files whose names say everything::

    jaffe/KA.AN1.39.tiff        person KA, anger, the first picture of it, number 39 of all

213 pictures: 30 anger, 29 disgust, 32 fear, 31 happiness, 30 neutral, 31 sadness, 30 surprise; 183 without
neutral. The authors give no split.

Handed out on Zenodo on request, for research alone.
"""

from __future__ import annotations

import re
from pathlib import Path

from mien.core.errors import MienError
from mien.core.labels import BASIC7
from mien.core.records import Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import WHOLE, files_in, refuse, subfolder

CODES = {
    "AN": "anger",
    "DI": "disgust",
    "FE": "fear",
    "HA": "happiness",
    "NE": "neutral",
    "SA": "sadness",
    "SU": "surprise",
}
PEOPLE = ("KA", "KL", "KM", "KR", "MK", "NA", "NM", "TM", "UY", "YM")
SPLITS = {WHOLE: 213}

_NAME = re.compile(rf"({'|'.join(PEOPLE)})\.({'|'.join(CODES)})(\d+)\.(\d+)\.tiff?", re.IGNORECASE)


def read(root: Path) -> Contents:
    """Read the pictures of the folder, or of the folder ``jaffe`` in it.

    Raises:
        MienError: No pictures, or pictures with other names than the set's; the first few are named.
    """
    folder = next((f for f in (root, subfolder(root, "jaffe")) if f and _pictures(f)), None)
    if folder is None:
        raise MienError(
            f"no JAFFE in {root}: expected pictures named like KA.AN1.39.tiff, or a folder jaffe/ of them"
        )
    samples, foreign = [], []
    for path in _pictures(folder):
        name = _NAME.fullmatch(path.name)
        if name is None:
            foreign.append(path.name)
            continue
        label = BASIC7.index(CODES[name[2].upper()])
        samples.append(Sample(path.stem, path, label, WHOLE, subject=name[1].upper()))
    refuse(foreign, f"{folder} holds pictures that are not named as in JAFFE (KA.AN1.39.tiff)")
    return Contents(samples, BASIC7, SPLITS)


def _pictures(folder: Path) -> list[Path]:
    return files_in(folder, (".tiff", ".tif")) if folder.is_dir() else []


DATASETS.register("jaffe")(
    DatasetInfo(
        name="jaffe",
        title="JAFFE",
        labels=BASIC7,
        native_labels=tuple(CODES.values()),
        read=read,
        splits=SPLITS,
        licence="non-commercial research, on request; no redistribution",
        source="zenodo.org/records/14974867",
        paper="Lyons, Akamatsu, Kamachi and Gyoba, Coding facial expressions with Gabor wavelets, FG 1998",
        survey=Survey(1998, "posed", "grey", 213, subjects=10),
    )
)
