"""The result of comparing several models on the same test samples."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from mien.core.errors import MienError
from mien.core.specs import Frozen
from mien.metrics.difference import Difference
from mien.metrics.folds import Spread
from mien.metrics.resampled import ResampledT
from mien.metrics.robustness_losses import RobustnessLosses

Share = Annotated[float, Field(ge=0, le=1)]
Test = Literal["folds", "units", "mcnemar"]
LEVEL = 0.05
"""Below it, an adjusted p is called beyond chance."""


class RunFigures(Frozen):
    """One run, scored on the samples that are compared.

    Attributes:
        name: What it is called here.
        model: Public name of its model.
        recipe: Name of its recipe; empty when unknown.
        data: Registry name of the data set.
        split: What was scored.
        selected_on: What picked its checkpoint, in words.
        seeds: Of its training.
        created: UTC date of its report.
        n_missed: Samples without a face found; each is a wrong answer.
        accuracy: Right answers / n.
        accuracy_interval: 95 %.
        uar: Mean recall over the classes present.
        uar_interval: 95 %.
        macro_f1: Mean F1 over the classes that are present or predicted.
        mcc: Matthews correlation coefficient.
        ece: Expected calibration error; None where no face was found.
        aurc: Area under the risk-coverage curve; None where no face was found.
        recalls: Per class; None for a class without samples.
        folds: Mean and standard deviation of accuracy over folds; None for a single split.
    """

    name: str
    model: str
    recipe: str
    data: str
    split: str
    selected_on: str
    seeds: tuple[int, ...]
    created: date
    n_missed: int
    accuracy: Share
    accuracy_interval: tuple[Share, Share]
    uar: Share
    uar_interval: tuple[Share, Share]
    macro_f1: Share
    mcc: float
    ece: Share | None
    aurc: Share | None
    recalls: tuple[Share | None, ...]
    folds: Spread | None


class PairFigures(Frozen):
    """Run A beside run B.

    Attributes:
        a: Name of run A.
        b: Name of run B.
        accuracy: Of A minus that of B, with its interval by the paired bootstrap.
        uar: The same of UAR.
        only_a: Samples that only A has right.
        only_b: Samples that only B has right.
        n_other_answer: Samples to which they gave different answers, right or wrong.
        mcnemar_p: McNemar's exact test, each sample by itself.
        units_p: Sign-flip test over what keeps samples together, such as people; None where nothing does.
        folds: Corrected resampled t-test; None where the folds are not the same or there are none.
        decided_by: The test that decides: over folds where there are some, else over people, else McNemar's.
        p_value: Its p.
        p_adjusted: After Holm's correction over all pairs compared.
    """

    a: str
    b: str
    accuracy: Difference
    uar: Difference
    only_a: int
    only_b: int
    n_other_answer: int
    mcnemar_p: Share
    units_p: Share | None
    folds: ResampledT | None
    decided_by: Test
    p_value: Share
    p_adjusted: Share

    @property
    def beyond_chance(self) -> bool:
        """Whether the difference in accuracy is."""
        return self.p_adjusted < LEVEL


class Setting(Frozen):
    """Something in which the runs differ.

    Attributes:
        key: Dotted key of the recipe, or what of the protocol.
        values: One per run; None where it is not known or not set.
    """

    key: str
    values: tuple[str | None, ...]


class Comparison(Frozen):
    """Everything that `mien compare` found.

    Attributes:
        labels: K label names.
        n: Samples that are compared.
        support: Samples per class, [K].
        drawn: What the bootstrap draws: ``samples``, ``subjects`` or ``pictures``.
        n_drawn: How many of them there are.
        runs: The figures.
        pairs: The differences.
        settings: In what recipes and protocols differ.
        robustness: What each run loses under the disturbances that all were scored under.
        warnings: What a reader must know, one plain line each.
        versions: Package name to version.
        created: UTC date.
    """

    labels: tuple[str, ...]
    n: int
    support: tuple[int, ...]
    drawn: str
    n_drawn: int
    runs: tuple[RunFigures, ...]
    pairs: tuple[PairFigures, ...]
    settings: tuple[Setting, ...] = ()
    robustness: tuple[RobustnessLosses, ...] = ()
    warnings: tuple[str, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)
    created: date

    @classmethod
    def from_json(cls, text: str, source: str = "comparison") -> Comparison:
        """Parse and validate.

        Raises:
            MienError: The text is no such comparison.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise MienError(f"{source} is no comparison of mien: {error.errors()[0]['msg']}") from error
