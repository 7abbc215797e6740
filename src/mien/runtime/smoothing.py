"""Exponential smoothing of probabilities over time, one memory per face."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mien.runtime.columns import PROBABILITY_DECIMALS


class Smoother:
    """``s = p + exp(-dt / tau) (s_before - p)`` for each face of one video.

    The memory holds what `published` gives, rounded as the table is, so that a run resumed from its table
    goes on with exactly the same state.
    """

    def __init__(self, tau_s: float) -> None:
        """Begin a video.

        Args:
            tau_s: Time constant in seconds; 0 leaves probabilities as they are.
        """
        self.tau_s = tau_s
        self._memory: dict[int, tuple[float, NDArray[np.float64]]] = {}

    def smooth(
        self, face_id: int, timestamp_s: float | None, probabilities: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The smoothed probabilities [K] of a face at a time; a face seen for the first time is unchanged."""
        if self.tau_s <= 0 or timestamp_s is None:
            return probabilities
        smoothed = probabilities
        if face_id in self._memory:
            before_s, before = self._memory[face_id]
            keep = math.exp(-max(0.0, timestamp_s - before_s) / self.tau_s)
            now = probabilities.astype(np.float64)
            smoothed = (now + keep * (before - now)).astype(np.float32)
        self.remember(face_id, timestamp_s, smoothed)
        return smoothed

    def remember(self, face_id: int, timestamp_s: float, published: NDArray[np.floating]) -> None:
        """Take a published row as a face's state."""
        self._memory[face_id] = (
            timestamp_s,
            np.asarray(np.round(published.astype(np.float64), PROBABILITY_DECIMALS), np.float64),
        )
