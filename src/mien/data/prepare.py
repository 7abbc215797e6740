"""Check a data set against what was published, index it and find its faces once, never in its own folder."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mien.core.errors import InputError
from mien.core.records import Face, ImageArray, Sample
from mien.data.audit import UNLABELLED, count, differences
from mien.data.crops import chosen_face, faces_are_ready
from mien.data.datasets import FaceDataset, load_dataset
from mien.data.face_table import FaceTableBuilder, face_table_path, load_face_table
from mien.data.hashing import content_hash, meant
from mien.data.index import Row, index_path, written_index
from mien.data.parallel import mapped_chunks
from mien.data.pictures import read_picture
from mien.faces.detector import Detector, create_detector

FaceStatus = Literal["ready", "given", "found", "missed"]


@dataclass(frozen=True)
class FoundFaces:
    """What looking for faces came to; pictures that cannot be read are left out.

    Attributes:
        detector: Which detector looked.
        n: Samples looked at.
        n_given: Those whose face the set gives.
        n_known: Those whose picture an earlier run had searched.
        missed: Ids of those without a face.
        by_label: For each label that occurs: samples, and those without a face.
        table: The file that keeps the faces.
    """

    detector: str
    n: int
    n_given: int
    n_known: int
    missed: tuple[str, ...]
    by_label: dict[str, tuple[int, int]]
    table: Path


@dataclass(frozen=True)
class Prepared:
    """What `prepare` found and wrote.

    Attributes:
        dataset: The data set.
        index: The index file, parquet or csv: one row per sample with id, split, label, subject, path, width,
            height, sha256 (of the decoded pixels), face (ready, given, found or missed) and error.
        counts: Samples per split and label name.
        differences: What differs from the published numbers, one line each.
        unreadable: Error by sample id.
        faces: Of a set of whole pictures; None for a set of face crops.
    """

    dataset: FaceDataset
    index: Path
    counts: dict[str, dict[str, int]]
    differences: tuple[str, ...]
    unreadable: dict[str, str]
    faces: FoundFaces | None = None


def prepare(
    name: str,
    folder: Path | None,
    on_sample: Callable[[], object] = lambda: None,
    *,
    faces: str = "auto",
    detector: str = "auto",
    n_threads: int | None = None,
) -> Prepared:
    """Read a data set and prepare it; see `prepare_dataset`.

    Args:
        name: Registry name of the data set.
        folder: Its folder; None looks below ``MIEN_DATA_ROOT``.
        on_sample: Called for each sample, for a progress bar.
        faces: As `prepare_dataset`.
        detector: As `prepare_dataset`.
        n_threads: As `prepare_dataset`.

    Raises:
        MienError: The data set cannot be read, or what was found cannot be written.
    """
    dataset = load_dataset(name, folder)
    return prepare_dataset(dataset, on_sample, faces=faces, detector=detector, n_threads=n_threads)


def prepare_dataset(
    dataset: FaceDataset,
    on_sample: Callable[[], object] = lambda: None,
    *,
    faces: str = "auto",
    detector: str = "auto",
    n_threads: int | None = None,
) -> Prepared:
    """Read every picture of a data set once, find its faces, and write an index of it into the cache folder.

    Args:
        dataset: What to prepare.
        on_sample: Called for each sample, for a progress bar.
        faces: ``find`` looks for faces, ``ready`` does not, ``auto`` does what fits the set.
        detector: Which detector looks.
        n_threads: None takes one a processor.

    Raises:
        MienError: No such detector here, or what was found cannot be written.
    """
    search = None if faces_are_ready(dataset, faces) else _Search(dataset, detector)
    look = _look_ready if search is None else search.look
    unreadable: dict[str, str] = {}
    index = index_path(dataset)
    try:
        with written_index(index) as write:
            for sample, seen in zip(
                dataset.samples, mapped_chunks(look, dataset.samples, n_threads), strict=True
            ):
                if seen.error:
                    unreadable[sample.id] = seen.error
                elif search is not None:
                    search.note(_label_name(sample, dataset), sample.id, seen)
                write(_row(sample, dataset, seen))
                on_sample()
    finally:  # what was found before an interruption is not lost
        found = None if search is None else search.finish()
    return Prepared(dataset, index, count(dataset), differences(dataset), unreadable, found)


@dataclass(frozen=True, eq=False)
class _Seen:
    """What was learnt of one sample; `picture` and `new` go into the table of faces."""

    error: str = ""
    sha256: str = ""
    size: tuple[int, int] = (0, 0)
    status: FaceStatus = "ready"
    picture: str = ""
    new: list[Face] | None = None


def _look_ready(samples: Sequence[Sample]) -> list[_Seen]:
    """Read samples that come as crops."""
    seen = []
    for sample in samples:
        try:
            image = read_picture(sample.image)
        except InputError as error:
            seen.append(_Seen(error=str(error)))
            continue
        part = meant(sample, image)
        seen.append(_Seen("", content_hash(part), _size(part)))
    return seen


class _Search:
    """Looks for the faces of a data set, with a detector for every thread, and keeps count of them."""

    def __init__(self, dataset: FaceDataset, detector: str) -> None:
        first = create_detector(detector)  # on this thread, so that what is wrong with it is said at once
        self._name = first.name
        self._own = threading.local()
        self._own.detector = first
        self._path = face_table_path(dataset, first)
        self._known = load_face_table(self._path)
        self._builder = FaceTableBuilder(self._known)
        self._counts: dict[FaceStatus, int] = {"given": 0, "found": 0, "missed": 0}
        self._n_known = 0
        self._missed: list[str] = []
        self._by_label: Counter[str] = Counter()
        self._missed_by_label: Counter[str] = Counter()

    def look(self, samples: Sequence[Sample]) -> list[_Seen]:
        """Read some samples and look for their faces; neighbours in one photograph are searched once."""
        seen = []
        last: _Searched | None = None
        for sample in samples:
            try:
                if last is None or sample.box is None or sample.image != last.source:
                    last = self._searched(sample)
                seen.append(self._seen(sample, last))
            except InputError as error:
                seen.append(_Seen(error=str(error)))
        return seen

    def _searched(self, sample: Sample) -> _Searched:
        image = read_picture(sample.image)
        if sample.face is not None:  # its place is known, so nothing is looked for
            return _Searched(image)
        picture = content_hash(image)
        known = None if self._known is None else self._known.find(picture)
        faces = self._detector().detect(image) if known is None else known
        source = sample.image if isinstance(sample.image, Path) else None
        return _Searched(image, source, picture, faces, known is None)

    def _seen(self, sample: Sample, searched: _Searched) -> _Seen:
        part = meant(sample, searched.image)
        sha256 = searched.picture if part is searched.image and searched.picture else content_hash(part)
        if sample.face is not None:
            return _Seen("", sha256, _size(part), "given")
        status: FaceStatus = "missed" if chosen_face(sample, searched.faces) is None else "found"
        new = searched.faces if searched.is_new else None
        return _Seen("", sha256, _size(part), status, searched.picture, new)

    def _detector(self) -> Detector:
        if not hasattr(self._own, "detector"):
            self._own.detector = create_detector(self._name)
        detector: Detector = self._own.detector
        return detector

    def note(self, label: str, sample_id: str, seen: _Seen) -> None:
        """Count a sample that could be read."""
        self._counts[seen.status] += 1
        self._by_label[label] += 1
        if seen.new is not None:
            self._builder.add(seen.picture, seen.new)
        elif seen.picture:
            self._n_known += 1
        if seen.status == "missed":
            self._missed.append(sample_id)
            self._missed_by_label[label] += 1

    def finish(self) -> FoundFaces:
        """Keep the faces; what they came to."""
        self._builder.build().save(self._path)
        return FoundFaces(
            self._name,
            sum(self._counts.values()),
            self._counts["given"],
            self._n_known,
            tuple(self._missed),
            {label: (n, self._missed_by_label[label]) for label, n in self._by_label.items()},
            self._path,
        )


@dataclass(frozen=True, eq=False)
class _Searched:
    """A picture and the faces in it."""

    image: ImageArray
    source: Path | None = None
    picture: str = ""
    faces: list[Face] = field(default_factory=list)
    is_new: bool = False


def _size(image: ImageArray) -> tuple[int, int]:
    return image.shape[1], image.shape[0]


def _label_name(sample: Sample, dataset: FaceDataset) -> str:
    return dataset.labels.names[sample.label] if sample.label >= 0 else UNLABELLED


def _row(sample: Sample, dataset: FaceDataset, seen: _Seen) -> Row:
    """One row of the index; a sample that is a row of a table has no path."""
    read = not seen.error
    return {
        "id": sample.id,
        "split": sample.split,
        "label": dataset.labels.names[sample.label] if sample.label >= 0 else None,
        "subject": sample.subject,
        # a copy, because a Path keeps the text that it has once been asked for: 120 bytes a sample
        "path": str(Path(sample.image)) if isinstance(sample.image, Path) else None,
        "width": seen.size[0] if read else None,
        "height": seen.size[1] if read else None,
        "sha256": seen.sha256 if read else None,
        "face": seen.status if read else None,
        "error": seen.error or None,
    }
