"""Search for good settings of a recipe with Optuna; killed at any moment, it goes on.

What is maximised is the score that also selects the checkpoint, on the part that selects it. The test split
is never looked at: train the best recipe afterwards and score that once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import optuna
import yaml
from optuna.trial import FrozenTrial, TrialState

from mien.core.errors import MienError
from mien.core.recipe import Recipe, with_values
from mien.core.search_space import Dimension
from mien.engine.fit import Listener, fit, selection_score
from mien.engine.loop import TrainState
from mien.engine.parts import make_parts, training_facts
from mien.engine.run_folder import write_whole
from mien.metrics.provenance import installed_versions
from mien.metrics.tuning import Trial, TuningTable

STUDY = "study.db"
_STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
_ERROR, _EPOCHS, _MINUTES = "error", "epochs", "minutes"
_N_UNPRUNED, _PRUNED_FROM_EPOCH = 4, 2  # what the first trials and epochs say is noise


@dataclass(frozen=True)
class Search:
    """A recipe and what may be changed in it.

    Attributes:
        recipe: With everything that is not searched.
        space: One dimension per key.
        seed: Of the search; trainings keep the recipe's own.
    """

    recipe: Recipe
    space: tuple[Dimension, ...]
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.space:
            raise MienError("a search needs something to vary: give --space at least once")
        keys = [d.key for d in self.space]
        if len(set(keys)) < len(keys):
            raise MienError(f"a key may be varied once only: {', '.join(keys)}")
        if self.recipe.train.select == "best_test":
            raise MienError(
                f"{self.recipe.name} selects on the test split (train.select: best_test), so a search would "
                "tune its settings to it: --set train.select=best_val"
            )
        self.changed({d.key: d.first for d in self.space})

    def changed(self, values: dict[str, Any]) -> Recipe:
        """The recipe with some values.

        Raises:
            MienError: There is no such key, or a value does not fit.
        """
        return with_values(self.recipe, values, f"{self.recipe.name}, --space")

    def fingerprint(self) -> str:
        """Over everything that makes trials comparable."""
        parts = [self.recipe.digest(), *(d.model_dump_json() for d in self.space), str(self.seed)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def tune(
    search: Search,
    root: Path | None,
    out_dir: Path,
    n_trials: int,
    listener: Listener | None = None,
    on_trial: Callable[[int, dict[str, Any]], object] = lambda number, values: None,
    on_sample: Callable[[], object] = lambda: None,
) -> TuningTable:
    """Try settings until there are `n_trials`, those of earlier calls included.

    Args:
        search: What to vary.
        root: The data set's folder; None looks below ``MIEN_DATA_ROOT``.
        out_dir: Gets the study (``study.db``, readable by Optuna's own tools), a run folder per trial, and
            ``best.yaml``, the recipe with the best values.
        n_trials: How many in all. Trials that are worse than the median of the others at the same epoch are
            stopped.
        listener: Hears of every step and epoch.
        on_trial: (number, values) before each.
        on_sample: Called for each picture read.

    Raises:
        MienError: The folder holds another search, the data do not fit, or every trial failed.
    """
    if n_trials < 1:
        raise MienError(f"--trials must be at least 1, got {n_trials}")
    study = _open(search, out_dir)
    for _ in range(n_trials - len(_finished(study))):
        trial = study.ask()
        values = {d.key: _suggest(trial, d) for d in search.space}
        on_trial(trial.number, values)
        recipe = search.changed(values)
        parts = make_parts(recipe, root, on_sample)
        told = _Told(study, trial, recipe)
        try:
            fit(recipe, parts, out_dir / _folder(values), True, told.listening(listener or Listener()))
        except optuna.TrialPruned:
            told.finish(TrialState.PRUNED)
        except MienError as error:
            trial.set_user_attr(_ERROR, str(error))
            told.finish(TrialState.FAIL)
        else:
            told.finish(TrialState.COMPLETE)
    table = _table(search, study)
    if table.best is None:
        raise MienError(f"no trial ended; the last one: {table.trials[-1].error or 'was stopped early'}")
    _write_best(out_dir / "best.yaml", search.changed(table.best.values), table)
    return table


class _Told:
    """What one training tells the study."""

    def __init__(self, study: optuna.Study, trial: optuna.Trial, recipe: Recipe) -> None:
        self.study, self.trial, self.train = study, trial, recipe.train
        self.state: TrainState | None = None

    def listening(self, listener: Listener) -> Listener:
        """The listener, which also reports each epoch and stops a hopeless run."""

        def start(state: TrainState, n: int, epochs: int) -> None:
            listener.on_start(state, n, epochs)
            self.state = state
            for row in state.history:  # of a trial that was killed
                self.trial.report(selection_score(self.train, row), int(row["epoch"]))

        def epoch(state: TrainState) -> None:
            listener.on_epoch(state)
            row = state.history[-1]
            self.trial.report(selection_score(self.train, row), int(row["epoch"]))
            if self.trial.should_prune():
                raise optuna.TrialPruned

        return replace(listener, on_start=start, on_epoch=epoch)

    def finish(self, how: TrialState) -> None:
        history = self.state.history if self.state else []
        self.trial.set_user_attr(_EPOCHS, len(history))
        self.trial.set_user_attr(_MINUTES, sum(row["seconds"] for row in history) / 60)
        best = self.state.best_score if self.state and how is TrialState.COMPLETE else None
        self.study.tell(self.trial, best, state=how)


def _open(search: Search, out_dir: Path) -> optuna.Study:
    """A new study, or the one in the folder; a trial that was killed is begun again with the same values."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MienError(f"{out_dir} cannot be made: {error.strerror}") from error
    study = optuna.create_study(
        storage=f"sqlite:///{out_dir / STUDY}",
        study_name=search.recipe.name,
        load_if_exists=True,
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=search.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_N_UNPRUNED, n_warmup_steps=_PRUNED_FROM_EPOCH),
    )
    known = study.user_attrs.get("fingerprint")
    if known is None:
        study.set_user_attr("fingerprint", search.fingerprint())
    elif known != search.fingerprint():
        raise MienError(
            f"{out_dir} holds a search with another recipe, space or seed: give another --run-dir"
        )
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params)
    return study


