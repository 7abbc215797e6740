"""ExpW (Zhang et al., ICCV 2015 and IJCV 2018): faces in photographs from the web, several in one picture.

The authors' folders::

    image/origin/afraid_African_214.jpg
    label/label.lst         in each line: picture, number of the face in it, top, left, right and bottom of
                            its box in pixels, the face finder's confidence, the emotion from 0 to 6

A sample is one face: its box says which of the faces in the picture is meant. A few lines repeat a face; all
are read, and the audit names them. The authors give no split.

Published: 91,793 faces: 3,671 anger, 3,995 disgust, 1,088 fear, 30,537 happiness, 10,559 sadness, 7,060
surprise, 34,883 neutral. Handed out by the Chinese University of Hong Kong, for research alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from mien.core.errors import MienError
from mien.core.labels import BASIC7, project
from mien.core.records import Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import WHOLE, file_in, files_in, need_subfolder, refuse, subfolder

NATIVE = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
SPLITS = {WHOLE: 91_793}
LIST_FILE = "label.lst"


@dataclass(frozen=True)
class Line:
    """One line of the list.

    Attributes:
        picture: File name.
        face: Number of the face in the picture.
        box: x, y, width, height in pixels.
        confidence: The face finder's.
        label: Native, 0 to 6.
    """

    picture: str
    face: int
    box: tuple[float, float, float, float]
    confidence: float
    label: int


def read(root: Path) -> Contents:
    """Read one sample for each line of the list.

    Raises:
        MienError: A folder or the list is missing; wrong lines and missing pictures are named.
    """
    places = [place for way in ("label", ".") if (place := subfolder(root, way))]
    listed = next((path for place in places if (path := file_in(place, LIST_FILE))), None)
    if listed is None:
        raise MienError(f"no ExpW in {root}: expected label/{LIST_FILE} and image/origin/")
    lines = read_list(listed)
    folder = need_subfolder(root, "ExpW", "image/origin", "image", "origin")
    pictures = {path.name.lower(): path for path in files_in(folder)}
    missing = dict.fromkeys(line.picture for line in lines if line.picture.lower() not in pictures)
    refuse(list(missing), f"{folder} lacks pictures that {LIST_FILE} lists")
    seen: Counter[str] = Counter()
    to_canonical = project(NATIVE, BASIC7)
    samples = []
    for line in lines:
        key = f"{Path(line.picture).stem}/{line.face}"
        seen[key] += 1
        samples.append(
            Sample(
                id=key if seen[key] == 1 else f"{key}#{seen[key]}",
                image=pictures[line.picture.lower()],
                label=int(to_canonical[line.label]),
                split=WHOLE,
                box=line.box,
                meta={"confidence": line.confidence},
            )
        )
    return Contents(samples, BASIC7, SPLITS)


def read_list(path: Path) -> list[Line]:
    """All lines of ``label.lst``.

    Raises:
        MienError: There is none, or some are wrong (they are named).
    """
    lines, wrong = [], []
    for number, text in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        line = _parse(text)
        if line is not None:
            lines.append(line)
        elif text.strip():
            wrong.append(f"line {number} {text.strip()[:60]!r}")
    form = "'picture face top left right bottom confidence emotion'"
    refuse(wrong, f"{path}: expected {form} with an emotion from 0 to {len(NATIVE) - 1}")
    if not lines:
        raise MienError(f"{path} holds no lines")
    return lines


def _parse(text: str) -> Line | None:
    """A line of the list; None for a wrong one."""
    picture, *fields = text.strip().rsplit(maxsplit=7) or [""]
    try:
        top, left, right, bottom = (float(field) for field in fields[1:5])
        box = (left, top, right - left, bottom - top)
        line = Line(picture, int(fields[0]), box, float(fields[5]), int(fields[6]))
    except (ValueError, IndexError):
        return None
    return line if right > left and bottom > top and 0 <= line.label < len(NATIVE) else None


DATASETS.register("expw")(
    DatasetInfo(
        name="expw",
        title="ExpW",
        labels=BASIC7,
        native_labels=NATIVE,
        read=read,
        splits=SPLITS,
        licence="non-commercial research",
        source="mmlab.ie.cuhk.edu.hk/projects/socialrelation",
        paper="Zhang et al., From facial expression recognition to interpersonal relation prediction, "
        "IJCV 2018",
        survey=Survey(2017, "wild", "RGB", 91_793, "faces", annotation="boxes"),
    )
)
