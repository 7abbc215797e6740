"""Compound emotions as mixtures of basic ones (EMMA, section 3.2): no picture of one is ever learnt from.

A compound of two emotions holds one half of each, as in the paper. A mixture may hold any basic emotions in
any shares that sum to 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from types import MappingProxyType

import numpy as np
import yaml
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.registry import suggest
from mien.core.specs import LogitStatistics

SUM_TOLERANCE = 1e-6
_NAME = re.compile(r"[^\W\d][\w -]*")
EXAMPLE = "for example nostalgia=0.5*happiness+0.5*sadness"


@dataclass(frozen=True)
class Mixture:
    """One compound emotion.

    Attributes:
        name: Its name.
        weights: Share of each basic emotion in it, above 0; together 1.

    Raises:
        MienError: No name that a column can bear, no emotion, or shares that are not above 0 or not 1
            together.
    """

    name: str
    weights: Mapping[str, float]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise MienError(
                f"{self.name!r} cannot name a compound: begin with a letter; no punctuation but - _"
            )
        if not self.weights:
            raise MienError(f"the mixture {self.name} is empty; write its emotions, {EXAMPLE}")
        for emotion, weight in self.weights.items():
            if not weight > 0:
                raise MienError(f"{self.name}: the weight of {emotion} must be above 0, got {weight:g}")
        total = sum(self.weights.values())
        if not abs(total - 1) <= SUM_TOLERANCE:
            raise MienError(f"{self.name}: its weights must sum to 1, they sum to {total:g}")
        object.__setattr__(self, "weights", MappingProxyType(dict(self.weights)))


@dataclass(frozen=True)
class MixtureSet:
    """Some compound emotions, to be told apart from one another.

    Attributes:
        name: Of the set.
        mixtures: With distinct names.
        chosen: Names of the compounds whose weights nobody published: mien's own choice.

    Raises:
        MienError: No mixture, or two of one name.
    """

    name: str
    mixtures: tuple[Mixture, ...]
    chosen: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.mixtures:
            raise MienError(f"{self.name}: there is no mixture in it; write one a line, {EXAMPLE}")
        for name in self.names:
            if self.names.count(name) > 1:
                raise MienError(f"{self.name}: the compound {name} stands in it twice")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the compounds, in order."""
        return tuple(mixture.name for mixture in self.mixtures)


def _pair(name: str, first: str, second: str) -> Mixture:
    return Mixture(name, {first: 0.5, second: 0.5})


RAFDB11 = MixtureSet(
    "rafdb11",
    (
        _pair("happily_surprised", "happiness", "surprise"),
        _pair("happily_disgusted", "happiness", "disgust"),
        _pair("sadly_fearful", "sadness", "fear"),
        _pair("sadly_angry", "sadness", "anger"),
        _pair("sadly_surprised", "sadness", "surprise"),
        _pair("sadly_disgusted", "sadness", "disgust"),
        _pair("fearfully_angry", "fear", "anger"),
        _pair("fearfully_surprised", "fear", "surprise"),
        _pair("angrily_surprised", "anger", "surprise"),
        _pair("angrily_disgusted", "anger", "disgust"),
        _pair("disgustedly_surprised", "disgust", "surprise"),
    ),
)
"""The eleven compounds of RAF-DB, in its order."""

DU15 = MixtureSet(
    "du15",
    (
        *RAFDB11.mixtures[:8],
        _pair("fearfully_disgusted", "fear", "disgust"),
        *RAFDB11.mixtures[8:],
        Mixture("appalled", {"disgust": 2 / 3, "anger": 1 / 3}),
        Mixture("hatred", {"anger": 2 / 3, "disgust": 1 / 3}),
        Mixture("awed", {"surprise": 2 / 3, "fear": 1 / 3}),
    ),
    chosen=frozenset({"appalled", "hatred", "awed"}),
)
"""The fifteen compound categories of Du, Tao and Martinez (PNAS, 2014).

Three of them mix the emotions of another category with an emphasis that is told in words: appalled is disgust
and anger, more disgust; hatred anger and disgust, more anger; awed fear and surprise, more surprise. Two
thirds and one third are our choice.
"""

MIXTURE_SETS: Mapping[str, MixtureSet] = {known.name: known for known in (RAFDB11, DU15)}
"""The sets that come with mien, by name."""


def parse_mixture(text: str) -> Mixture:
    """A mixture as a user writes it.

    Args:
        text: Like ``nostalgia=0.5*happiness+0.5*sadness``; weights are decimals or fractions such as ``1/3``,
            and an emotion without one has the weight 1.

    Raises:
        MienError: It does not read like that, or see `Mixture`.
    """
    name, equals, formula = text.partition("=")
    if not equals:
        raise MienError(f"{text.strip()!r} is no mixture: write name=weight*emotion+..., {EXAMPLE}")
    return _mixture(name.strip(), formula)


