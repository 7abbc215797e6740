"""Maps that cover a face crop: their scale, their size, their mean over a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Maps = Mapping[str, NDArray[np.float32]]
"""Name -> [B, h, w]; each map covers the whole crop at a resolution of its own."""

MapMaker = Callable[[NDArray[np.float32], NDArray[np.int64]], Maps]
"""Normalised crops [B, C, S, S] and the class explained in each [B] -> their maps."""


def to_unit(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map on the scale 0 (its least value) to 1 (its largest); one without differences becomes 0.

    Negative values count as 0: they speak against what is explained.
    """
    positive = np.maximum(plane, 0)
    low, high = float(positive.min()), float(positive.max())
    if not high - low > 1e-12 * max(high, 1e-30):
        return np.zeros_like(plane)
    return np.asarray((positive - low) / (high - low), dtype=np.float32)


def enlarged(plane: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """A map [h, w] as [side, side], interpolated linearly."""
    return np.asarray(cv2.resize(plane, (side, side), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


@dataclass(eq=False)
class ClassMeans:
    """The mean of planes of each class, added up one by one.

    Attributes:
        n_classes: K.
        counts: [K] planes of each class so far.
    """

    n_classes: int
    counts: NDArray[np.int64] = field(init=False)
    _sums: dict[int, NDArray[np.float64]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.counts = np.zeros(self.n_classes, np.int64)

    def add(self, label: int, plane: NDArray[np.floating]) -> None:
        """Count a plane; all have one shape."""
        self.counts[label] += 1
        self._sums[label] = self._sums.get(label, 0.0) + np.asarray(plane, np.float64)

    def means(self) -> NDArray[np.float32]:
        """[K, ...]; NaN for a class without planes."""
        shape = next(iter(self._sums.values())).shape
        out = np.full((self.n_classes, *shape), np.nan, np.float32)
        for label, total in self._sums.items():
            out[label] = total / self.counts[label]
        return out
