"""Which samples of a labelled set an explanation looks at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mien.core.errors import MienError
from mien.core.labels import project
from mien.core.specs import ModelSpec
from mien.data.datasets import FaceDataset
from mien.engine.evaluate import TestPart


def drawn(dataset: FaceDataset, split: str, spec: ModelSpec, per_class: int, seed: int = 0) -> FaceDataset:
    """A data set cut down to some samples of each of a model's classes in one split.

    Args:
        dataset: Any.
        split: The set's own name of the split.
        spec: Whose labels are kept.
        per_class: Most samples of each class; 0 keeps all.
        seed: Of the draw.

    Raises:
        MienError: No such split.
    """
    samples = dataset.split(split)
    if per_class == 0:
        return dataset
    places = project(dataset.labels.names, spec.label_space)
    order = np.random.default_rng(seed).permutation(len(samples))
    left = dict.fromkeys(range(len(spec.labels)), per_class)
    kept = []
    for i in order:
        label = int(places[samples[i].label]) if samples[i].label >= 0 else -1
        if left.get(label, 0) > 0:
            left[label] -= 1
            kept.append(int(i))
    return replace(dataset, samples=[samples[i] for i in sorted(kept)])


def found_faces(part: TestPart) -> TestPart:
    """The part without the faces that had to be found and were not.

    Raises:
        MienError: None was found.
    """
    places = np.flatnonzero(part.detected)
    if len(places) == 0:
        raise MienError(f"no face was found in any of the {len(part.ids)} pictures")
    ids, crops = tuple(part.ids[i] for i in places), tuple(part.crops[i] for i in places)
    return TestPart(ids, part.truth[places], crops, part.detected[places], part.n_outside)
