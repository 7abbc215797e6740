"""Compound emotions from a model of basic ones, at run time: no training, no picture of a compound (EMMA).

A model that exports ``similarity`` gives the basic emotions on one scale already. Any other model's logits
are brought to one scale by the statistics in its ModelSpec. Neutral and contempt are part of no mixture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mien.core.compound import (
    EXAMPLE,
    MIXTURE_SETS,
    MixtureSet,
    compound_scores,
    coupling_matrix,
    join_mixtures,
    parse_mixture,
    parse_mixtures,
)
from mien.core.errors import MienError
from mien.core.labels import BASIC6
from mien.core.records import Predictor
from mien.core.registry import suggest
from mien.core.specs import LogitStatistics

SIMILARITY = "similarity"
"""Name of the exported output that needs no statistics."""


@runtime_checkable
class GivesOutputs(Protocol):
    """A predictor that may give more than logits."""

    @property
    def output_names(self) -> tuple[str, ...]:
        """What it gives, by name."""

    def outputs(self, batch: NDArray[np.float32]) -> Mapping[str, NDArray[np.float32]]:
        """All of it for a normalised batch."""


@dataclass(frozen=True, eq=False)
class CompoundReader:
    """How one model's basic emotions become some compounds.

    Attributes:
        names: The compounds, alphabetical.
        places: Places of the basic emotions among the model's labels.
        matrix: A [n_basic, n_compounds].
        statistics: Of the logits; None where the model gives similarities.
    """

    names: tuple[str, ...]
    places: tuple[int, ...]
    matrix: NDArray[np.float64]
    statistics: LogitStatistics | None

    def intensities(self, basic: NDArray[np.floating]) -> NDArray[np.float32]:
        """Of each compound, e = s A (eq. 5).

        Args:
            basic: [B, K] logits, or similarities where there are no statistics.

        Returns:
            [B, n_compounds]; the largest of a row is the prediction.
        """
        wide = basic.astype(np.float64)
        if self.statistics is not None:
            wide = (wide - np.array(self.statistics.mean)) / np.array(self.statistics.std)
        return compound_scores(wide[:, self.places], self.matrix).astype(np.float32)

    def predict(
        self, predictor: Predictor, batch: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits [B, K] and intensities [B, n_compounds] of a normalised batch, from one run of the model."""
        if self.statistics is None and isinstance(predictor, GivesOutputs):
            given = predictor.outputs(batch)
            return given["logits"], self.intensities(given[SIMILARITY])
        logits = predictor.logits(batch)
        return logits, self.intensities(logits)


def read_mixtures(words: Sequence[str]) -> MixtureSet | None:
    """Sets by name, files of mixtures and typed mixtures as one set; None for no words.

    Raises:
        MienError: One of them is not valid, or two hold the same compound.
    """
    return join_mixtures([load_mixtures(word) for word in words]) if words else None


def compound_reader(mixtures: MixtureSet, predictor: Predictor) -> CompoundReader:
    """How a model tells some compounds.

    Args:
        mixtures: The compounds.
        predictor: A model of basic emotions.

    Raises:
        MienError: The model tells no basic emotions or has nothing that brings them to one scale, or a
            mixture holds an emotion that it lacks.
    """
    spec = predictor.spec
    if spec.kind != "basic":
        raise MienError(
            f"compounds are mixed from basic emotions; {spec.name} tells {', '.join(spec.labels)}"
        )
    has_similarity = isinstance(predictor, GivesOutputs) and SIMILARITY in predictor.output_names
    if not has_similarity and spec.basic_statistics is None:
        raise MienError(
            f"{spec.name} holds no statistics of its logits, which compounds need: train it anew with this "
            "version, or take a model that has them"
        )
    basics = [label for label in spec.labels if label in BASIC6.names]
    matrix = coupling_matrix(mixtures, basics)
    order = sorted(range(len(mixtures.names)), key=lambda column: mixtures.names[column])
    return CompoundReader(
        names=tuple(mixtures.names[column] for column in order),
        places=tuple(spec.labels.index(label) for label in basics),
        matrix=matrix[:, order],
        statistics=None if has_similarity else spec.basic_statistics,
    )


def load_mixtures(path_or_name: str | Path) -> MixtureSet:
    """A set of mixtures by name, from a file, or as it is typed.

    Args:
        path_or_name: ``rafdb11``, ``du15``, a file for `parse_mixtures`, or one mixture for `parse_mixture`.

    Raises:
        MienError: There is no such set or file, or it is not valid.
    """
    word = str(path_or_name)
    if word in MIXTURE_SETS:
        return MIXTURE_SETS[word]
    if "=" in word:
        mixture = parse_mixture(word)
        return MixtureSet(mixture.name, (mixture,))
    path = Path(path_or_name)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        known = suggest(word, list(MIXTURE_SETS))
        raise MienError(
            f"no compound set and no file {word!r}{known}; or write a mixture, {EXAMPLE}"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise MienError(f"{word}: cannot be read as a text of mixtures ({type(error).__name__})") from error
    return parse_mixtures(text, path.name)
