"""What is asked of `mien explain`, and what cannot be asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mien.core.errors import MienError
from mien.core.registry import suggest
from mien.explain.records import HOWS, MAP_HOWS


@dataclass(frozen=True)
class Question:
    """What is to be explained.

    Attributes:
        model: A run folder or one of its weight files; for occlusion also an ONNX file or an embedded model.
        how: A key of `mien.explain.records.HOWS`.
        paths: Pictures, videos, folders, globs; for maps alone.
        data: Registry name of a labelled data set; None: none.
        split: The set's own name of the split; needed with `data`.
        data_root: The set's folder; None looks below ``MIEN_DATA_ROOT``.
        per_class: Most faces of each class that are looked at; 0: all.
        faces: ``ready`` takes pictures as face crops, ``find`` finds the faces, ``auto`` finds those of paths
            and does what fits a data set.
        detector: Which detector finds.
        target: Label whose map is made; None takes the one that the model names.
        layers: Which maps; empty takes all.
        every: Each n-th frame of a video is mapped and an overlaid copy written; None takes a video's first
            frame with a face.
        window: Side of occlusion's window in pixels; None takes a sixth of the crop.
        layout: ``tsne`` or ``umap``.
        epochs: Which epochs' weights are laid out; empty takes the model's own.
        seed: Of the draw of faces and of the layout.
    """

    model: str
    how: str
    paths: tuple[str, ...] = ()
    data: str | None = None
    split: str | None = None
    data_root: Path | None = None
    per_class: int = 100
    faces: str = "auto"
    detector: str = "auto"
    target: str | None = None
    layers: tuple[str, ...] = ()
    every: int | None = None
    window: int | None = None
    layout: str = "tsne"
    epochs: tuple[int, ...] = ()
    seed: int = 0


def check_question(question: Question) -> None:
    """Refuse what cannot be meant, before anything is read.

    Raises:
        MienError: Says what is missing or too much.
    """
    how = question.how
    if how not in HOWS:
        raise MienError(f"unknown explanation {how!r}{suggest(how, list(HOWS))}")
    if question.data and not question.split:
        raise MienError(f"which split of {question.data}? Give --split, or all")
    if how in MAP_HOWS and not question.paths and not question.data:
        raise MienError(f"{how} looks at faces: give PATHs, or a set with --data and --split")
    if how not in MAP_HOWS and not question.data:
        raise MienError(f"{how} looks at a labelled set: give --data and --split")
    if how not in MAP_HOWS and question.paths:
        raise MienError(f"{how} looks at a labelled set, not at pictures: leave out {question.paths[0]}")
    if question.epochs and how != "embedding":
        raise MienError(f"--epochs goes with embedding, not with {how}; give the weight file of one as MODEL")
