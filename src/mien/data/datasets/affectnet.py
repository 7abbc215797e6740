"""AffectNet (Mollahosseini et al., 2017): faces from the web, eight emotions, valence and arousal.

The form of the release with eight labels (2021), whose pictures are face crops::

    train_set/images/12.jpg
    train_set/annotations/12_exp.npy    expression; also _val (valence), _aro (arousal), _lnd (68 points)
    val_set/...                         the same

``affectnet`` has eight classes; ``affectnet7`` leaves contempt out. Faces with the integers 8 to 10 (none,
uncertain, no face) are left out of both. Valence and arousal (-1..1) stand in ``meta`` and are read when they
are asked for. The test labels were never handed out: the field reports on ``val``.

Published: 287,651 training and 4,000 validation faces of eight classes, 283,901 and 3,500 of seven. Handed
out by the authors on request, to institutions.
"""

from __future__ import annotations

import functools
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from mien.core.errors import InputError
from mien.core.labels import BASIC7, BASIC8, LabelSpace, project
from mien.core.records import Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import files_in, need_subfolder, refuse

NATIVE = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
WITHOUT_EMOTION = ("none", "uncertain", "no face")
SPLITS = {"train": 287_651, "val": 4_000}
SPLITS7 = {"train": 283_901, "val": 3_500}

_PREAMBLE = 10  # bytes of an .npy file before its header, the last two of which say how long that is


def read(root: Path, labels: LabelSpace) -> Contents:
    """Read AffectNet.

    Args:
        root: Holds ``train_set`` and ``val_set``.
        labels: Eight classes or seven.

    Raises:
        MienError: A folder is missing, or pictures and annotations do not match; the first few are named.
    """
    samples = [
        sample
        for split in SPLITS
        for sample in _read_split(need_subfolder(root, "AffectNet", f"{split}_set"), split, labels)
    ]
    return Contents(samples, labels, SPLITS if "contempt" in labels.names else SPLITS7)


def _read_split(folder: Path, split: str, labels: LabelSpace) -> Iterator[Sample]:
    images = {path.stem: path for path in files_in(need_subfolder(folder, "AffectNet", "images"))}
    annotations = need_subfolder(folder, "AffectNet", "annotations")
    ending = "_exp.npy"
    expressions = {path.name[: -len(ending)]: path for path in files_in(annotations, (ending,))}
    refuse(sorted(images.keys() - expressions.keys()), f"{annotations}: no {ending} for pictures")
    refuse(sorted(expressions.keys() - images.keys()), f"{folder / 'images'}: no picture for annotations")
    refuse([] if images else [str(folder)], "folders without a picture")
    to_label = [*project(NATIVE, labels), *(-1 for _ in WITHOUT_EMOTION)]
    integers: dict[str, int] = {}
    wrong = []
    for key in sorted(images, key=_by_number):
        try:
            value = read_number(expressions[key])
        except InputError:
            value = -1.0
        if value in range(len(to_label)):
            integers[key] = int(value)
        else:
            wrong.append(expressions[key].name)
    refuse(wrong, f"{annotations}: expected an expression from 0 to {len(to_label) - 1}")
    for key, native in integers.items():
        if to_label[native] >= 0:
            yield Sample(
                id=f"{split}/{key}",
                image=images[key],
                label=int(to_label[native]),
                split=split,
                meta=Affect(annotations, key),
            )


class Affect(Mapping[str, float]):
    """Valence and arousal (-1..1) of one face, read when asked for: a training run on emotions never does."""

    ENDINGS: Mapping[str, str] = {"valence": "_val.npy", "arousal": "_aro.npy"}

    def __init__(self, annotations: Path, key: str) -> None:
        self._annotations, self._key = annotations, key

    def __getitem__(self, name: str) -> float:
        """One of the two numbers.

        Raises:
            KeyError: Another name.
            InputError: Its file is missing or holds no number.
        """
        return read_number(self._annotations / f"{self._key}{self.ENDINGS[name]}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.ENDINGS)

    def __len__(self) -> int:
        return len(self.ENDINGS)


def read_number(path: Path) -> float:
    """The one number in an ``.npy`` file, whether it was saved as a number or as text; never unpickles.

    ``np.load`` parses the header of each of half a million files anew; here equal headers are parsed once.

    Raises:
        InputError: The file is missing, damaged, or holds something else.
    """
    try:
        data = path.read_bytes()
        start = _PREAMBLE + int.from_bytes(data[_PREAMBLE - 2 : _PREAMBLE], "little")
        (value,) = np.frombuffer(data, _dtype(data[:start]), offset=start)
        return float(value)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except (ValueError, TypeError, tokenize.TokenError) as error:  # NumPy tokenizes a damaged header
        raise InputError(f"{path}: expected one number in NumPy's format") from error


@functools.lru_cache(maxsize=64)
def _dtype(header: bytes) -> np.dtype:
    """The element type that an .npy header names; Python objects are refused.

    Raises:
        ValueError: Damaged, of another version, or of objects.
    """
    stream = io.BytesIO(header)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("another version of the format")
    _, _, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.hasobject:
        raise ValueError("objects")
    return dtype


def _by_number(key: str) -> tuple[int, str]:
    """Order of the file names: 2 before 10."""
    digits = re.match(r"\d+", key)
    return (int(digits[0]) if digits else -1, key)


for _name, _title, _labels, _splits in (
    ("affectnet", "AffectNet, eight emotions", BASIC8, SPLITS),
    ("affectnet7", "AffectNet, seven emotions", BASIC7, SPLITS7),
):
    DATASETS.register(_name)(
        DatasetInfo(
            name=_name,
            title=_title,
            labels=_labels,
            native_labels=NATIVE,
            read=partial(read, labels=_labels),
            splits=_splits,
            crops=True,
            licence="non-commercial research, on request by a faculty member; no redistribution",
            source="mohammadmahoor.com, AffectNet",
            paper="Mollahosseini, Hasani and Mahoor, AffectNet, IEEE Trans. Affective Computing 2017",
            survey=Survey(2017, "wild", "RGB", 450_000, annotation="valence, arousal, landmarks"),
        )
    )
