"""The trainings behind an item: done where they are missing, gone on with where they stopped, else read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mien import api
from mien.core.errors import MienError
from mien.core.recipe import Recipe, ablation, seeded
from mien.metrics.ablation import FULL, AblationRun
from mien.metrics.predictions import Predictions
from mien.metrics.report import Report
from mien.report.page import write_text
from mien.report.reproduction import Measured
from mien.reproduce.item import Paper, Run
from mien.reproduce.roots import Roots
from mien.reproduce.scale import Scale, Scaled, scaled

if TYPE_CHECKING:
    from mien.engine.crossval import FoldListener
    from mien.engine.fit import Listener

PlanKey = tuple[Path, str, str]
REPORT, PREDICTIONS, FIGURES = "report.json", "predictions.csv", "run.json"
FOLD_FIGURES = "fold-*/fold.json"


class Unavailable(MienError):
    """Data that an item needs are not here; the rest of it can still be made."""


@dataclass(frozen=True)
class Ears:
    """What a display hears; every field may be replaced.

    Attributes:
        on_run: (recipe, row, seed) before each training or scoring.
        listener: Hears of every step and epoch of a single training.
        folds: Hears of every fold.
        on_sample: Called for each picture read.
    """

    on_run: Callable[[str, str, int], object] = lambda recipe, row, seed: None
    listener: Listener | None = None
    folds: FoldListener | None = None
    on_sample: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Plan:
    """A run at the scale that was asked for.

    Attributes:
        run: What the paper's file asks for.
        scaled: Its recipe.
        folder: Of all rows of the recipe.
        on: The recipe whose test data are scored; None for the run's own.
    """

    run: Run
    scaled: Scaled
    folder: Path
    on: Scaled | None

    @property
    def key(self) -> PlanKey:
        """Equal for runs that are the same training and the same scoring."""
        return self.folder, self.run.row, "" if self.on is None else self.on.stem

    def place(self, seed: int) -> Path:
        """The run's own folder."""
        return self.folder / f"{self.run.row}-seed{seed}"

    def report(self, seed: int) -> Path:
        """Where its report is written."""
        if self.on is None:
            return self.place(seed) / REPORT
        data = self.on.recipe.data
        return self.place(seed) / f"on-{data.name}-{data.test_split}.report.json"


@dataclass(frozen=True)
class Outcome:
    """One seed of a run, trained and scored."""

    seed: int
    report: Report
    minutes: float
    epochs: int
    folder: Path


