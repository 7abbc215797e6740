"""What a data set is: facts about it, a reader of its official files, and the registry of all of them."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from mien.core.errors import MienError
from mien.core.labels import LabelSpace
from mien.core.records import Sample
from mien.core.registry import Registry
from mien.data.datasets._layout import WHOLE


@dataclass(frozen=True)
class Contents:
    """What a reader found in a folder.

    Attributes:
        samples: All samples, in the order of the files.
        labels: The label space of the samples' integers.
        published: Published number of samples per split of the form that was read; empty where the user's own
            folder decides.
    """

    samples: list[Sample]
    labels: LabelSpace
    published: Mapping[str, int] = field(default_factory=dict)


Reader = Callable[[Path], Contents]

Kind = Literal["posed", "spontaneous", "wild", "synthetic"]


@dataclass(frozen=True)
class Survey:
    """What a set is made of, as its authors or a survey published it; None and "" where nobody did.

    Attributes:
        year: When it was published.
        kind: Expressions on command, elicited, gathered outside of a laboratory, or rendered.
        modality: ``grey``, ``RGB``, ``RGB-D``, ``RGB + mesh``..., and ``video`` where it is of sequences.
        annotation: What is known of each sample beside the emotions that `DatasetInfo.labels` names.
        subjects: Number of people.
        samples: Number of samples of the whole set, which may be more than mien reads.
        unit: What these samples are.
        ages: In years.
    """

    year: int | None
    kind: Kind
    modality: str
    samples: int
    unit: str = "pictures"
    subjects: int | None = None
    ages: str = ""
    annotation: str = ""


@dataclass(frozen=True)
class DatasetInfo:
    """One data set.

    Attributes:
        name: Registry name.
        title: Full name.
        labels: The label space its samples' integers are in; None where the user's own folder decides.
        native_labels: Canonical names in the order of the set's own integers, which start at 0.
        read: Reads the folder as its authors hand it out; raises MienError with what is missing.
        splits: Published number of samples per split; empty where the user's own folder decides.
        crops: Whether the set comes as face crops, which are trained and scored as they come.
        licence: Its terms, one line.
        source: Where to ask for it.
        paper: Who to cite.
        survey: What it is made of; None for a user's own folder.
    """

    name: str
    title: str
    labels: LabelSpace | None
    native_labels: tuple[str, ...]
    read: Reader
    splits: Mapping[str, int] = field(default_factory=dict)
    crops: bool = False
    licence: str = ""
    source: str = ""
    paper: str = ""
    survey: Survey | None = None

    @property
    def layout(self) -> str:
        """What the folder holds and what is read of it: the text at the head of the reader's file."""
        reader = self.read.func if isinstance(self.read, partial) else self.read
        return inspect.getdoc(inspect.getmodule(reader)) or ""


DATASETS: Registry[DatasetInfo] = Registry("data set")


@dataclass(frozen=True)
class FaceDataset:
    """A data set that has been read.

    Attributes:
        info: The facts about it.
        root: The folder it was read from.
        samples: All its samples, in the order of its files.
        labels: The label space of `samples`; the set's own unless the folder decides.
        published: Published number of samples per split of the form that was read.
    """

    info: DatasetInfo
    root: Path
    samples: list[Sample]
    labels: LabelSpace
    published: Mapping[str, int] = field(default_factory=dict)

    def split(self, name: str) -> list[Sample]:
        """The samples of one split, under the set's own name for it; ``all`` names every sample.

        Raises:
            MienError: The set has no such split here.
        """
        chosen = [s for s in self.samples if name in (s.split, WHOLE)]
        if not chosen:
            known = ", ".join(sorted({s.split for s in self.samples}))
            raise MienError(f"{self.info.name} in {self.root} has no split {name!r}; it has: {known}")
        return chosen


def data_root(name: str, given: Path | None) -> Path:
    """The folder of one data set: the one given, else ``$MIEN_DATA_ROOT/<name>``.

    Raises:
        MienError: Neither is there.
    """
    if given is None:
        parent = os.environ.get("MIEN_DATA_ROOT")
        if not parent:
            raise MienError(
                f"where is {name}? Give its folder with --data-root, "
                f"or set MIEN_DATA_ROOT to a folder that holds {name}/"
            )
        given = Path(parent) / name
    if not given.exists():
        raise MienError(
            f"there is no folder {given}; --data-root is the folder of {name} as its authors hand it out"
        )
    return given
