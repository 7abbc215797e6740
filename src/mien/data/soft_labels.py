"""Soft labels put in the terms of the hard ones, where two groups of people labelled the same faces.

FER+'s ten voters call many faces neutral that FER2013 calls sad or afraid, so a mean of both kinds of
label teaches a bias towards neutral. What the votes say about the FER2013 label has none: P(label | votes),
fitted on the training part by multinomial logistic regression, agrees with the labels on average and is far
less noisy than one label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from mien.core.errors import MienError
from mien.core.records import Sample


def label_posterior(
    shares: NDArray[np.float64], labels: NDArray[np.int64], n_classes: int
) -> NDArray[np.float64]:
    """P(hard label | soft label) of every sample.

    Args:
        shares: [N, K] soft labels.
        labels: [N] hard labels, of at least two classes.
        n_classes: K.

    Returns:
        [N, K]; rows sum to 1, and a class that no sample has gets 0.
    """
    # the square root tells one vote from none far better than the share itself
    features = np.hstack([shares, np.sqrt(shares)])
    fitted = LogisticRegression(max_iter=1000).fit(features, labels)
    posterior = np.zeros((len(labels), n_classes))
    posterior[:, fitted.classes_] = fitted.predict_proba(features)
    return posterior


def calibrated(samples: Sequence[Sample], n_classes: int) -> list[Sample]:
    """The samples with each soft label replaced by `label_posterior`; those without one stay as they are.

    Args:
        samples: The training part, labelled; the part that selects or reports must not be in it.
        n_classes: K.

    Raises:
        MienError: No sample has a soft label, or those that have one share one label.
    """
    voted = [i for i, s in enumerate(samples) if s.soft_label is not None]
    labels = np.array([samples[i].label for i in voted], dtype=np.int64)
    if len(np.unique(labels)) < 2:
        raise MienError(
            "data.soft_labels: calibrated needs soft labels on samples of two classes or more; "
            f"{len(voted)} of {len(samples)} training samples have one (FER2013: put fer2013new.csv beside "
            "fer2013.csv)"
        )
    shares = np.stack([s.soft_label for i in voted if (s := samples[i]).soft_label is not None])
    changed = list(samples)
    for i, row in zip(voted, label_posterior(shares, labels, n_classes), strict=True):
        changed[i] = replace(samples[i], soft_label=row)
    return changed
