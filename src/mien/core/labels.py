"""Emotion names and label spaces; `project` is the only place where integers meet emotion names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError

LabelKind = Literal["basic", "compound", "mixture"]


@dataclass(frozen=True)
class LabelSpace:
    """An ordered set of label names.

    Attributes:
        names: Label names; a label's integer is its place here.
        kind: ``basic`` emotions, ``compound`` emotions, or a user's ``mixture``.
    """

    names: tuple[str, ...]
    kind: LabelKind = "basic"

    def __post_init__(self) -> None:
        if not self.names or len(set(self.names)) != len(self.names):
            raise MienError(f"a label space needs distinct names, got {list(self.names)}")

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """The integer of a label name.

        Raises:
            MienError: The name is not in this label space.
        """
        if name not in self.names:
            raise MienError(f"unknown label {name!r}; this label space has {', '.join(self.names)}")
        return self.names.index(name)


BASIC8 = LabelSpace(("anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"))
BASIC7 = LabelSpace(tuple(name for name in BASIC8.names if name != "contempt"))
BASIC6 = LabelSpace(tuple(name for name in BASIC7.names if name != "neutral"))
# The eleven categories of RAF-DB's compound set (Li, Deng and Du, CVPR 2017), alphabetical.
COMPOUND11 = LabelSpace(
    (
        "angrily_disgusted",
        "angrily_surprised",
        "disgustedly_surprised",
        "fearfully_angry",
        "fearfully_surprised",
        "happily_disgusted",
        "happily_surprised",
        "sadly_angry",
        "sadly_disgusted",
        "sadly_fearful",
        "sadly_surprised",
    ),
    "compound",
)


def basic_space(n_classes: int) -> LabelSpace:
    """The canonical basic label space of 6, 7 or 8 classes.

    Raises:
        MienError: Another number was asked for.
    """
    spaces = {6: BASIC6, 7: BASIC7, 8: BASIC8}
    if n_classes not in spaces:
        raise MienError(f"there are basic label spaces of 6, 7 and 8 classes, not of {n_classes}")
    return spaces[n_classes]


def project(native: Sequence[str], target: LabelSpace) -> NDArray[np.int64]:
    """Map a data set's native integers to a label space.

    Args:
        native: Canonical names in the order of the data set's own integers.
        target: The label space to map to.

    Returns:
        One integer per native label, shape [len(native)]: its place in `target`, or -1 where it has none.
    """
    return np.array([target.names.index(n) if n in target.names else -1 for n in native], dtype=np.int64)


def project_scores(
    scores: NDArray[np.floating], native: Sequence[str], target: LabelSpace
) -> NDArray[np.float64]:
    """Reorder per-label columns (votes, probabilities) from a native order to a label space.

    Args:
        scores: Shape [N, len(native)].
        native: Canonical names of the columns.
        target: The label space to map to; labels it lacks are dropped, labels that `native` lacks are 0.

    Returns:
        Shape [N, K]. Rows are not renormalised.
    """
    out = np.zeros((len(scores), len(target)), dtype=np.float64)
    for column, place in enumerate(project(native, target)):
        if place >= 0:
            out[:, place] += scores[:, column]
    return out
