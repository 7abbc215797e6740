"""A recipe: one flat, complete description of an experiment. A typo is an error, never a silent default."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from mien.core.augment import Augment
from mien.core.distillation import Distillation
from mien.core.errors import MienError
from mien.core.protocol_choice import Fixed, FromFile, MadeChoice, ProtocolChoice
from mien.core.registry import suggest
from mien.core.specs import Frozen, InputSpec
from mien.core.validation import one_line


class MethodChoice(Frozen):
    """Which method, with the parameters that differ from its paper's defaults."""

    name: str
    params: dict[str, Any] = Field(default_factory=dict)


class DataChoice(Frozen):
    """Which data, which split for what.

    Attributes:
        name: Data set's registry name.
        train_split: The set's own name of the split to learn from.
        val_split: Split to select on; None holds a part of `train_split` out.
        val_fraction: Share of `train_split` held out when there is no `val_split`; copies of a picture stay
            together, subjects too where the set knows them.
        test_split: The split to report on. Training never reads its labels.
        drop_leaks: Leave out training pictures that are exact copies of a picture in `test_split`.
        faces: ``ready`` takes pictures as crops, as they come; ``find`` finds and aligns the largest face of
            each; ``auto`` does what fits the set (a user's own folder or csv: find).
        soft_weight: Weight of the set's soft labels in the target; the rest is the hard label.
        soft_labels: ``as_given``, or ``calibrated``: what they say about the hard label, fitted on the
            training part.
        rename: Other names for the set's labels, first of all; several labels may become one.
        classes: Labels to keep; samples of others are left out. Empty keeps all.
        normalise: By which mean and standard deviation: those ``given`` in the input, those of the training
            part (``train``), or of its pixels that are neither black nor without depth (``train_measured``).
        split_seed: Seed of the held-out part, apart from the training seed so that seeds share the split.
        protocol: Folds to divide `train_split` into, for ``mien crossval``; `train_split` may then be
            ``all``, and `val_fraction`, `split_seed` and `drop_leaks` give way to the protocol's own
            parameters. None: one split, as named above.
    """

    name: str
    train_split: str = "train"
    val_split: str | None = None
    val_fraction: float = Field(default=0.1, gt=0, lt=1)
    test_split: str | None = None
    drop_leaks: bool = True
    faces: Literal["auto", "ready", "find"] = "auto"
    soft_weight: float = Field(default=0.0, ge=0, le=1)
    soft_labels: Literal["as_given", "calibrated"] = "as_given"
    rename: dict[str, str] = Field(default_factory=dict)
    classes: list[str] = Field(default_factory=list)
    normalise: Literal["given", "train", "train_measured"] = "given"
    split_seed: int = 0
    protocol: ProtocolChoice | None = None

    @model_validator(mode="after")
    def _parts_are_apart(self) -> DataChoice:
        if self.protocol is None:
            if self.test_split == self.train_split:
                raise ValueError(f"train_split and test_split are both {self.train_split!r}: give a protocol")
        elif self.val_split is not None or self.test_split not in (None, self.train_split):
            raise ValueError(
                "a protocol divides train_split (`all`: every sample of the set), so val_split and "
                "test_split stay empty"
            )
        return self