def parse_mixtures(text: str, name: str) -> MixtureSet:
    """Mixtures from a text of several.

    Args:
        text: One mixture a line as `parse_mixture` takes it (lines that begin with # are passed over); or
            YAML: a list of such lines, or a mapping of names to formulas or to weights by emotion.
        name: Of the set, and of its source in errors.

    Raises:
        MienError: Neither, or see `Mixture`.
    """
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MienError(f"{name}: not YAML: {' '.join(str(error).split())}") from error
    try:
        if tree is None or isinstance(tree, str):
            lines = [line.strip() for line in text.splitlines()]
            mixtures = [parse_mixture(line) for line in lines if line and not line.startswith("#")]
        elif isinstance(tree, list):
            mixtures = [parse_mixture(str(item)) for item in tree]
        elif isinstance(tree, dict):
            mixtures = [_mixture(str(key), value) for key, value in tree.items()]
        else:
            raise MienError(f"expected mixtures, {EXAMPLE}; got {tree!r}")
    except MienError as error:
        raise MienError(f"{name}: {error}") from error
    return MixtureSet(name, tuple(mixtures))


def join_mixtures(sets: Sequence[MixtureSet]) -> MixtureSet:
    """All compounds of some sets as one.

    Raises:
        MienError: A name stands in two of them, or there is none.
    """
    return MixtureSet(
        "+".join(one.name for one in sets),
        tuple(chain.from_iterable(one.mixtures for one in sets)),
        frozenset().union(*(one.chosen for one in sets)),
    )


def coupling_matrix(mixtures: MixtureSet, labels: Sequence[str]) -> NDArray[np.float64]:
    """A of eq. 5.

    Args:
        mixtures: The compounds, one column each.
        labels: The basic emotions, one row each.

    Returns:
        [n_labels, n_compounds]; columns sum to 1.

    Raises:
        MienError: A mixture holds an emotion that is not among the labels.
    """
    matrix = np.zeros((len(labels), len(mixtures.mixtures)))
    for column, mixture in enumerate(mixtures.mixtures):
        for emotion, weight in mixture.weights.items():
            if emotion not in labels:
                raise MienError(
                    f"{mixture.name}: unknown emotion {emotion!r}{suggest(emotion, list(labels))}"
                )
            matrix[list(labels).index(emotion), column] = weight
    return matrix


def compound_scores(similarity: NDArray[np.floating], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intensity of each compound, e = s A (eq. 5); the largest is the prediction.

    Args:
        similarity: s [B, n_labels], basic emotions on one scale.
        matrix: A of `coupling_matrix`.

    Returns:
        [B, n_compounds].
    """
    return similarity.astype(np.float64) @ matrix


def logit_statistics(logits: NDArray[np.floating], fitted_on: str) -> LogitStatistics:
    """What brings a model's logits to one scale, so that they can stand for similarities.

    Args:
        logits: [N, K] of the training or validation data.
        fitted_on: Those data in words.
    """
    wide = logits.astype(np.float64)
    spread = np.maximum(wide.std(axis=0), 1e-6)  # a logit that never moves says nothing, whatever divides it
    return LogitStatistics(
        mean=tuple(wide.mean(axis=0).tolist()), std=tuple(spread.tolist()), fitted_on=fitted_on
    )


def _mixture(name: str, formula: object) -> Mixture:
    """A mixture from a formula or a mapping of weights."""
    if isinstance(formula, Mapping):
        terms = [(str(emotion), _weight(name, value)) for emotion, value in formula.items()]
    else:
        terms = [_term(name, term) for term in str(formula or "").split("+") if str(formula or "").strip()]
    weights: dict[str, float] = {}
    for emotion, weight in terms:
        if emotion in weights:
            raise MienError(f"{name}: {emotion} stands in it twice")
        weights[emotion] = weight
    return Mixture(name, weights)


def _term(name: str, term: str) -> tuple[str, float]:
    """``0.5*happiness`` or ``happiness``."""
    weight, times, emotion = term.rpartition("*")
    if not _NAME.fullmatch(emotion.strip()) or (times and not weight.strip()):
        raise MienError(f"{name}: {term.strip()!r} is no term: write weight*emotion, {EXAMPLE}")
    return emotion.strip(), _weight(name, weight) if times else 1.0


def _weight(name: str, given: object) -> float:
    """A decimal or a fraction."""
    try:
        return float(Fraction(str(given).strip()))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise MienError(f"{name}: {str(given).strip()!r} is no weight; write 0.5 or 1/2") from error
