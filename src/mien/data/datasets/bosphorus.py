"""Bosphorus (Savran et al., BIOID 2008): posed expressions, action units, poses and occlusions in 3-D.

A folder a person, in it a photo, a grid of points and landmarks a scan::

    bs000/bs000_E_ANGER_0.png       an expression: ANGER, DISGUST, FEAR, HAPPY, SADNESS, SURPRISE
    bs000/bs000_N_N_0.png           neutral
    bs000/bs000_LFAU_24_0.png       an action unit of the lower (LFAU) or upper face (UFAU), or several (CAU)
    bs000/bs000_E_ANGER_0.bnt       the points
    bs000/bs000_E_ANGER_0.lm2       up to 24 landmarks in the photo (.lm3: in space)

``root`` holds them, or the folders of its parts. Scans of poses (YR, PR, CR), of occlusions (O) and whatever
has more or fewer parts to its name are passed over. Action units have no emotion: their label is -1 and
``meta["action_unit"]`` says which, as ``LFAU_24``, for those who give them one (the thesis does, in its
Table 3.8). The grid stands as the sample's depth.

Landmarks are taken as the face where the photo's file has the eyes, the nose tip and the mouth, with the
eyes above the mouth; the box is the one around all of them. How the axes of .lm2 lie is not documented:
points that do not stand like that are left to the face finder.

Published: 4,666 scans of 105 people (60 men and 45 women aged 25 to 35; the thesis counts 4,652 scans). How
many of them are expressions differs from person to person, and no count is published.

Handed out by Bogazici University on request, for research alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.core.labels import BASIC7
from mien.core.records import Face, Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import WHOLE, files_in, folders_named, refuse
from mien.data.datasets._names import canonical

KINDS = ("E", "N", "LFAU", "UFAU", "CAU")
NATIVE = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")

_EYE = ("inner {} eye corner", "outer {} eye corner")


def read(root: Path) -> Contents:
    """Read the frontal scans of expressions, of neutral faces and of action units.

    Raises:
        MienError: No folders of people, or no expressions; scans of another name or emotion and photos
            without points are named.
    """
    samples: list[Sample] = []
    foreign: list[str] = []
    without_points: list[str] = []
    for person in folders_named(root, "Bosphorus", r"bs\d{3}", "bs000"):
        files = {path.name.lower(): path for path in files_in(person, (".png", ".bnt", ".lm2"))}
        for path in (path for name, path in files.items() if name.endswith(".png")):
            parts = path.stem.upper().split("_")
            if len(parts) != 4 or parts[1] not in KINDS:
                continue
            subject, kind, code = parts[0].lower(), parts[1], parts[2]
            emotion = _emotion(kind, code)
            if emotion == "" or subject != person.name.lower():
                foreign.append(path.name)
                continue
            points = files.get(f"{path.stem.lower()}.bnt")
            if points is None:
                without_points.append(path.name)
            samples.append(
                Sample(
                    id=f"{subject}/{path.stem}",
                    image=path,
                    label=BASIC7.index(emotion) if emotion else -1,
                    split=WHOLE,
                    depth=points,
                    subject=subject,
                    face=_read_face(files.get(f"{path.stem.lower()}.lm2")),
                    meta={} if emotion else {"action_unit": f"{kind}_{code}"},
                )
            )
    refuse(foreign, f"{root}: photos that are not named as in Bosphorus (bs000_E_ANGER_0.png)")
    refuse(without_points, f"{root}: photos without their points (.bnt)")
    shown = {sample.label for sample in samples}
    absent = [name for label, name in enumerate(BASIC7.names) if label not in shown]
    refuse(absent, f"{root}: half unpacked, it has no scan of")
    return Contents(samples, BASIC7)


def _emotion(kind: str, code: str) -> str | None:
    """The emotion of a scan; None for an action unit, empty for a name that is no emotion."""
    if kind == "N":
        return "neutral"
    if kind != "E":
        return None
    name = canonical(code)
    return name if name in BASIC7.names else ""


def _read_face(path: Path | None) -> Face | None:
    """Five points and the box around all landmarks of a scan; None where they do not say enough."""
    if path is None:
        return None
    text = path.read_text(encoding="ascii", errors="replace").lower().partition("landmarks:")[2]
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    try:
        at = {
            name: [float(v) for v in xy.split()[:2]] for name, xy in zip(lines[::2], lines[1::2], strict=True)
        }
        eyes = [np.mean([at[name.format(side)] for name in _EYE], axis=0) for side in ("left", "right")]
        mouth = [at["left mouth corner"], at["right mouth corner"]]
        nose = at["nose tip"]
        everything = np.array(list(at.values()), np.float32)
    except (KeyError, ValueError):
        return None
    by_x = [sorted(pair, key=lambda xy: float(xy[0])) for pair in (eyes, mouth)]  # the person's right first
    points = np.array([*by_x[0], nose, *by_x[1]], np.float32)
    if not points[:2, 1].max() < points[2, 1] < points[3:, 1].min():
        return None
    (left, top), (width, height) = everything.min(0), np.ptp(everything, axis=0)
    return Face((float(left), float(top), float(width), float(height)), 1.0, points)


DATASETS.register("bosphorus")(
    DatasetInfo(
        name="bosphorus",
        title="Bosphorus, frontal scans",
        labels=BASIC7,
        native_labels=NATIVE,
        read=read,
        licence="non-commercial research, on request; no redistribution",
        source="bosphorus.ee.boun.edu.tr",
        paper="Savran et al., Bosphorus database for 3D face analysis, BIOID 2008",
        survey=Survey(
            2008,
            "posed",
            "RGB + points",
            4_666,
            unit="scans",
            subjects=105,
            ages="25-35",
            annotation="action units, 24 landmarks, 13 poses, 4 occlusions",
        ),
    )
)
