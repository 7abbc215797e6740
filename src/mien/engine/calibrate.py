"""What is fitted on held-out faces after training: temperature, scale of the logits, limit of confidence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from mien.core.compound import logit_statistics
from mien.core.specs import Calibration, ModelSpec, UnsureRule
from mien.metrics.calibration import fit_temperature
from mien.metrics.selective import confidence_limit

WANTED_ACCURACY = 0.9
"""Faces that are not unsure shall be judged rightly nine times out of ten."""
LEAST_FACES = 50
"""With fewer held-out faces no limit of confidence is fitted: it would be chance."""


def calibrated(
    spec: ModelSpec, scores: NDArray[np.floating], labels: NDArray[np.int64], fitted_on: str
) -> ModelSpec:
    """A spec with all that held-out faces tell about a model's scores.

    Args:
        spec: Of the model.
        scores: Raw logits, [N, K].
        labels: True classes, [N].
        fitted_on: What the faces are, in words.
    """
    logits = np.asarray(scores, np.float64)
    temperature = fit_temperature(logits, labels)
    limit, rule = None, None
    if len(labels) >= LEAST_FACES:
        shares = softmax(logits / temperature, axis=1)
        limit, coverage, right = confidence_limit(shares.max(1), shares.argmax(1) == labels, WANTED_ACCURACY)
        rule = UnsureRule(
            wanted_accuracy=WANTED_ACCURACY, coverage=coverage, accuracy=right, fitted_on=fitted_on
        )
    return spec.model_copy(
        update={
            "calibration": Calibration(temperature=temperature, fitted_on=fitted_on),
            "basic_statistics": logit_statistics(logits, fitted_on),
            "unsure_below": limit,
            "unsure_rule": rule,
        }
    )
