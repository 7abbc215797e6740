"""Fisher's sign-flip test: do paired differences lean to one side more than chance would let them?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mien.core.errors import MienError


def sign_flip_p(differences: ArrayLike) -> float:
    """Two-sided exact p of whole-number differences whose signs are by chance as likely one way as the other.

    With one difference per person (right answers of model A minus those of model B), it is McNemar's test for
    pictures that come in people; with one per picture it is McNemar's exact test itself. The distribution
    of the sum is built up difference by difference, so nothing is drawn (Fisher, The Design of Experiments,
    1935, section 21).

    Args:
        differences: Whole numbers, [G], independent of one another.

    Returns:
        How likely a sum at least this far from 0 is; 1 where all differences are 0.

    Raises:
        MienError: They are no whole numbers.
    """
    given = np.asarray(differences)
    if given.ndim != 1 or not np.issubdtype(given.dtype, np.integer):
        raise MienError(f"the sign-flip test takes whole numbers [G], got {given.dtype} {list(given.shape)}")
    steps = np.abs(given[given != 0])
    reach = int(steps.sum())
    chance = np.zeros(2 * reach + 1)
    chance[reach] = 1.0
    for step in steps:
        chance = (np.roll(chance, step) + np.roll(chance, -step)) / 2  # nothing ever reaches the ends
    far = np.abs(np.arange(-reach, reach + 1)) >= abs(int(given.sum()))
    return min(1.0, float(chance[far].sum()))
