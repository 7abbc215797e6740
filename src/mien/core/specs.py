"""What travels with every weight file: label order, input, crop framing, calibration. Nothing is guessed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mien.core.errors import MienError
from mien.core.labels import LabelKind, LabelSpace
from mien.core.validation import one_line

Precision = Literal["fp32", "fp16", "int8"]
SPEC_KEY = "mien.model_spec"
"""Name of the metadata entry that holds the ModelSpec's JSON in ONNX and safetensors files."""


class Frozen(BaseModel):
    """Immutable and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AlignSpec(Frozen):
    """Where the five points of a face lie in a model's crop.

    Attributes:
        points: (x, y) of right eye, left eye, nose tip, right and left mouth corner (the person's right
            and left, so the right eye is at the picture's left), as fractions of the crop's side; (0, 0) is
            the crop's upper left corner, (1, 1) its lower right one.
        fill: Grey value (0..255) outside the picture.
    """

    points: tuple[
        tuple[float, float],
        tuple[float, float],
        tuple[float, float],
        tuple[float, float],
        tuple[float, float],
    ]
    fill: int = 0


class InputSpec(Frozen):
    """What a model expects at its input.

    Attributes:
        size_px: Side of the square crop in pixels.
        channels: ``rgb`` (3), ``gray`` (1, BT.601 luma) or ``rgbd`` (4).
        mean: Mean per channel on the 0..1 scale.
        std: Standard deviation per channel on the 0..1 scale.
        depth_range_mm: Nearest and farthest depth, mapped to 0..1; only with ``rgbd``.
        align: The crop's framing; None for models that are only used on ready crops.
        central: Share of a ready-made crop's side that the model sees, in its middle: FDRL's 224 of 256 px
            are 0.875. A face that is cut out by its points is framed by `align` alone.
        enlarge: How a smaller picture is enlarged to the crop.
        homomorphic: Even out the light of each crop before anything else, see `mien.faces.light`.
        equalise: Then equalise the histogram of each crop's luma.
    """

    size_px: int = Field(ge=8, le=2048)
    channels: Literal["rgb", "gray", "rgbd"]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    depth_range_mm: tuple[float, float] | None = None
    align: AlignSpec | None = None
    central: float = Field(default=1.0, ge=0.5, le=1)
    enlarge: Literal["linear", "cubic"] = "linear"
    homomorphic: bool = False
    equalise: bool = False

    @property
    def wide_px(self) -> int:
        """Side to which a ready-made crop is brought; the model sees its middle `size_px`."""
        return round(self.size_px / self.central)

    def widened(self) -> InputSpec:
        """The same input with all of a ready-made crop in view, for random crops of it while learning."""
        wide, margin = self.wide_px, (self.wide_px - self.size_px) // 2
        changes: dict[str, object] = {"size_px": wide, "central": 1.0}
        if self.align is not None:
            points = [tuple((v * self.size_px + margin) / wide for v in point) for point in self.align.points]
            changes["align"] = self.align.model_copy(update={"points": tuple(points)})
        return self.model_copy(update=changes)

    @property
    def n_channels(self) -> int:
        """Number of input channels."""
        return {"rgb": 3, "gray": 1, "rgbd": 4}[self.channels]

    @model_validator(mode="after")
    def _consistent(self) -> InputSpec:
        if not len(self.mean) == len(self.std) == self.n_channels:
            raise ValueError(f"{self.channels} needs {self.n_channels} means and standard deviations")
        if (self.depth_range_mm is None) == (self.channels == "rgbd"):
            raise ValueError("depth_range_mm goes with channels 'rgbd' and only with it")
        return self


class Calibration(Frozen):
    """Temperature scaling: probabilities = softmax(logits / temperature) (Guo et al., ICML 2017)."""

    temperature: float = Field(default=1.0, gt=0)
    fitted_on: str = "not fitted"


class UnsureRule(Frozen):
    """How `ModelSpec.unsure_below` was chosen, and what it cost there.

    Attributes:
        wanted_accuracy: Share of right answers that the faces at or above the limit should reach, 0..1.
        coverage: Share of the faces at or above it.
        accuracy: Of them; below what was wanted where no limit reaches it.
        fitted_on: The data, in words.
    """

    wanted_accuracy: float = Field(gt=0, le=1)
    coverage: float = Field(ge=0, le=1)
    accuracy: float = Field(ge=0, le=1)
    fitted_on: str


class LogitStatistics(Frozen):
    """Mean and standard deviation of each label's logit, which bring the labels to one scale.

    Attributes:
        mean: In the order of the labels.
        std: In the order of the labels, above 0.
        fitted_on: The data, in words.
    """

    mean: tuple[float, ...]
    std: tuple[Annotated[float, Field(gt=0)], ...]
    fitted_on: str


class TrainingFacts(Frozen):
    """Where a model comes from, for the reports about it.

    Attributes:
        recipe: Name of the recipe.
        recipe_hash: Its digest.
        seeds: Training seeds.
        selected_on: The data that picked the checkpoint, in words.
        leaks: What the protocol leaks, one line each; empty for an honest one.
        protocol_sha256: Over which sample was in which part.
    """

    recipe: str
    recipe_hash: str
    seeds: tuple[int, ...] = ()
    selected_on: str
    leaks: tuple[str, ...] = ()
    protocol_sha256: str = ""


class ModelSpec(Frozen):
    """Everything a program needs to run a model and to read its output.

    Attributes:
        name: Public name, e.g. ``mien-base``.
        version: Version of the weights.
        method: Registry name of the method that trained it.
        labels: Label names in the order of the logits.
        kind: Kind of the label space.
        input: What the model expects.
        depth_optional: Whether a model that sees depth also serves pictures without, as it was trained to.
        calibration: How logits become probabilities.
        unsure_below: A face whose confidence is lower is reported as unsure; None: no such limit.
        unsure_rule: Where that limit comes from; None where it was not fitted.
        basic_statistics: Of the logits, for compound emotions from basic ones; None: not known.
        trained_on: Data sets and their terms, one line.
        licence: Terms of the weights, one line.
        training: Recipe and selection; None for a model that mien did not train.
        precision: Of the numbers it reckons with.
    """

    name: str
    version: str = "1"
    method: str
    labels: tuple[str, ...]
    kind: LabelKind = "basic"
    input: InputSpec
    depth_optional: bool = False
    calibration: Calibration = Calibration()
    unsure_below: float | None = Field(default=None, ge=0, le=1)
    unsure_rule: UnsureRule | None = None
    basic_statistics: LogitStatistics | None = None
    trained_on: str = ""
    licence: str = ""
    training: TrainingFacts | None = None
    precision: Precision = "fp32"

    @model_validator(mode="after")
    def _statistics_fit_the_labels(self) -> ModelSpec:
        known = self.basic_statistics
        if known is not None and not len(known.mean) == len(known.std) == len(self.labels):
            raise ValueError(
                f"basic_statistics needs one mean and one std for each of {len(self.labels)} labels"
            )
        return self

    @property
    def label_space(self) -> LabelSpace:
        """The labels as a LabelSpace."""
        return LabelSpace(self.labels, self.kind)

    def to_json(self) -> str:
        """One line of JSON."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str, source: str = "model") -> ModelSpec:
        """Parse and validate.

        Args:
            text: JSON written by `to_json`.
            source: Named in the error.

        Raises:
            MienError: The text is no valid ModelSpec.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise MienError(f"{source}: its ModelSpec is not valid: {one_line(error, cls)}") from error
