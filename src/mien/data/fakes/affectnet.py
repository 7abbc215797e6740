"""AffectNet's look-alike in the form of its release with eight labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.data.datasets.affectnet import NATIVE
from mien.data.fake import FAKES
from mien.data.fakes._pictures import drawn, save, shuffled, smaller


@FAKES.register("affectnet")
@FAKES.register("affectnet7")
def _affectnet(folder: Path, n_per_class: int, rng: np.random.Generator) -> None:
    """Expressions are saved as text, valence and arousal as numbers: both occur."""
    counts = {"train": n_per_class, "val": smaller(n_per_class)}
    for number, (split, label) in enumerate(shuffled(NATIVE, counts, rng)):
        annotations = folder / f"{split}_set" / "annotations"
        annotations.mkdir(parents=True, exist_ok=True)
        save(folder / f"{split}_set" / "images" / f"{number}.jpg", drawn(label, rng))
        np.save(annotations / f"{number}_exp.npy", np.array(str(NATIVE.index(label))))
        np.save(annotations / f"{number}_val.npy", np.array(rng.uniform(-1, 1)))
        np.save(annotations / f"{number}_aro.npy", np.array(rng.uniform(-1, 1)))
        np.save(annotations / f"{number}_lnd.npy", rng.uniform(0, 48, 68 * 2))