class TrainChoice(Frozen):
    """How to optimise.

    Attributes:
        epochs: Passes over the training part.
        batch_size: Samples a step, over all processes and accumulation steps.
        accumulate: Steps whose gradients are added before the weights change.
        sampler: ``shuffle`` sees every sample once an epoch; ``weighted`` draws as many with replacement,
            rare classes as often as common ones; ``mrr`` draws as many of each class as the rarest has,
            without replacement and anew each epoch (minimal random resampling of the ARM paper).
        optimizer: ``sgd``, ``adam`` or ``adamw``.
        lr: Peak learning rate.
        lr_factors: Factor of the rate for parts of the network, e.g. {backbone: 0.1}.
        freeze: Parts of the network that keep their weights and stay in eval mode.
        momentum: Of SGD.
        nesterov: Whether SGD's momentum looks ahead.
        betas: Of Adam and AdamW.
        weight_decay: Not applied to biases and normalisation layers.
        schedule: ``cosine`` to `lr_min`; ``step``: times `gamma` after every `step_epochs`; ``multistep``:
            times `gamma` after each of the `milestones`; ``exponential``: times `gamma` after every epoch;
            ``one_cycle``: a cosine from `lr_min` up over `rise` of the steps and one down; ``constant``.
        warmup_iters: Linear warm-up over this many steps; the last of them has the full rate.
        lr_min: Where the cosine ends.
        gamma: Factor of the falling schedules.
        step_epochs: Epochs between two steps of the step schedule.
        milestones: Epochs finished before each fall of the multistep schedule.
        rise: Share of a one-cycle run in which the rate rises.
        clip_norm: Largest gradient norm; None does not clip.
        label_smoothing: Share of the target spread evenly over all classes.
        mixup: Alpha of the Beta distribution (Zhang et al., ICLR 2018); 0 is off.
        cutmix: Alpha of the Beta distribution of CutMix (Yun et al., ICCV 2019); 0 is off. With mixup too,
            each batch gets one of the two, by the toss of a coin.
        mixup_off_epochs: The last so many epochs run without mixup and CutMix.
        class_weights: Weight classes by N / (K n_class).
        ema_decay: Decay of the weight average that is validated and kept; 0 is off.
        sam_rho: Radius of sharpness-aware minimisation (Foret et al., ICLR 2021): each step uses the gradient
            that distance uphill, which takes twice the time; 0 is off.
        patience: Stop after this many epochs, counted as `patience_counts` says; None runs all epochs.
        patience_counts: ``no_improvement``: epochs since the best selection score; ``rises``: epochs in a row
            in each of which the validation loss rose.
        select: ``best_val``, ``last``, or ``best_test``: for paper parity alone, and the report says so.
        select_metric: Score to select by.
        validations: Looks at the part that selects per epoch, evenly spread, the last at its end.
        precision: ``auto`` takes bf16 where the processor or GPU has it; ``fp16`` scales the loss.
        start_share: Share of the weights it began with (`init_from`) in those it ends with: between the two
            lie networks that keep what the one could and the other learnt (Wortsman et al., CVPR 2022).
        size_schedule: Side of the training crops from a given epoch on, e.g. {0: 32, 10: 48} (progressive
            resizing, Tan and Le, ICML 2021); validation always runs at the input's own size.
        keep_epochs: Epochs (from 1) whose weights are kept beside the best, for looking at them later;
            changes no number.
        seed: Of weights, order and augmentation.
    """

    epochs: int = Field(ge=1)
    batch_size: int = Field(default=64, ge=1)
    accumulate: int = Field(default=1, ge=1)
    sampler: Literal["shuffle", "weighted", "mrr"] = "shuffle"
    optimizer: Literal["sgd", "adam", "adamw"] = "sgd"
    lr: float = Field(gt=0)
    lr_factors: dict[str, float] = Field(default_factory=dict)
    freeze: list[str] = Field(default_factory=list)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    nesterov: bool = True
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = Field(default=0.0, ge=0)
    schedule: Literal["cosine", "step", "multistep", "exponential", "one_cycle", "constant"] = "cosine"
    warmup_iters: int = Field(default=0, ge=0)
    lr_min: float = Field(default=0.0, ge=0)
    gamma: float = Field(default=0.1, gt=0, le=1)
    step_epochs: int = Field(default=10, ge=1)
    milestones: list[int] = Field(default_factory=list)
    rise: float = Field(default=0.3, gt=0, lt=1)
    clip_norm: float | None = Field(default=None, gt=0)
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    mixup: float = Field(default=0.0, ge=0)
    cutmix: float = Field(default=0.0, ge=0)
    mixup_off_epochs: int = Field(default=0, ge=0)
    class_weights: bool = False
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    sam_rho: float = Field(default=0.0, ge=0)
    patience: int | None = Field(default=None, ge=1)
    patience_counts: Literal["no_improvement", "rises"] = "no_improvement"
    select: Literal["best_val", "last", "best_test"] = "best_val"
    select_metric: Literal["accuracy", "uar", "loss"] = "accuracy"
    validations: int = Field(default=1, ge=1)
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    start_share: float = Field(default=0.0, ge=0, lt=1)
    size_schedule: dict[int, int] = Field(default_factory=dict)
    keep_epochs: list[int] = Field(default_factory=list)
    seed: int = 0

    @model_validator(mode="after")
    def _consistent(self) -> TrainChoice:
        if self.accumulate > self.batch_size:
            raise ValueError(f"accumulate ({self.accumulate}) cannot exceed batch_size ({self.batch_size})")
        if self.patience is not None and self.select == "last":
            raise ValueError("patience needs a selection; select: last keeps every epoch")
        return self


