"""What a model said about each sample: the rows behind a Report, for comparing models sample by sample."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.metrics.classification import MISSED

ID, TRUTH = "id", "truth"


@dataclass(frozen=True, eq=False)
class Predictions:
    """One model on one split.

    Attributes:
        labels: K label names.
        ids: [N] sample ids.
        truth: int64 [N], places in `labels`.
        probabilities: float64 [N, K]; a row of NaN where no face was found.
    """

    labels: tuple[str, ...]
    ids: tuple[str, ...]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float64]

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class, [N]; `MISSED` where no face was found."""
        found: NDArray[np.int64] = self.probabilities.argmax(axis=1).astype(np.int64)
        found[np.isnan(self.probabilities).any(axis=1)] = MISSED
        return found

    def to_csv(self) -> str:
        """One row per sample: id, true label, a probability per label; empty ones where no face was found."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([ID, TRUTH, *self.labels])
        for sample_id, label, row in zip(self.ids, self.truth, self.probabilities, strict=True):
            writer.writerow(
                [sample_id, self.labels[label], *("" if np.isnan(p) else f"{p:.7g}" for p in row)]
            )
        return out.getvalue()

    @classmethod
    def from_csv(cls, text: str, source: str = "predictions") -> Predictions:
        """Read what `to_csv` wrote.

        Args:
            text: The table.
            source: Named in the error.

        Raises:
            MienError: It is no such table.
        """
        rows = list(csv.reader(io.StringIO(text)))
        if not rows or rows[0][:2] != [ID, TRUTH] or len(rows[0]) < 4:
            raise MienError(
                f"{source} is no table of predictions: expected the columns id, truth and one per label"
            )
        labels = tuple(rows[0][2:])
        try:
            truth = np.array([labels.index(row[1]) for row in rows[1:]], dtype=np.int64)
            scores = np.array([[float(p or "nan") for p in row[2:]] for row in rows[1:]], dtype=np.float64)
        except (ValueError, IndexError) as error:
            raise MienError(f"{source} is damaged: {error}") from error
        if scores.shape != (len(truth), len(labels)):
            raise MienError(f"{source} holds no predictions, or rows of unequal length")
        return cls(labels, tuple(row[0] for row in rows[1:]), truth, scores)
