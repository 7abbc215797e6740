"""The timeline as a picture: what share of the probability each emotion had at each moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.core.records import ImageArray

_LONGEST_GAP_S = 0.6
"""A face that was missed for no longer is drawn through."""


def timeline_picture(
    times_s: NDArray[np.float64],
    shares: NDArray[np.float64],
    size: tuple[int, int],
    *,
    now_s: float,
    span_s: float,
    colors: Sequence[tuple[int, int, int]],
    background: tuple[int, int, int],
) -> ImageArray:
    """Probabilities stacked on one another, the first label at the bottom, now at the right edge.

    Args:
        times_s: [N], growing.
        shares: [N, K], each row sums to 1.
        size: Width and height in pixels.
        now_s: The time at the right edge.
        span_s: The time from edge to edge.
        colors: Of the K labels, 0..255.
        background: Where nothing is known.

    Returns:
        RGB [H, W, 3].
    """
    width, height = size
    palette = np.array([*colors, background], np.uint8)
    if not len(times_s):
        return np.broadcast_to(palette[-1], (height, width, 3)).copy()
    at_s = now_s - span_s + (np.arange(width) + 1) / width * span_s
    place = np.searchsorted(times_s, at_s, side="right") - 1
    before = times_s[np.maximum(place, 0)]
    after = times_s[np.minimum(place + 1, len(times_s) - 1)]
    known = (place >= 0) & (np.where(after > before, after - before, at_s - before) <= _LONGEST_GAP_S)
    # the sum of all may fall short of 1 by a rounding error: the last label reaches to the top
    sums = np.cumsum(shares, axis=1)[:, :-1]
    tops = np.stack([np.interp(at_s, times_s, column) for column in sums.T], axis=1)
    levels = 1 - (np.arange(height) + 0.5) / height
    label = (levels[:, None, None] > tops[None]).sum(axis=2)
    return palette[np.where(known[None], label, len(colors))]