def _finished(study: optuna.Study) -> list[FrozenTrial]:
    """Trials that came to an end of their own; those of a killed process did not."""
    ended = study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL))
    return [t for t in ended if t.state is not TrialState.FAIL or _ERROR in t.user_attrs]


def _suggest(trial: optuna.Trial, dimension: Dimension) -> Any:
    if dimension.low is None or dimension.high is None:
        return yaml.safe_load(trial.suggest_categorical(dimension.key, dimension.choices))
    if dimension.whole:
        return trial.suggest_int(dimension.key, int(dimension.low), int(dimension.high), log=dimension.log)
    return trial.suggest_float(dimension.key, dimension.low, dimension.high, log=dimension.log)


def _folder(values: dict[str, Any]) -> str:
    """Named after its values, so that a trial that is begun again goes on in its own."""
    return "trial-" + hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]


def _table(search: Search, study: optuna.Study) -> TuningTable:
    train = search.recipe.train
    trials = tuple(_row(search, t) for t in _finished(study))
    return TuningTable(
        recipe=search.recipe.name,
        recipe_hash=search.recipe.digest(),
        metric=f"{'minus ' if train.select_metric == 'loss' else ''}{train.select_metric}",
        selected_on=training_facts(search.recipe).selected_on,
        space=search.space,
        seed=search.seed,
        trials=trials,
        importances=_importances(study, trials),
        versions=installed_versions(),
        created=datetime.now(UTC).date(),
    )


def _row(search: Search, trial: FrozenTrial) -> Trial:
    listed = {d.key for d in search.space if d.low is None}
    return Trial(
        number=trial.number,
        state=_STATES[trial.state],
        values={k: yaml.safe_load(v) if k in listed else v for k, v in trial.params.items()},
        score=trial.value,
        epochs=trial.user_attrs.get(_EPOCHS, 0),
        minutes=trial.user_attrs.get(_MINUTES, 0.0),
        error=trial.user_attrs.get(_ERROR, ""),
    )


def _importances(study: optuna.Study, trials: Sequence[Trial]) -> dict[str, float]:
    """Shares by fANOVA; of fewer than four different scores nothing can be said."""
    if len({t.score for t in trials if t.state == "complete"}) < 4:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    return optuna.importance.get_param_importances(study, evaluator=evaluator)


def _write_best(path: Path, recipe: Recipe, table: TuningTable) -> None:
    tree = recipe.model_dump(mode="json", exclude_defaults=True)
    best_of = f"the best of {len(table.trials)} trials, by {table.metric} on {table.selected_on}"
    try:
        write_whole(
            path,
            f"# {table.recipe} with {best_of}\n" + yaml.safe_dump(tree, sort_keys=False, allow_unicode=True),
        )
    except OSError as error:
        raise MienError(f"{path} cannot be written: {error.strerror}") from error
