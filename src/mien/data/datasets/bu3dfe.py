"""BU-3DFE (Yin et al., FG 2006): posed expressions of 100 people at four intensities, a mesh for each.

The authors' folders, one a person, 25 expressions in each::

    F0001/F0001_AN01WH_F2D.bmp      person, emotion, intensity 01 to 04 (neutral has 00), ancestry; the photo
    F0001/F0001_AN01WH_F3D.wrl      the mesh of the face
    F0001/F0001_AN01WH_F3D.bnd      83 landmarks in space, where they came with it

``root`` holds them, or folders of them. The mesh stands as the sample's depth, to be rendered; it is not
registered to the photo. The intensity is the level's share of four. Ancestry is kept as the two letters.

Published: 2,500 expressions, 400 of each emotion and 100 neutral, of 56 women and 44 men aged 18 to 70;
2,400 without neutral, 1,200 of them at the upper two levels. The authors give no split.

Handed out by Binghamton University on request, for research alone.
"""

from __future__ import annotations

import re
from pathlib import Path

from mien.core.labels import BASIC7
from mien.core.records import Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import WHOLE, files_in, folders_named, refuse

CODES = {
    "AN": "anger",
    "DI": "disgust",
    "FE": "fear",
    "HA": "happiness",
    "NE": "neutral",
    "SA": "sadness",
    "SU": "surprise",
}
N_LEVELS = 4
N_EXPRESSIONS = 6 * N_LEVELS + 1
SPLITS = {WHOLE: 100 * N_EXPRESSIONS}

_PHOTO = re.compile(rf"([FM]\d{{4}})_({'|'.join(CODES)})(0\d)([A-Z]{{2}})_F2D", re.IGNORECASE)


def read(root: Path) -> Contents:
    """Read the photo and the mesh of every expression.

    Raises:
        MienError: No folders of people; photos of another name, photos without mesh and people without all
            25 expressions are named.
    """
    samples: list[Sample] = []
    foreign: list[str] = []
    without_mesh: list[str] = []
    incomplete: list[str] = []
    for person in folders_named(root, "BU-3DFE", r"[FM]\d{4}", "F0001"):
        files = {path.name.lower(): path for path in files_in(person, (".bmp", ".wrl", ".bnd"))}
        n_before = len(samples)
        for name, path in files.items():
            if not name.endswith("_f2d.bmp"):
                continue
            found = _PHOTO.fullmatch(path.stem)
            if found is None or found[1].upper() != person.name.upper() or not _has_level(found):
                foreign.append(path.name)
                continue
            mesh = files.get(name.replace("_f2d.bmp", "_f3d.wrl"))
            landmarks = files.get(name.replace("_f2d.bmp", "_f3d.bnd"))
            if mesh is None:
                without_mesh.append(path.name)
            samples.append(_sample(found, path, mesh, landmarks))
        if len(samples) - n_before != N_EXPRESSIONS:
            incomplete.append(f"{person.name} ({len(samples) - n_before})")
    refuse(foreign, f"{root}: photos that are not named as in BU-3DFE (F0001_AN01WH_F2D.bmp)")
    refuse(without_mesh, f"{root}: photos without their mesh (..._F3D.wrl)")
    refuse(incomplete, f"{root}: people without all {N_EXPRESSIONS} expressions")
    return Contents(samples, BASIC7, SPLITS)


def _has_level(found: re.Match[str]) -> bool:
    """Whether the level goes with the emotion: 00 for neutral alone."""
    level = int(found[3])
    return level == 0 if found[2].upper() == "NE" else 1 <= level <= N_LEVELS


def _sample(found: re.Match[str], photo: Path, mesh: Path | None, landmarks: Path | None) -> Sample:
    subject, code, level, ancestry = (group.upper() for group in found.groups())
    meta = {"gender": {"F": "female", "M": "male"}[subject[0]], "ancestry": ancestry, "level": level}
    files = {"mesh": mesh, "landmarks83": landmarks}
    return Sample(
        id=f"{subject}/{photo.stem.removesuffix('_F2D')}",
        image=photo,
        label=BASIC7.index(CODES[code]),
        split=WHOLE,
        depth=mesh,
        subject=subject,
        intensity=int(level) / N_LEVELS,
        meta=meta | {key: str(path) for key, path in files.items() if path},
    )


DATASETS.register("bu3dfe")(
    DatasetInfo(
        name="bu3dfe",
        title="BU-3DFE",
        labels=BASIC7,
        native_labels=tuple(CODES.values()),
        read=read,
        splits=SPLITS,
        crops=True,
        licence="non-commercial research, on request; no redistribution",
        source="www.cs.binghamton.edu/~lijun/Research/3DFE/3DFE_Analysis.html",
        paper="Yin et al., A 3D facial expression database for facial behavior research, FG 2006",
        survey=Survey(
            2006,
            "posed",
            "RGB + mesh",
            2_500,
            subjects=100,
            ages="18-70",
            annotation="four intensities, 83 landmarks",
        ),
    )
)
