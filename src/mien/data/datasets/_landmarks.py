"""The face that 68 points tell: five of them and the box around all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.core.records import Face

N_POINTS = 68

# Places in the 68-point layout whose means are the five points; the person's right is at the picture's left.
FIVE_OF_68 = (range(36, 42), range(42, 48), (30,), (48,), (54,))


def face_of_68(points: NDArray[np.float32]) -> Face:
    """The face of 68 points.

    Args:
        points: [68, 2] x, y in pixels.
    """
    left, top = points.min(0)
    width, height = np.ptp(points, axis=0)
    five = np.stack([points[list(places)].mean(0) for places in FIVE_OF_68])
    return Face((float(left), float(top), float(width), float(height)), 1.0, five)
