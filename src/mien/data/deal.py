"""Groups dealt into folds of like size and like class shares, as far as the groups allow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_UNIT = 1_000_000


def deal(profiles: NDArray[np.int64], n_folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Give every group to a fold, the largest groups first, each to the fold that has least of its classes.

    With groups of one sample every fold gets an equal share of every class, up to one sample. Groups alike in
    size and class are dealt in random order. All is done in integers, so every machine deals alike.

    Args:
        profiles: Samples of each group per class, [G, K].
        n_folds: At most G.
        rng: Of the order among like groups.

    Returns:
        The fold of each group, [G]. No fold is empty.
    """
    sizes, totals = profiles.sum(1), profiles.sum(0)
    worth = _UNIT // np.maximum(totals, 1) + 1  # a sample of a rare class weighs more
    by_class = np.argmax(profiles * worth, axis=1)
    order = np.lexsort((rng.permutation(len(profiles)), by_class, -sizes))
    held = np.zeros((n_folds, profiles.shape[1]), np.int64)
    n_groups = np.zeros(n_folds, np.int64)
    fold_of = np.empty(len(profiles), np.int64)
    for done, group in enumerate(order):
        profile = profiles[group]
        cost = held @ (profile * worth)
        empty = n_groups == 0
        if len(order) - done <= empty.sum():  # the last groups go to folds that have none
            cost = np.where(empty, cost, np.iinfo(np.int64).max)
        fold = np.lexsort((n_groups, held.sum(1), cost))[0]
        fold_of[group] = fold
        held[fold] += profile
        n_groups[fold] += 1
    return fold_of