@dataclass(eq=False)
class Runner:
    """Trains what an item needs.

    Attributes:
        paper: Whose recipes.
        scale: How far to depart from them.
        roots: Where the data are.
        out: Runs go to ``runs/`` below it, shared by all items.
        ears: Hear of it.
        keep_epochs: Epochs whose weights are kept, for explanations of them.
    """

    paper: Paper
    scale: Scale
    roots: Roots
    out: Path
    ears: Ears = field(default_factory=Ears)
    keep_epochs: list[int] = field(default_factory=list)
    _scaled: dict[str, Scaled | None] = field(default_factory=dict)

    def scaled(self, recipe: str) -> Scaled | None:
        """A recipe at the scale; None where the small budget has nothing for it."""
        if recipe not in self._scaled:
            self._scaled[recipe] = scaled(self.paper, recipe, self.scale)
        return self._scaled[recipe]

    def plan(self, run: Run) -> Plan:
        """How a run is made at the scale.

        Raises:
            MienError: There is nothing that stands for it.
        """
        chosen = self.scaled(run.recipe)
        on = self.scaled(run.on) if run.on else None
        if chosen is None or (run.on and on is None):
            raise MienError(f"no small recipe stands for {run.recipe}")
        if run.row != FULL and run.row not in chosen.recipe.ablations:
            raise MienError(f"{chosen.stem} has no row {run.row}")
        name = chosen.stem + (f"-from-{run.start_row}" if run.start_row != FULL else "")
        if chosen.recipe.digest() != api.load_recipe(chosen.stem).digest():
            name += f"-{chosen.recipe.digest()[:8]}"
        return Plan(run, chosen, self.out / "runs" / name, on)

    def root(self, scaled: Scaled) -> Path:
        """The folder of a recipe's data.

        Raises:
            Unavailable: They are not here.
        """
        name = scaled.set_name
        try:
            return self.roots.find(name)
        except MienError as error:
            raise Unavailable(f"the data set {name} is not here (--data-root {name}=DIR)") from error

    def outcomes(self, plan: Plan) -> tuple[Outcome, ...]:
        """What was measured, one a seed, without training anything; empty where a seed is missing.

        Raises:
            MienError: A file is damaged.
        """
        found = []
        for seed in self.scale.seeds:
            path = plan.report(seed)
            if not path.is_file():
                return ()
            report = _report(path)
            minutes, epochs = _cost(plan.place(seed), report, plan.scaled.recipe)
            found.append(Outcome(seed, report, minutes, epochs, plan.place(seed)))
        return tuple(found)

    def make(self, plans: Iterable[Plan]) -> dict[Run, str]:
        """Train and score what is missing; the first seeds of all come first.

        Returns:
            Why a run could not be made, by run: its data are not here.

        Raises:
            MienError: A run folder is damaged, or a training fails.
        """
        failed: dict[Run, str] = {}
        wanted = list({plan.key: plan for plan in plans}.values())
        for seed in self.scale.seeds:
            groups: dict[tuple[Path, str], list[Plan]] = {}
            for plan in wanted:
                if plan.run not in failed and not self._is_done(plan, seed):
                    groups.setdefault((plan.folder, plan.run.start_row), []).append(plan)
            for group in groups.values():
                try:
                    on = [self.root(plan.on) for plan in group if plan.on is not None]
                    self._train(group, seed)
                except Unavailable as error:
                    failed |= dict.fromkeys((plan.run for plan in group), str(error))
                    continue
                for plan in (p for p in group if p.on is not None):
                    self._score_elsewhere(plan, seed, on[0])
        return failed

    def _is_done(self, plan: Plan, seed: int) -> bool:
        """Whether nothing is left to do; folds are gone on with until all that were asked for are there."""
        if not plan.report(seed).is_file():
            return False
        if plan.scaled.recipe.data.protocol is None:
            return (plan.place(seed) / FIGURES).is_file()  # written last
        finished = {int(path.parent.name.rpartition("-")[2]) for path in plan.place(seed).glob(FOLD_FIGURES)}
        if self.scale.folds:
            return finished >= set(self.scale.folds)
        report = _report(plan.report(seed))
        return report.folds is not None and len(report.folds.rows) >= report.folds.n_folds

    def _train(self, group: list[Plan], seed: int) -> None:
        """Rows of one recipe with one seed."""
        root, recipe = self.root(group[0].scaled), self._started(group[0], seed)
        kept = recipe.train.model_copy(update={"keep_epochs": self.keep_epochs})
        recipe = recipe.model_copy(update={"train": kept})
        rows = list(dict.fromkeys(plan.run.row for plan in group))
        if recipe.data.protocol is None:
            api.ablate(
                recipe,
                root,
                group[0].folder,
                rows,
                [seed],
                listener=self.ears.listener,
                on_run=lambda row, s: self.ears.on_run(group[0].scaled.stem, row, s),
                on_sample=self.ears.on_sample,
            )
            return
        for plan in group:
            self.ears.on_run(plan.scaled.stem, plan.run.row, seed)
            self._cross_validate(plan, seeded(_row_of(recipe, plan.run.row), seed), seed, root)

    def _cross_validate(self, plan: Plan, recipe: Recipe, seed: int, root: Path) -> None:
        folder = plan.place(seed)
        report, predictions = api.crossval(
            recipe,
            root,
            folder,
            only=self.scale.folds,
            resume=True,
            listener=self.ears.folds,
            on_sample=self.ears.on_sample,
        )
        write_text(folder / PREDICTIONS, predictions.to_csv())
        write_text(folder / REPORT, report.to_json() + "\n")

    def _score_elsewhere(self, plan: Plan, seed: int, root: Path) -> None:
        """Compounds by a model of basic emotions."""
        from mien.engine.compounds import score_compounds

        if plan.on is None or plan.report(seed).is_file():
            return
        if plan.scaled.recipe.data.protocol is not None:
            raise MienError(
                f"{plan.scaled.stem} runs in folds, so no one model of it can be scored elsewhere"
            )
        report = score_compounds(plan.place(seed), plan.on.recipe, root, self.ears.on_sample).report
        write_text(plan.report(seed), report.to_json() + "\n")

    def _started(self, plan: Plan, seed: int) -> Recipe:
        """The recipe, starting from the run of the same seed where it starts from another recipe's run.

        Raises:
            MienError: That recipe does not come with mien.
            Unavailable: Its data are not here.
        """
        from mien.engine.dry_run import runs_needed, with_run

        recipe = plan.scaled.recipe
        for place, path in runs_needed(recipe).items():
            before = self._before(Path(path).name, plan.run.start_row)
            if not before.report(seed).is_file():
                self._train([before], seed)
            recipe = with_run(recipe, place, str(before.place(seed)))
        return recipe

    def _before(self, stem: str, row: str) -> Plan:
        """The run that another starts from."""
        if stem not in api.list_recipes():
            raise MienError(f"{stem} is no recipe that comes with mien, so its run cannot be made")
        names = [name for name, small in self.paper.small.items() if small == stem]
        return self.plan(Run(names[0] if self.scale.budget == "small" and names else stem, row))


