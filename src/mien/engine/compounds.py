"""Score a model of basic emotions on pictures of compound ones, which it never learnt from (EMMA, eq. 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mien.core.compound import RAFDB11, MixtureSet, compound_scores, coupling_matrix
from mien.core.errors import MienError
from mien.core.labels import BASIC6
from mien.core.recipe import Recipe
from mien.core.specs import ModelSpec
from mien.data.crops import cropper_for
from mien.engine.checkpoint import load_model
from mien.engine.evaluate import Scored, evaluate
from mien.engine.packing import read_dataset
from mien.engine.run_folder import BEST
from mien.methods import Method


@dataclass(frozen=True, eq=False)
class CompoundPredictor:
    """A method that tells basic emotions, seen as one that tells compounds; a `Predictor`.

    Attributes:
        method: In eval mode.
        spec: With the compounds for labels.
        basic: The method's own spec.
        places: Of the basic emotions among its labels.
        matrix: A of eq. 5, [n_basic, n_compounds].
    """

    method: Method
    spec: ModelSpec
    basic: ModelSpec
    places: tuple[int, ...]
    matrix: NDArray[np.float64]

    def logits(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Intensities [B, n_compounds] of a normalised batch [B, C, H, W]."""
        with torch.inference_mode():
            outputs = self.method.outputs(torch.from_numpy(batch).to(next(self.method.parameters()).device))
        similar = "similarity" in outputs
        basic = outputs["similarity" if similar else "logits"].float().cpu().numpy().astype(np.float64)
        known = self.basic.basic_statistics
        if not similar and known is not None:
            basic = (basic - np.array(known.mean)) / np.array(known.std)
        return compound_scores(basic[:, self.places], self.matrix).astype(np.float32)


def compound_predictor(method: Method, spec: ModelSpec, mixtures: MixtureSet = RAFDB11) -> CompoundPredictor:
    """See basic emotions as compounds.

    Args:
        method: Trained on basic emotions; in eval mode.
        spec: Its spec.
        mixtures: The compounds.

    Raises:
        MienError: It tells no basic emotions, or not all that the mixtures hold.
    """
    if spec.kind != "basic":
        raise MienError(
            f"compounds are mixed from basic emotions; {spec.name} tells {', '.join(spec.labels)}"
        )
    basics = [label for label in spec.labels if label in BASIC6.names]
    matrix, order = coupling_matrix(mixtures, basics), np.argsort(mixtures.names)
    names = tuple(mixtures.names[i] for i in order)
    changed = {"labels": names, "kind": "compound", "calibration": type(spec.calibration)()}
    told = spec.model_copy(update={**changed, "basic_statistics": None})
    places = tuple(spec.labels.index(label) for label in basics)
    return CompoundPredictor(method, told, spec, places, matrix[:, order])


def score_compounds(
    run: Path, compounds: Recipe, root: Path | None, on_sample: Callable[[], object] = lambda: None
) -> Scored:
    """Score a finished run on the test split of another recipe's data.

    Args:
        run: Folder of a run that learnt basic emotions.
        compounds: Names the data and the split.
        root: The folder of the data.
        on_sample: Called for each picture read.

    Raises:
        MienError: The recipe has no test split, or run and data do not fit.
    """
    if compounds.data.test_split is None:
        raise MienError(f"{compounds.name} has no data.test_split to score on")
    method, spec, _ = load_model(run)
    dataset = read_dataset(compounds, root)
    return evaluate(
        compound_predictor(method, spec),
        dataset,
        compounds.data.test_split,
        cropper_for(dataset, spec.input, compounds.data.faces),
        weights=run / BEST,
        copied=(),
        on_sample=on_sample,
    )
