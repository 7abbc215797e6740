"""Occlusion sensitivity (Zeiler and Fergus, ECCV 2014): what hiding each place costs. Any model, no torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from mien.core.errors import MienError
from mien.core.records import Predictor
from mien.explain.maps import MapMaker, Maps

WINDOW_SHARE = 1 / 6
"""Of the crop's side; steps are half a window."""


def window_starts(side: int, window: int, step: int) -> list[int]:
    """Where windows begin along one axis; the last ends at the edge.

    Raises:
        MienError: A window that is larger than the crop, or none at all.
    """
    if not 1 <= window <= side or not 1 <= step <= window:
        raise MienError(
            f"occlusion windows of {window} px every {step} px do not cover a crop of {side} px; expected "
            f"1 to {side} px, and steps no longer than a window"
        )
    last = side - window
    return [*range(0, last, step), last]


def occlusion_map(
    scores: Callable[[NDArray[np.float32]], NDArray[np.floating]],
    crop: NDArray[np.float32],
    target: int,
    window: int,
    step: int,
    fill: NDArray[np.float32],
    batch_size: int = 64,
) -> NDArray[np.float32]:
    """How far the score of a class falls when a window hides a place, the mean over the windows on it.

    Args:
        scores: [B, C, S, S] -> [B, K].
        crop: Normalised [C, S, S].
        target: The class.
        window: Side of the square window, in pixels.
        step: From one window to the next.
        fill: [C], what a window shows.
        batch_size: Windows at a time; changes nothing but speed.

    Returns:
        [S, S]; positive where hiding harms the class, negative where it helps.

    Raises:
        MienError: As `window_starts`.
    """
    side = crop.shape[1]
    starts = window_starts(side, window, step)
    corners = [(y, x) for y in starts for x in starts]
    whole = float(scores(crop[None])[0, target])
    total, seen = np.zeros((side, side)), np.zeros((side, side))
    for begin in range(0, len(corners), batch_size):
        some = corners[begin : begin + batch_size]
        batch = np.repeat(crop[None], len(some), axis=0)
        for hidden, (y, x) in zip(batch, some, strict=True):
            hidden[:, y : y + window, x : x + window] = fill[:, None, None]
        for (y, x), score in zip(some, scores(batch)[:, target], strict=True):
            total[y : y + window, x : x + window] += whole - float(score)
            seen[y : y + window, x : x + window] += 1
    return np.asarray(total / seen, dtype=np.float32)


def occlusion_maker(predictor: Predictor, window: int | None = None) -> MapMaker:
    """Occlusion of any model's calibrated probabilities.

    A window shows the mean colour that the model was normalised by, and no depth.

    Args:
        predictor: The model.
        window: Its side in pixels; None takes `WINDOW_SHARE` of the crop.

    Raises:
        MienError: A window larger than the crop.
    """
    spec = predictor.spec.input
    side = max(1, round(WINDOW_SHARE * spec.size_px)) if window is None else window
    step = max(1, side // 2)
    window_starts(spec.size_px, side, step)  # a wrong size is told before the pictures are read
    fill = np.zeros(spec.n_channels, np.float32)
    if spec.channels == "rgbd":
        fill[3] = -spec.mean[3] / spec.std[3]

    def scores(batch: NDArray[np.float32]) -> NDArray[np.floating]:
        return softmax(predictor.logits(batch) / predictor.spec.calibration.temperature, axis=1)

    def make(batch: NDArray[np.float32], targets: NDArray[np.int64]) -> Maps:
        pairs = zip(batch, targets, strict=True)
        each = [occlusion_map(scores, crop, int(target), side, step, fill) for crop, target in pairs]
        return {"occlusion": np.stack(each)}

    return make
