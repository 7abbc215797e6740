"""AFEW (Dhall et al., IEEE Multimedia 2012): clips of films, seven emotions, as the EmotiW contests gave it.

A folder per split, in it a folder per emotion with clips::

    Train_AFEW/Angry/000046280.avi
    Val_AFEW/Angry/000149120.avi

A sample is a clip, shown by the frame in its middle: the label is of the clip, not of a frame. The labels of
the test part were never handed out: the field reports on ``Val``. The organisers' aligned faces beside the
clips (AlignedFaces_LBPTOP_Points) are not read.

Published: 773 training and 383 validation clips (EmotiW 2016): 133 and 64 anger, 74 and 40 disgust, 81 and 46
fear, 150 and 63 happiness, 144 and 63 neutral, 117 and 61 sadness, 74 and 46 surprise.

Handed out by the organisers on request, for research alone.
"""

from __future__ import annotations

from pathlib import Path

from mien.core.errors import InputError
from mien.core.labels import BASIC7
from mien.core.records import Sample, VideoFrame
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._layout import class_folders, files_in, need_subfolder, refuse
from mien.data.videos import VIDEO_ENDINGS, n_frames

SPLITS = {"Train": 773, "Val": 383}


def read(root: Path) -> Contents:
    """Read both splits.

    Raises:
        MienError: A folder is missing; classes without clips and clips that cannot be opened are named.
    """
    samples: list[Sample] = []
    empty: list[str] = []
    broken: list[str] = []
    for split in SPLITS:
        folder = need_subfolder(root, "AFEW", f"{split}_AFEW", split)
        for class_folder, label in class_folders(folder, BASIC7):
            clips = files_in(class_folder, VIDEO_ENDINGS)
            if not clips:
                empty.append(f"{folder.name}/{class_folder.name}")
            for path in clips:
                try:
                    middle = n_frames(path) // 2
                except InputError:
                    broken.append(f"{class_folder.name}/{path.name}")
                    continue
                samples.append(
                    Sample(
                        id=f"{split}/{class_folder.name}/{path.stem}",
                        image=VideoFrame(path, middle),
                        label=label,
                        split=split,
                        sequence=path.stem,
                        frame=middle,
                    )
                )
    refuse(empty, f"{root}: classes without a clip")
    refuse(broken, f"{root}: clips that cannot be opened")
    return Contents(samples, BASIC7, SPLITS)


DATASETS.register("afew")(
    DatasetInfo(
        name="afew",
        title="AFEW, the middle frame of each clip",
        labels=BASIC7,
        native_labels=BASIC7.names,
        read=read,
        splits=SPLITS,
        licence="non-commercial research, on request; no redistribution",
        source="cs.anu.edu.au/few",
        paper="Dhall et al., Collecting large, richly annotated facial-expression databases from movies, "
        "IEEE Multimedia 2012",
        survey=Survey(2012, "wild", "RGB, video", 1_426, unit="clips", subjects=330),
    )
)
