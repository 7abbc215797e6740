"""4DFAB (Cheng et al., CVPR 2018): posed and spontaneous expressions as meshes in motion.

The layout of what the authors hand out is not published. Assumed is a folder a person, in it one a session
(or none), in it one an emotion, in it a picture a frame, with a mesh of the same name beside it::

    001/Session_1/Happy/0001.jpg
    001/Session_1/Happy/0001.obj

``root`` holds them. A sequence goes from neutral to the peak and back: the samples are the three frames in
its middle; the mesh is named in ``meta``. Whatever does not stand like that is named, so that a folder of
another form is not half read: write to the project with what you have.

Published: 180 people, 60 women and 120 men aged 5 to 75, 1.8 million meshes in four sessions over five years;
six emotions and neutral. No count of sequences a class is published here, and the authors give no split.

Handed out by Imperial College London on request, for research alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mien.core.labels import BASIC7
from mien.core.records import Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import WHOLE, files_in, folders_named, refuse, subfolders
from mien.data.datasets._names import canonical
from mien.data.datasets._sequences import PEAK_FRAMES, frame_number, middle_frames


def read(root: Path) -> Contents:
    """Read three frames of every sequence.

    Raises:
        MienError: No folders of people; people without a sequence, folders that are no emotion, and
            sequences without frames are named.
    """
    samples: list[Sample] = []
    empty: list[str] = []
    strange: list[str] = []
    short: list[str] = []
    for person in folders_named(root, "4DFAB", r"\d+", "001"):
        sequences = list(_sequences(person))
        if not sequences:
            empty.append(person.name)
        for session, folder in sequences:
            key = f"{person.name}/{folder.relative_to(person).as_posix()}"
            emotion = canonical(folder.name)
            if emotion not in BASIC7.names:
                strange.append(key)
                continue
            files = files_in(folder, (".jpg", ".png", ".obj", ".ply"))
            meshes = {path.stem: path for path in files if path.suffix.lower() in (".obj", ".ply")}
            frames = middle_frames([path for path in files if path not in meshes.values()])
            if len(frames) < PEAK_FRAMES:
                short.append(key)
            for path in frames:
                mesh = meshes.get(path.stem)
                meta = {"session": session, "mesh": str(mesh) if mesh else ""}
                samples.append(
                    Sample(
                        id=f"{key}/{path.stem}",
                        image=path,
                        label=BASIC7.index(emotion),
                        split=WHOLE,
                        subject=person.name,
                        sequence=key,
                        frame=frame_number(path),
                        meta={name: value for name, value in meta.items() if value},
                    )
                )
    refuse(empty, f"{root}: people without a sequence (expected 001/Session_1/Happy/0001.jpg)")
    refuse(strange, f"{root}: sequences that are called after no emotion")
    refuse(short, f"{root}: sequences of fewer than {PEAK_FRAMES} pictures")
    return Contents(samples, BASIC7)


def _sequences(person: Path) -> Iterator[tuple[str, Path]]:
    """(session or nothing, folder) of each sequence of a person."""
    for folder in subfolders(person):
        if folder.name.lower().startswith("session"):
            yield from ((folder.name, inner) for inner in subfolders(folder))
        else:
            yield "", folder


DATASETS.register("4dfab")(
    DatasetInfo(
        name="4dfab",
        title="4DFAB, three frames at the peak of each sequence",
        labels=BASIC7,
        native_labels=BASIC7.names,
        read=read,
        licence="non-commercial research, on request; no redistribution",
        source="Imperial College London; the paper's authors",
        paper="Cheng et al., 4DFAB: a large scale 4D database for facial expression analysis and biometric "
        "applications, CVPR 2018",
        survey=Survey(
            2018,
            "spontaneous",
            "RGB-D + mesh, video",
            1_800_000,
            unit="frames",
            subjects=180,
            ages="5-75",
            annotation="79 landmarks on 2 or 3 frames a person",
        ),
    )
)
