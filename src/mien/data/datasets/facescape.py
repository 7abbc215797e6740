"""FaceScape (Yang et al., CVPR 2020): 20 posed expressions from about 60 sides, with a mesh of each.

Read is the part that shows photographs, the multi-view data, by the authors' own description of it::

    1/4_anger/0.jpg ... N.jpg       person, number and name of the expression, one photo a camera
    1/4_anger/params.json           the cameras: "0_K", "0_Rt", "0_valid"... of photo 0
    1/4_anger.ply                   the mesh, in a folder of its own or beside the photos
    info_list_v1.txt                index, gender, age and more of each person, where it came with it

``root`` holds the folders of people, or folders of them (photos and meshes apart). Photos whose camera is
marked as not valid are left out, as the authors ask. The topologically uniform models have no photographs
and are not read. The classes are the 20 expressions as the set names them, of which neutral, anger and
sadness are emotions; photos of one expression are one sequence. The mesh is named in ``meta`` with the camera
that sees it: it is in the cameras' space, so depth is not read from it alone.

Published: 938 people aged 16 to 70 and 18,760 meshes, of which 359 people come with photographs, more than
400,000. That the index of ``info_list`` is the number of a folder is assumed.

Handed out by Nanjing University on request, for research alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from mien.core.errors import MienError
from mien.core.labels import LabelSpace
from mien.core.records import Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import WHOLE, file_in, files_in, refuse, subfolders

EXPRESSIONS = (
    "neutral",
    "smile",
    "mouth_stretch",
    "anger",
    "jaw_left",
    "jaw_right",
    "jaw_forward",
    "mouth_left",
    "mouth_right",
    "dimpler",
    "chin_raiser",
    "lip_puckerer",
    "lip_funneler",
    "sadness",
    "lip_roll",
    "grin",
    "cheek_blowing",
    "eye_closed",
    "brow_raiser",
    "brow_lower",
)
LABELS = LabelSpace(tuple(sorted(EXPRESSIONS)), "mixture")
FOLDERS = {f"{number}_{name}": name for number, name in enumerate(EXPRESSIONS, 1)}
GENDERS = {"m": "male", "f": "female"}


def read(root: Path) -> Contents:
    """Read the valid photos of every expression.

    Raises:
        MienError: No photographs; folders that are no expression, and expressions without cameras or
            without photos, are named.
    """
    places = [root, *subfolders(root)] if root.is_dir() else []
    people = [p for place in places for p in subfolders(place) if p.name.isdecimal()]
    captures = sorted(
        ((person, folder) for person in people for folder in subfolders(person)),
        key=lambda pair: (int(pair[0].name), pair[1].name),
    )
    if not captures:
        raise MienError(
            f"no FaceScape in {root}: expected the multi-view data, 1/1_neutral/0.jpg; the models alone "
            "(models_reg/) show no photographs"
        )
    strange = [f"{p.name}/{f.name}" for p, f in captures if f.name.lower() not in FOLDERS]
    refuse(strange, f"{root}: folders that are no expression of FaceScape (4_anger)")
    meshes = {
        (person.name, path.stem.lower()): path for person in people for path in files_in(person, (".ply",))
    }
    facts = _read_facts(root)
    samples: list[Sample] = []
    unusable: list[str] = []
    for person, folder in captures:
        mesh = meshes.get((person.name, folder.name.lower()))
        found = list(_read_capture(person.name, folder, mesh, facts.get(person.name, {})))
        samples += found
        if not found:
            unusable.append(f"{person.name}/{folder.name}")
    refuse(unusable, f"{root}: expressions without a valid photo, or without params.json")
    return Contents(samples, LABELS)


def _read_capture(person: str, folder: Path, mesh: Path | None, facts: Mapping[str, str]) -> Iterator[Sample]:
    cameras = file_in(folder, "params.json")
    try:
        parameters = json.loads(cameras.read_text(encoding="utf-8")) if cameras else {}
    except (OSError, ValueError):
        return
    for path in sorted(files_in(folder, (".jpg",)), key=lambda path: (len(path.stem), path.stem)):
        if parameters.get(f"{path.stem}_valid") is not True:
            continue
        meta = {**facts, "view": path.stem, "cameras": str(cameras)} | ({"mesh": str(mesh)} if mesh else {})
        yield Sample(
            id=f"{person}/{folder.name}/{path.stem}",
            image=path,
            label=LABELS.index(FOLDERS[folder.name.lower()]),
            split=WHOLE,
            subject=person,
            sequence=f"{person}/{folder.name}",
            meta=meta,
        )


def _read_facts(root: Path) -> dict[str, dict[str, str]]:
    """Gender and age by person, as far as they are given ("-" where they are not)."""
    facts: dict[str, dict[str, str]] = {}
    for path in sorted(root.glob("info_list*.txt")):
        for line in path.read_text(encoding="ascii", errors="replace").splitlines():
            person, gender, age = (*line.split(), "-", "-", "-")[:3]
            known = {"gender": GENDERS.get(gender.lower(), ""), "age": age if age.isdecimal() else ""}
            facts[person] = {key: value for key, value in known.items() if value}
    return facts


DATASETS.register("facescape")(
    DatasetInfo(
        name="facescape",
        title="FaceScape, multi-view photographs",
        labels=LABELS,
        native_labels=EXPRESSIONS,
        read=read,
        licence="non-commercial research, on request; pictures of the people of its publishable list alone "
        "may be shown",
        source="facescape.nju.edu.cn",
        paper="Yang et al., FaceScape: a large-scale high quality 3D face dataset, CVPR 2020",
        survey=Survey(
            2020,
            "posed",
            "RGB + mesh",
            18_760,
            unit="meshes",
            subjects=938,
            ages="16-70",
            annotation="landmarks, cameras",
        ),
    )
)
