"""Holm's correction: several comparisons at once find a difference by chance more often than one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import MienError


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p values, in the given order (Holm, Scandinavian Journal of Statistics 6, 1979).

    Calling a difference real where its adjusted p is below 0.05 keeps the chance of even one false call
    below 0.05, whatever the comparisons have to do with one another.

    Args:
        p_values: [M], 0..1.

    Raises:
        MienError: One of them is no probability.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1)):
        raise MienError(f"p values lie in 0..1, got {p.tolist()}")
    order = np.argsort(p, kind="stable")
    grown = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(grown, 1.0)
    return adjusted
