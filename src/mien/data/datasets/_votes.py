"""The crowd's votes of FER+ (``fer2013new.csv``): ten people a face, row by row beside ``fer2013.csv``."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.labels import LabelSpace, project_scores

VOTES_FILE = "fer2013new.csv"
EMOTIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
COLUMNS = (*EMOTIONS, "unknown", "NF")
"""Columns of votes in the file's order; NF is "not a face"."""


def read_votes(path: Path) -> tuple[list[str], NDArray[np.float64]]:
    """Read FER+'s ``fer2013new.csv``.

    Returns:
        The split of each row, and its votes [N, 10] in the order of COLUMNS.

    Raises:
        MienError: The file is not the official one.
    """
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle)
            missing = sorted({"Usage", *COLUMNS} - set(reader.fieldnames or ()))
            if missing:
                raise MienError(
                    f"{path} lacks the columns {', '.join(missing)}; expected the official {VOTES_FILE}"
                )
            rows = list(reader)
        votes = np.array([[float(row[c]) for c in COLUMNS] for row in rows]).reshape(-1, len(COLUMNS))
    except UnicodeDecodeError as error:
        raise MienError(f"{path} is no text file; expected the official {VOTES_FILE}") from error
    except (TypeError, ValueError) as error:
        if isinstance(error, MienError):
            raise
        raise MienError(f"{path}: votes must be numbers ({error})") from error
    return [row["Usage"] for row in rows], votes


def check_votes_match(usages: Sequence[str], splits: Sequence[str], faces: Path) -> None:
    """FER+ votes belong to faces by their place in the file, so both files must have the same rows.

    Raises:
        MienError: They have not.
    """
    if list(usages) != list(splits):
        raise MienError(
            f"{VOTES_FILE} ({len(usages):,} rows) beside {faces} ({len(splits):,} rows) does not match it "
            "row by row; use the two official files, or move the votes away"
        )


def vote_shares(votes: NDArray[np.float64], labels: LabelSpace) -> list[NDArray[np.float64] | None]:
    """Votes as shares over a label space; None for a face without a vote in it.

    Args:
        votes: [N, 10] as `read_votes` gives them.
        labels: The label space; other votes (contempt in basic-7, unknown, not-a-face) are dropped.
    """
    scores = project_scores(votes[:, : len(EMOTIONS)], EMOTIONS, labels)
    totals = scores.sum(1)
    return [s / t if t > 0 else None for s, t in zip(scores, totals, strict=True)]


def without_single_votes(votes: NDArray[np.float64]) -> NDArray[np.float64]:
    """FER+ takes an option that only one of the ten chose for a slip, and drops the vote."""
    return np.where(votes > 1, votes, 0)
