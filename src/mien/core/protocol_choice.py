"""Which samples teach, select and are reported: the protocols a recipe may name, each with its parameters.

Those with a paper in their name repeat what the paper did, leaks included; reports then say what leaks.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from mien.core.errors import MienError
from mien.core.specs import Frozen
from mien.core.validation import one_line

Group = Literal["image", "copies", "sequence", "subject"]
Eightfold = Literal["none", "training", "before_split"]


class Division(Frozen):
    """What all protocols share.

    Attributes:
        group: What never stands in two parts at once: a ``subject``, a ``sequence``, exact ``copies`` of a
            picture, or nothing but the single ``image``.
        val_fraction: Share of each training part that is held out to select on; 0: no validation part.
        seed: Same seed, same folds, whatever the order of the samples in memory.
        eightfold: Add a mirror image and six rotations (5, 10 and 15 degrees either way) of each picture: to
            the ``training`` part alone, or of all pictures ``before_split``, as the MFF paper did with JAFFE.
    """

    group: Group = "subject"
    val_fraction: float = Field(default=0.2, ge=0, lt=1)
    seed: int = Field(default=0, ge=0)
    eightfold: Eightfold = "none"

    def in_words(self) -> str:
        """The protocol on one line."""
        held = f"{self.val_fraction:.0%} of each training part held out" if self.val_fraction else ""
        more = {
            "none": "",
            "training": "training pictures eightfold",
            "before_split": "pictures made eightfold before they were divided",
        }[self.eightfold]
        said = (self._division(), held or "no validation part", more, f"seed {self.seed}")
        return ", ".join(part for part in said if part)

    def _division(self) -> str:
        return f"by {self.group}"


class Fixed(Division):
    """The splits that a data set comes with.

    Attributes:
        train: Split to learn from.
        val: Split to select on; None holds a part of `train` out.
        test: Split to report on.
    """

    name: Literal["fixed"] = "fixed"
    train: str = "train"
    val: str | None = None
    test: str = "test"

    def _division(self) -> str:
        return f"fixed split: {self.train} teaches, {self.test} is tested"


class Folding(Division):
    """K-fold cross-validation: each group is tested once a repetition.

    Attributes:
        folds: K.
        repeats: How often everything is divided anew.
        subjects: Draw so many subjects and leave the others out; None takes all.
        redraw: Draw them anew for each repetition, instead of once.
    """

    folds: int = Field(default=10, ge=2)
    repeats: int = Field(default=1, ge=1)
    subjects: int | None = Field(default=None, ge=2)
    redraw: bool = True

    def _division(self) -> str:
        times = f"{self.repeats} x " if self.repeats > 1 else ""
        drawn = ""
        if self.subjects is not None:
            drawn = f" among {self.subjects} subjects"
            if self.repeats > 1:
                drawn += f" drawn {'anew for each repetition' if self.redraw else 'once'}"
        return f"{times}{self.folds}-fold by {self.group}{drawn}"


class KFold(Folding):
    """K-fold cross-validation by subject, unless `group` says otherwise."""

    name: Literal["kfold"] = "kfold"


class LeaveOneOut(Division):
    """As many folds as there are subjects (or what else `group` names): each is tested alone."""

    name: Literal["leave_one_out"] = "leave_one_out"

    def _division(self) -> str:
        return f"leave one {self.group} out"


class Splitting(Division):
    """A random split, made again and again.

    Attributes:
        train_fraction: Share that teaches (and selects); the rest is tested.
        repeats: How often.
    """

    train_fraction: float = Field(default=0.6, gt=0, lt=1)
    repeats: int = Field(default=10, ge=1)

    def _division(self) -> str:
        share = f"{self.train_fraction:.0%} / {1 - self.train_fraction:.0%}"
        return f"{self.repeats} random splits {share} by {self.group}"


class RepeatedSplit(Splitting):
    """Random splits 60 / 40 by subject, unless told otherwise."""

    name: Literal["repeated_split"] = "repeated_split"


class Bu3dfe60(Folding):
    """BU-3DFE's customary protocol: 60 subjects, 54 against 6, ten folds, a hundred times."""

    name: Literal["bu3dfe_60"] = "bu3dfe_60"
    repeats: int = Field(default=100, ge=1)
    subjects: int | None = Field(default=60, ge=2)


class MffImageFolds(Folding):
    """MFF-CNN: 10 x 10 folds of single pictures, counts pooled; `eightfold: before_split` on JAFFE."""

    name: Literal["mff_image_folds"] = "mff_image_folds"
    group: Group = "image"
    repeats: int = Field(default=10, ge=1)
    val_fraction: float = Field(default=0.0, ge=0, lt=1)


class ThesisSampleFolds(Folding):
    """RGB-D thesis on CalD3r and MenD3s: five folds of single pictures; the tested part selects."""

    name: Literal["thesis_sample_folds"] = "thesis_sample_folds"
    group: Group = "image"
    folds: int = Field(default=5, ge=2)
    val_fraction: float = Field(default=0.0, ge=0, lt=1)
    seed: int = Field(default=42, ge=0)


class ThesisSplits(Splitting):
    """RGB-D thesis on BU-3DFE: random 60 / 40 splits of single pictures, accuracies averaged."""

    name: Literal["thesis_60_40"] = "thesis_60_40"
    group: Group = "image"
    val_fraction: float = Field(default=0.0, ge=0, lt=1)


class Thesis60Subjects(Folding):
    """RGB-D thesis on BU-3DFE as its code has it: 60 subjects, 10 x 10 folds of their single pictures."""

    name: Literal["thesis_60_subjects"] = "thesis_60_subjects"
    group: Group = "image"
    repeats: int = Field(default=10, ge=1)
    subjects: int | None = Field(default=60, ge=2)
    val_fraction: float = Field(default=0.0, ge=0, lt=1)


class FromFile(Frozen):
    """Folds frozen before, by `mien data folds --out` or a cross-validation.

    Attributes:
        file: The json file.
    """

    name: Literal["frozen"] = "frozen"
    file: str


MadeChoice = (
    Fixed
    | KFold
    | LeaveOneOut
    | RepeatedSplit
    | Bu3dfe60
    | MffImageFolds
    | ThesisSampleFolds
    | ThesisSplits
    | Thesis60Subjects
)
"""Protocols that are made from samples."""

ProtocolChoice = Annotated[MadeChoice | FromFile, Field(discriminator="name")]
"""Any protocol a recipe may name."""


class _Holder(Frozen):
    protocol: ProtocolChoice


def parse_protocol(tree: dict[str, Any]) -> MadeChoice | FromFile:
    """A protocol from its name and parameters.

    Raises:
        MienError: Unknown name or parameter, or a value out of range.
    """
    try:
        return _Holder.model_validate({"protocol": tree}).protocol
    except ValidationError as error:
        raise MienError(one_line(error, _Holder)) from error