class LossChoice(Frozen):
    """One term of the objective; see `mien.losses` for the names."""

    name: str
    weight: float = 1.0
    params: dict[str, Any] = Field(default_factory=dict)


class Expected(Frozen):
    """A published number beside which the measured one is shown.

    Attributes:
        metric: What it is.
        value: 0..1.
        source: Paper and table.
        scored_on: What it was measured on, where that is not the recipe's own test split.
    """

    metric: Literal["accuracy", "uar"] = "accuracy"
    value: float = Field(ge=0, le=1)
    source: str
    scored_on: str = ""


class Recipe(Frozen):
    """A whole experiment.

    Attributes:
        name: What the model will be called.
        about: For people.
        method: The network.
        input: Size, channels, normalisation, framing; None takes the method's.
        data: What to learn from.
        augment: Random changes of the training pictures.
        train: How.
        loss: Replaces the method's own objective; None keeps it.
        init_from: A trained model to start from: its run folder or file, or an embedded model's name.
        init_parts: Beginnings of the names of what is taken from there; empty takes everything.
        init_classes: ``same``: the model must tell the same classes where its classifier is taken;
            ``shared``: the classes that both know are taken over, the others start anew.
        distill: Trained models to learn from besides the labels; None: none.
        ablations: Named changes, dotted key to value, each a row of the paper's table.
        expected: Published numbers.
    """

    name: str
    about: str = ""
    method: MethodChoice
    input: InputSpec | None = None
    data: DataChoice
    augment: Augment = Augment()
    train: TrainChoice
    loss: list[LossChoice] | None = Field(default=None, min_length=1)
    init_from: str | None = None
    init_parts: list[str] = Field(default_factory=list)
    init_classes: Literal["same", "shared"] = "same"
    distill: Distillation | None = None
    ablations: dict[str, dict[str, Any]] = Field(default_factory=dict)
    expected: list[Expected] = Field(default_factory=list)

    @model_validator(mode="after")
    def _parity_is_said(self) -> Recipe:
        data, select = self.data, self.train.select
        if select == "best_test" and data.test_split is None and data.protocol is None:
            raise ValueError("select: best_test needs data.test_split or data.protocol")
        if data.protocol is None or isinstance(data.protocol, FromFile):
            return self
        if select == "best_val" and not _selects(data.protocol):
            raise ValueError(
                f"data.protocol {data.protocol.name} has no validation part (val_fraction: 0): set "
                "train.select to last, or to best_test for paper parity"
            )
        return self

    @model_validator(mode="after")
    def _classes_are_of_the_whole(self) -> Recipe:
        if self.init_classes == "shared" and (self.init_from is None or self.init_parts):
            raise ValueError("init_classes: shared goes with init_from, and takes everything: no init_parts")
        whole = self.init_from is not None and not self.init_parts and self.init_classes != "shared"
        if self.train.start_share and not whole:
            raise ValueError("train.start_share goes with an init_from that all weights are taken from")
        return self

    @model_validator(mode="after")
    def _teachers_see_whole_crops(self) -> Recipe:
        if self.distill is not None and self.train.size_schedule:
            raise ValueError("distill needs crops of the teachers' size: leave train.size_schedule out")
        mixes = self.train.mixup or self.train.cutmix
        if self.distill is not None and self.distill.sees == "whole" and mixes:
            raise ValueError(
                "distill.sees: whole goes with one face a crop: leave train.mixup and cutmix out"
            )
        return self

    @model_validator(mode="after")
    def _random_crops_have_room(self) -> Recipe:
        if self.augment.random_crop and (self.input is None or self.input.central == 1):
            raise ValueError(
                "augment.random_crop needs input.central below 1: the part of a picture that tests see"
            )
        return self

    def facts(self) -> dict[str, Any]:
        """Everything that changes the numbers, as plain data; name, text and expectations do not."""
        apart = {"name": True, "about": True, "ablations": True, "expected": True}
        facts = self.model_dump(mode="json", exclude={**apart, "train": {"keep_epochs"}})
        for part, key, usual in YOUNGER:
            if facts[part] and facts[part][key] == usual:
                del facts[part][key]
        return facts

    def digest(self) -> str:
        """sha256 of the facts."""
        return hashlib.sha256(json.dumps(self.facts(), sort_keys=True).encode()).hexdigest()