def measured(outcomes: tuple[Outcome, ...], metric: str, factor: float) -> Measured | None:
    """A figure over the seeds; None where no sample of the class was tested.

    Args:
        outcomes: At least one.
        metric: ``accuracy``, ``uar`` or a class.
        factor: From shares to the table's unit.

    Raises:
        MienError: A class that the model does not know.
    """
    triples = [_figure(outcome.report, metric) for outcome in outcomes]
    known = [t for t in triples if t is not None]
    if len(known) < len(triples):
        return None
    value, low, high = np.mean(known, axis=0) * factor
    return Measured(
        value=float(value), low=float(low), high=float(high), each=tuple(factor * t[0] for t in known)
    )


def _figure(report: Report, metric: str) -> tuple[float, float, float] | None:
    """A figure and its interval."""
    if metric == "accuracy":
        return report.accuracy, *report.intervals.accuracy
    if metric == "uar":
        return report.uar, *report.intervals.uar
    if metric not in report.labels:
        raise MienError(f"{report.model} does not tell {metric}; it tells {', '.join(report.labels)}")
    k = report.labels.index(metric)
    recall, interval = report.recalls[k], report.intervals.recalls[k]
    return None if recall is None or interval is None else (recall, *interval)


def predictions_of(outcome: Outcome) -> Predictions | None:
    """What was said of each sample; None where that was not kept."""
    path = outcome.folder / PREDICTIONS
    return Predictions.from_csv(path.read_text(encoding="utf-8"), str(path)) if path.is_file() else None


def parameters_of(recipe: Recipe, row: str) -> int:
    """Weights that learn of the network that a row describes; nothing is trained and no weight is made.

    Raises:
        MienError: The recipe has no such row, or the network cannot be built.
    """
    api.need_train_extra()
    import torch

    from mien.data.datasets import DATASETS
    from mien.engine.checkpoint import build_method
    from mien.methods import METHODS, parse_params

    one = _row_of(recipe, row)
    labels = DATASETS[one.data.name].labels
    n_classes = len(one.data.classes) or (7 if labels is None else len(labels))
    params = parse_params(one.method.name, one.method.params)
    with torch.device("meta"):
        method = build_method(one, n_classes, one.input or METHODS[one.method.name].input_for(params), False)
    return sum(p.numel() for p in method.parameters())


def _report(path: Path) -> Report:
    """A run's report.

    Raises:
        MienError: It is damaged.
    """
    try:
        return Report.from_json(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise MienError(f"{path} is damaged: no text; delete it to score the run again") from error


def _row_of(recipe: Recipe, row: str) -> Recipe:
    return recipe if row == FULL else ablation(recipe, row)


def _cost(folder: Path, report: Report, recipe: Recipe) -> tuple[float, int]:
    """Minutes of training, and epochs that were run."""
    if report.folds is not None:
        rows = report.folds.rows
        return sum(row.minutes for row in rows), max(row.epochs for row in rows)
    path = folder / FIGURES
    if not path.is_file():
        return 0.0, recipe.train.epochs
    try:
        run = AblationRun.model_validate_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise MienError(f"{path} is damaged: delete {folder} to train the run again") from error
    return run.minutes, run.epochs
