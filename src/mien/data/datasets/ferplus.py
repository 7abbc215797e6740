"""FER+ (Barsoum et al., ICMI 2016): FER2013's faces with the majority of ten people's votes, eight emotions.

The rule is that of the authors' code in its majority mode: single votes are dropped, then a face keeps the
option that has more than half of all remaining votes, unknown and not-a-face among them; faces without such
a majority, and faces whose majority is unknown or not-a-face, are left out. The authors' code skips rows
without an image name (158 in Training and PublicTest); all ten voted not-a-face there, so the rule leaves
them out by itself.

Soft labels are the shares of the votes over the eight emotions once single votes are dropped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.labels import BASIC8, project
from mien.core.records import Sample
from mien.data.datasets import fer2013
from mien.data.datasets._base import DATASETS, Contents, DatasetInfo, Survey
from mien.data.datasets._votes import (
    EMOTIONS,
    VOTES_FILE,
    check_votes_match,
    read_votes,
    vote_shares,
    without_single_votes,
)

# What the authors' rule leaves of their own file; the paper itself prints no table of these.
SPLITS = {"Training": 25_060, "PublicTest": 3_199}


def read(root: Path) -> Contents:
    """Read FER+ from ``fer2013.csv`` (or .gz) and ``fer2013new.csv`` in one folder.

    Raises:
        MienError: One of the two official files is missing or they do not match.
    """
    path = fer2013.csv_file(root)
    votes_path = (root if root.is_dir() else root.parent) / VOTES_FILE
    if path is None or not votes_path.is_file():
        raise MienError(f"FER+ needs both fer2013.csv (or .gz) and {VOTES_FILE} in {root}")
    rows = list(fer2013.read_rows(path))
    usages, votes = read_votes(votes_path)
    check_votes_match(usages, [split for _, _, split in rows], path)
    labels = majority_labels(votes)
    shares = vote_shares(without_single_votes(votes), BASIC8)
    samples = [
        Sample(fer2013.sample_id(split, i), image, int(labels[i]), split, soft_label=shares[i])
        for i, (_, image, split) in enumerate(rows)
        if labels[i] >= 0
    ]
    return Contents(samples, BASIC8, SPLITS)


def majority_labels(votes: NDArray[np.float64]) -> NDArray[np.int64]:
    """FER+ majority label of each face.

    Args:
        votes: [N, 10] as `read_votes` gives them.

    Returns:
        [N] integers in BASIC8; -1 where no emotion has more than half of the votes.
    """
    kept = without_single_votes(votes)
    clear = kept.max(1) > 0.5 * kept.sum(1)
    to_canonical = np.append(project(EMOTIONS, BASIC8), [-1, -1])
    return np.where(clear, to_canonical[kept.argmax(1)], -1)


DATASETS.register("ferplus")(
    DatasetInfo(
        name="ferplus",
        title="FER+ (majority labels, 8 classes)",
        labels=BASIC8,
        native_labels=EMOTIONS,
        read=read,
        splits=SPLITS,
        crops=True,
        licence="labels: MIT (Microsoft); pictures: as fer2013",
        source="GitHub microsoft/FERPlus for the labels",
        paper="Barsoum et al., Training deep networks for facial expression recognition, ICMI 2016",
        survey=Survey(2016, "wild", "grey", 35_887, annotation="votes of ten people"),
    )
)
