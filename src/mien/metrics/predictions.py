"""What a model said about each sample: the rows behind a Report, for comparing models sample by sample."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.metrics.classification import MISSED

ID, TRUTH, SUBJECT, GROUP = "id", "truth", "subject", "group:"
"""Columns beside the labels'; `GROUP` is put before the name of an attribute of people."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """One model on one split.

    Attributes:
        labels: K label names.
        ids: [N] sample ids.
        truth: int64 [N], places in `labels`.
        probabilities: float64 [N, K]; a row of NaN where no face was found.
        subjects: [N] person of each sample, empty where not known; () where none is.
        groups: Attribute of people (``gender``) -> [N] group of each sample, empty where not known.
    """

    labels: tuple[str, ...]
    ids: tuple[str, ...]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    subjects: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class, [N]; `MISSED` where no face was found."""
        found: NDArray[np.int64] = self.probabilities.argmax(axis=1).astype(np.int64)
        found[np.isnan(self.probabilities).any(axis=1)] = MISSED
        return found

    def rows(self, places: Sequence[int] | NDArray[np.int64]) -> Predictions:
        """Some of the samples, in the order of their places."""
        at = np.asarray(places, np.int64)
        return Predictions(
            self.labels,
            tuple(self.ids[i] for i in at),
            self.truth[at],
            self.probabilities[at],
            tuple(self.subjects[i] for i in at) if self.subjects else (),
            {name: tuple(values[i] for i in at) for name, values in self.groups.items()},
        )

    def to_csv(self) -> str:
        """One row per sample: id, true label, subject and groups if known, a probability per label.

        The probabilities are empty where no face was found.
        """
        with_subject = any(self.subjects) or SUBJECT in self.labels  # a class of that name is told apart so
        about = [self.subjects or ("",) * len(self.ids)] if with_subject else []
        header = [SUBJECT] if with_subject else []
        for name, values in self.groups.items():
            about.append(values)
            header.append(GROUP + name)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([ID, TRUTH, *header, *self.labels])
        for i, row in enumerate(self.probabilities):
            known = (values[i] for values in about)
            scores = ("" if np.isnan(p) else f"{p:.7g}" for p in row)
            writer.writerow([self.ids[i], self.labels[self.truth[i]], *known, *scores])
        return out.getvalue()

    @classmethod
    def from_csv(cls, text: str, source: str = "predictions") -> Predictions:
        """Read what `to_csv` wrote, with or without subjects and groups.

        Args:
            text: The table.
            source: Named in the error.

        Raises:
            MienError: It is no such table.
        """
        try:
            rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff").rstrip("\r\n"))))
        except csv.Error as error:
            raise MienError(f"{source} is damaged: {error}") from error
        header = rows[0] if rows else []
        about = 2 + (header[2:3] == [SUBJECT])
        while about < len(header) and header[about].startswith(GROUP):
            about += 1
        labels = tuple(header[about:])
        if header[:2] != [ID, TRUTH] or len(labels) < 2:
            raise MienError(
                f"{source} is no table of predictions: expected the columns id, truth and one per label"
            )
        if any(len(row) != len(header) for row in rows) or len(rows) < 2:
            raise MienError(f"{source} holds no predictions, or rows of unequal length")
        strange = next((row for row in rows[1:] if row[1] not in labels), None)
        if strange is not None:
            raise MienError(
                f"{source}: {strange[0]} is {strange[1]!r}, which is none of its labels: {', '.join(labels)}"
            )
        try:
            truth = np.array([labels.index(row[1]) for row in rows[1:]], dtype=np.int64)
            scores = np.array(
                [[float(p or "nan") for p in row[about:]] for row in rows[1:]], dtype=np.float64
            )
        except ValueError as error:
            raise MienError(f"{source} is damaged: {error}") from error
        if ((scores < 0) | (scores > 1)).any():
            raise MienError(
                f"{source} holds values from {np.nanmin(scores):.4g} to {np.nanmax(scores):.4g}: expected "
                "probabilities from 0 to 1"
            )
        columns = list(zip(*(row[2:about] for row in rows[1:]), strict=True))
        known = dict(zip(header[2:about], columns, strict=True))
        subjects = known.pop(SUBJECT, ())
        return cls(
            labels,
            tuple(row[0] for row in rows[1:]),
            truth,
            scores,
            subjects if any(subjects) else (),
            {name.removeprefix(GROUP): values for name, values in known.items()},
        )


def pool(tables: Sequence[Predictions]) -> Predictions:
    """The samples of several tables one after another; subjects and groups only where every table has them.

    Raises:
        MienError: There is none, or they have other labels.
    """
    if not tables or any(t.labels != tables[0].labels for t in tables):
        raise MienError("predictions can be pooled only where there are some, all of the same labels")
    return Predictions(
        tables[0].labels,
        tuple(i for t in tables for i in t.ids),
        np.concatenate([t.truth for t in tables]),
        np.concatenate([t.probabilities for t in tables]),
        tuple(s for t in tables for s in t.subjects) if all(t.subjects for t in tables) else (),
        {
            name: tuple(value for t in tables for value in t.groups[name])
            for name in tables[0].groups
            if all(name in t.groups for t in tables)
        },
    )