YOUNGER = (("augment", "blur_px", 1.5), ("distill", "sees", "damaged"), ("train", "start_share", 0.0))
"""(part, key, usual value) of keys younger than reports that name a digest: they count where they are set."""


def _selects(protocol: MadeChoice) -> bool:
    """Whether a protocol has a validation part."""
    return protocol.val_fraction > 0 or (isinstance(protocol, Fixed) and protocol.val is not None)


def parse_recipe(text: str, source: str, overrides: Sequence[str] = ()) -> Recipe:
    """Parse a recipe and apply ``key=value`` overrides.

    Args:
        text: YAML.
        source: Name of the file, for errors.
        overrides: Like ``train.lr=0.01``; a value is YAML.

    Raises:
        MienError: Not YAML, an unknown key (with the nearest known one), or a value out of range.
    """
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MienError(f"{source}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(tree, dict):
        raise MienError(f"{source}: a recipe is a mapping with name, method, data and train")
    for item in overrides:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise MienError(f"--set {item}: expected key=value, for example train.epochs=5")
        try:
            set_key(tree, key, yaml.safe_load(value))
        except yaml.YAMLError as error:
            raise MienError(f"--set {item}: {value!r} is not YAML") from error
    return validate_recipe(tree, source)


def validate_recipe(tree: dict[str, Any], source: str) -> Recipe:
    """A Recipe from plain data.

    Raises:
        MienError: As `parse_recipe`.
    """
    try:
        return Recipe.model_validate(tree)
    except ValidationError as error:
        raise MienError(f"{source}: {one_line(error, Recipe)}") from error


def ablation(recipe: Recipe, name: str) -> Recipe:
    """One of a recipe's ablations as a recipe of its own, named after both.

    Raises:
        MienError: There is none of that name, or its changes do not fit the recipe.
    """
    if name not in recipe.ablations:
        raise MienError(f"{recipe.name} has no ablation {name!r}{suggest(name, list(recipe.ablations))}")
    values = {**recipe.ablations[name], "name": f"{recipe.name}-{name}"}
    return with_values(recipe, values, f"{recipe.name}, ablation {name}")


def with_values(recipe: Recipe, values: Mapping[str, object], source: str) -> Recipe:
    """A recipe with some keys changed; its ablations and expectations, which are about itself, stay behind.

    Args:
        recipe: What to change.
        values: Dotted key to value.
        source: What changes it, for errors.

    Raises:
        MienError: There is no such key, or a value does not fit.
    """
    tree = recipe.model_dump(mode="json", exclude={"ablations", "expected"})
    for key, value in values.items():
        set_key(tree, key, value)
    return validate_recipe(tree, source)


def seeded(recipe: Recipe, seed: int) -> Recipe:
    """A recipe that trains with another seed."""
    return with_values(recipe, {"train.seed": seed}, f"{recipe.name}, seed {seed}")


def set_key(tree: dict[str, Any], dotted: str, value: object) -> None:
    """Set ``a.b.c`` in nested mappings, making those on the way; a policy replaces the whole section."""
    if dotted == "augment.policy":  # what stands there already would change it
        tree["augment"] = {}
    *way, last = dotted.split(".")
    for part in way:
        if tree.get(part) is None:
            tree[part] = {}
        tree = tree[part]
        if not isinstance(tree, dict):
            raise MienError(f"{dotted}: {part} is a value, not a section")
    tree[last] = value
