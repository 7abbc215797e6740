"""SFEW 2.0 (Dhall et al., 2011 and ICMI 2015): single frames of films, seven emotions.

The set of the EmotiW 2015 challenge: a folder per split, in it a folder per emotion with whole frames, and
the organisers' own face crops beside them::

    Train/Angry/Airheads_000519240_00000005.png             ``sfew``, whole frames
    Train/Train_Aligned_Faces/Angry/Airheads_....png        ``sfew-aligned``, 143 x 181 pixels
    Val/..., Val/Val_Aligned_Faces/... (or Val_Aligned_Faces_new)

A file's name is the film, the time and the frame: the first two are the sample's sequence, since frames of
one shot look alike. The labels of the test part were never handed out: the field reports on ``Val``.

Published: 958 training and 436 validation frames. The organisers' face finder missed some: the crops are
fewer, and no count of them is published.

Handed out by the organisers on request, for research alone.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from mien.core.errors import MienError
from mien.core.labels import BASIC7
from mien.core.records import Sample
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import class_folders, files_in, need_subfolder, refuse, subfolder

SPLITS = {"Train": 958, "Val": 436}
FOLDERS = ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")

_NAME = re.compile(r"(?P<film>.+?)_(?P<time>\d+)_(?P<frame>\d+)")


def read(root: Path, aligned: bool) -> Contents:
    """Read both splits.

    Args:
        root: Holds ``Train`` and ``Val``.
        aligned: The organisers' face crops instead of the whole frames.

    Raises:
        MienError: A folder is missing, a class has no pictures, or none has a name of the set.
    """
    samples: list[Sample] = []
    for split in SPLITS:
        crops = [f"{split}_Aligned_Faces", f"{split}_Aligned_Faces_new"]
        ways = [*(f"{split}/{name}" for name in crops), *crops] if aligned else [split]
        folder = need_subfolder(root, "SFEW 2.0", *ways)
        if not aligned and not subfolder(folder, FOLDERS[0]) and subfolder(folder, *crops):
            raise MienError(f"{folder} holds only the aligned faces; read them as sfew-aligned")
        samples += _read_split(folder, split)
    if all(sample.sequence is None for sample in samples):
        raise MienError(f"{root}: no picture is named as in SFEW 2.0 (film_time_frame), so it is another set")
    return Contents(samples, BASIC7, {} if aligned else SPLITS)


def _read_split(folder: Path, split: str) -> list[Sample]:
    samples, empty = [], []
    for class_folder, label in class_folders(folder, BASIC7):
        pictures = files_in(class_folder)
        if not pictures:
            empty.append(class_folder.name)
        for path in pictures:
            name = _NAME.fullmatch(path.stem)
            samples.append(
                Sample(
                    id=f"{split}/{class_folder.name}/{path.stem}",
                    image=path,
                    label=label,
                    split=split,
                    sequence=f"{name['film']}_{name['time']}" if name else None,
                    frame=int(name["frame"]) if name else None,
                    meta={"film": name["film"]} if name else {},
                )
            )
    refuse(empty, f"{folder}: classes without a picture")
    return samples


for _name, _title, _aligned in (
    ("sfew", "SFEW 2.0, whole frames", False),
    ("sfew-aligned", "SFEW 2.0, the organisers' face crops", True),
):
    DATASETS.register(_name)(
        DatasetInfo(
            name=_name,
            title=_title,
            labels=BASIC7,
            native_labels=BASIC7.names,
            read=partial(read, aligned=_aligned),
            splits={} if _aligned else SPLITS,
            crops=_aligned,
            licence="non-commercial research, on request; no redistribution",
            source="cs.anu.edu.au/few",
            paper="Dhall et al., Static facial expression analysis in tough conditions, ICCV workshops 2011",
            survey=Survey(2015, "wild", "RGB", sum(SPLITS.values())),
        )
    )
