"""RAF-DB (Li, Deng and Du, CVPR 2017): faces from the web, basic and compound emotions.

The authors hand out two folders, ``basic`` and ``compound``, of one form::

    basic/EmoLabel/list_patition_label.txt      "train_00001.jpg 5" in each line; integers start at 1
    basic/Image/aligned/train_00001_aligned.jpg 100 x 100 pixels
    basic/Annotation/manual/train_00001_manu_attri.txt
                                                five points, then gender, race and age group

Read is the folder itself or the one that holds it. The aligned pictures are taken as they come; the split is
the beginning of the picture's name. Gender, race and age group stand in ``meta`` where the annotations are.

Published: 12,271 training and 3,068 test pictures of seven basic emotions; 3,162 and 792 of eleven compound
ones. Handed out by the authors on request, for research alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from mien.core.errors import MienError
from mien.core.labels import BASIC7, COMPOUND11, LabelSpace, project
from mien.core.records import Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import file_in, files_in, need_subfolder, refuse, subfolder

BASIC_NATIVE = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
COMPOUND_NATIVE = (
    "happily_surprised",
    "happily_disgusted",
    "sadly_fearful",
    "sadly_angry",
    "sadly_surprised",
    "sadly_disgusted",
    "fearfully_angry",
    "fearfully_surprised",
    "angrily_surprised",
    "angrily_disgusted",
    "disgustedly_surprised",
)
BASIC_SPLITS = {"train": 12_271, "test": 3_068}
COMPOUND_SPLITS = {"train": 3_162, "test": 792}

LIST_FILE = "list_patition_label.txt"  # spelt so by the authors
GENDERS = ("male", "female", "unsure")
RACES = ("Caucasian", "African-American", "Asian")
AGE_GROUPS = ("0-3", "4-19", "20-39", "40-69", "70+")
N_POINTS = 5


def read(root: Path, part: str, native: tuple[str, ...], labels: LabelSpace) -> Contents:
    """Read one of the two sets.

    Args:
        root: The folder ``basic`` or ``compound``, or the one that holds it.
        part: ``basic`` or ``compound``.
        native: Canonical names in the order of the file's integers, which start at 1.
        labels: The label space to read into.

    Raises:
        MienError: A file is missing or damaged; wrong lines and missing pictures are named.
    """
    title = f"RAF-DB {part}"
    emotions = need_subfolder(root, title, f"{part}/EmoLabel", "EmoLabel")
    listed = file_in(emotions, LIST_FILE) or emotions / LIST_FILE
    rows = read_list(listed, native)
    aligned = need_subfolder(listed.parents[1], title, "Image/aligned")
    pictures = {path.name.lower(): path for path in files_in(aligned)}
    wanted = {name: f"{Path(name).stem}_aligned{Path(name).suffix}" for name, _ in rows}
    refuse(
        [picture for picture in wanted.values() if picture.lower() not in pictures],
        f"{aligned} lacks pictures that {LIST_FILE} lists",
    )
    manual = subfolder(listed.parents[1], "Annotation/manual")
    attributes = _attributes(manual, list(wanted)) if manual else {}
    to_canonical = project(native, labels)
    samples = [
        Sample(
            id=name,
            image=pictures[wanted[name].lower()],
            label=int(to_canonical[label]),
            split=_split(name),
            meta=attributes.get(name, {}),
        )
        for name, label in rows
    ]
    return Contents(samples, labels, {"basic": BASIC_SPLITS, "compound": COMPOUND_SPLITS}[part])


def read_list(path: Path, native: tuple[str, ...]) -> list[tuple[str, int]]:
    """(name of the picture, label from 0) for each line of the list.

    Raises:
        MienError: No such file, nothing in it, or lines that are wrong (they are named).
    """
    if not path.is_file():
        raise MienError(f"there is no {path}; the folder is half unpacked, or not RAF-DB")
    rows, wrong = [], []
    seen: set[str] = set()
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        name, _, written = " ".join(line.split()).rpartition(" ")
        valid = written.isdecimal() and 1 <= int(written) <= len(native)
        if not valid or _split(name) not in BASIC_SPLITS or name in seen:
            wrong.append(f"line {number} {line.strip()[:60]!r}")
            continue
        seen.add(name)
        rows.append((name, int(written) - 1))
    refuse(wrong, f"{path}: expected 'train_... N' or 'test_... N' with N from 1 to {len(native)}, each once")
    found = {label for _, label in rows}
    absent = [f"{label + 1} ({name})" for label, name in enumerate(native) if label not in found]
    refuse(absent, f"{path} is not this set's whole list: it has no picture of class")
    return rows


def _split(name: str) -> str:
    return name.partition("_")[0].lower()


def _attributes(manual: Path, names: list[str]) -> dict[str, Mapping[str, str]]:
    """Gender, race and age group by picture name.

    Raises:
        MienError: Files are missing or have other contents.
    """
    files = {path.name.lower(): path for path in files_in(manual, (".txt",))}
    found: dict[str, Mapping[str, str]] = {}
    wrong = []
    for name in names:
        wanted = f"{Path(name).stem}_manu_attri.txt"
        path = files.get(wanted.lower())
        try:
            lines = path.read_text(encoding="ascii").splitlines() if path else []
            gender, race, age = (int(line) for line in lines[N_POINTS : N_POINTS + 3])
            found[name] = {"gender": GENDERS[gender], "race": RACES[race], "age": AGE_GROUPS[age]}
        except (ValueError, IndexError):
            wrong.append(wanted)
    refuse(wrong, f"{manual}: missing, or not five points followed by gender, race and age group")
    return found


LICENCE = "non-commercial research, on request; no redistribution"
SOURCE = "www.whdeng.cn/raf/model1.html"
PAPER = "Li, Deng and Du, Reliable crowdsourcing and deep locality-preserving learning, CVPR 2017"
SURVEY = Survey(
    2017, "wild", "RGB", 29_672, ages="0-70", annotation="landmarks, boxes, gender, race, age group"
)

DATASETS.register("rafdb")(
    DatasetInfo(
        name="rafdb",
        title="RAF-DB, basic emotions",
        labels=BASIC7,
        native_labels=BASIC_NATIVE,
        read=partial(read, part="basic", native=BASIC_NATIVE, labels=BASIC7),
        splits=BASIC_SPLITS,
        crops=True,
        licence=LICENCE,
        source=SOURCE,
        paper=PAPER,
        survey=SURVEY,
    )
)
DATASETS.register("rafdb-compound")(
    DatasetInfo(
        name="rafdb-compound",
        title="RAF-DB, compound emotions",
        labels=COMPOUND11,
        native_labels=COMPOUND_NATIVE,
        read=partial(read, part="compound", native=COMPOUND_NATIVE, labels=COMPOUND11),
        splits=COMPOUND_SPLITS,
        crops=True,
        licence=LICENCE,
        source=SOURCE,
        paper=PAPER,
        survey=SURVEY,
    )
)
