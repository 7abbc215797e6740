"""In what recipes and protocols of compared runs differ, and what a reader of the comparison must know."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from mien.core.recipe_difference import dotted
from mien.metrics.classification import MISSED
from mien.metrics.comparing import Units
from mien.metrics.comparison import PairFigures, Setting
from mien.metrics.predictions import Predictions
from mien.report.scored_folder import ScoredRun

FEW_UNITS = 10
"""Below it, a bootstrap over them gives intervals that are too narrow."""


def settings_of(runs: Sequence[ScoredRun]) -> tuple[Setting, ...]:
    """What differs: protocol first, then the recipes' keys, then versions; equal ones are left out."""
    reports = [run.report for run in runs]
    rows = [
        Setting(key=key, values=values)
        for key, values in {
            "model": tuple(r.model for r in reports),
            "data": tuple(r.data for r in reports),
            "split": tuple(r.protocol.split for r in reports),
            "protocol": tuple(r.protocol.name for r in reports),
            "division (sha256)": tuple(r.protocol.sha256[:12] or None for r in reports),
            "selected on": tuple(r.selected_on for r in reports),
            "seeds": tuple(", ".join(map(str, r.seeds)) or None for r in reports),
            "recipe": tuple(r.recipe or None for r in reports),
        }.items()
    ]
    facts = [None if run.recipe is None else dotted(run.recipe.facts()) for run in runs]
    keys = sorted({key for known in facts if known is not None for key in known} - {"train.seed"})
    rows += [
        Setting(
            key=key,
            values=tuple(None if f is None or key not in f else _value(f[key]) for f in facts),
        )
        for key in keys
        if _differs([f.get(key, "") for f in facts if f is not None])
    ]
    packages = sorted({name for r in reports for name in r.versions})
    rows += [
        Setting(key=f"version of {p}", values=tuple(r.versions.get(p) for r in reports)) for p in packages
    ]
    return tuple(row for row in rows if len(set(row.values)) > 1)


def warnings_of(
    runs: Sequence[ScoredRun],
    tables: Sequence[Predictions],
    units: Units,
    pairs: Sequence[PairFigures],
) -> tuple[str, ...]:
    """One plain line for everything that limits what the comparison says."""
    n, labels, truth = len(tables[0].ids), tables[0].labels, tables[0].truth
    found = []
    kept = [f"{n:,} of {run.report.n:,} of {run.name}" for run in runs if run.report.n != n]
    if kept:
        found.append(f"only the samples that all runs share are compared: {', '.join(kept)}")
    if len({run.report.data for run in runs}) > 1:
        found.append("the runs name different data, though their samples and labels are the same")
    if n == 1:
        found.append("a single sample tells nothing about which run is better")
    absent = [label for k, label in enumerate(labels) if not (truth == k).any()]
    if absent:
        found.append(
            f"no sample of {', '.join(absent)}: UAR is over the other {len(labels) - len(absent)} classes"
        )
    if units.of is not None and units.n < FEW_UNITS:
        found.append(f"intervals draw only {units.n} {units.called}; with so few they are too narrow")
    for run, table in zip(runs, tables, strict=True):
        found += _about(run, table)
    found += [
        f"{pair.a} and {pair.b} give the same answer to every sample: perhaps one model, scored twice"
        for pair in pairs
        if not pair.n_other_answer
    ]
    unknown = [run.name for run in runs if run.recipe is None]
    if unknown:
        found.append(
            f"the recipe of {', '.join(unknown)} is not in its folder, or of another version: settings that "
            "differ may be missing below"
        )
    if len({run.report.selected_on for run in runs}) > 1:
        found.append("the checkpoints were not selected on the same data (see below)")
    crossed = [run for run in runs if run.report.folds is not None and len(run.report.folds.rows) > 1]
    if len(crossed) > 1 and len({run.report.protocol.sha256 for run in crossed}) > 1:
        found.append(
            "cross-validations with other folds are compared by their pooled answers, not fold by fold"
        )
    return tuple(found)


def _about(run: ScoredRun, table: Predictions) -> list[str]:
    """What must be known of one run."""
    report, said = run.report, table.predicted
    found = [f"{run.name}: {leak}" for leak in report.protocol.leaks]
    if report.protocol.select_on == report.protocol.report_on:
        found.append(f"{run.name}: the part that picked the checkpoint is the part that is reported")
    answers = np.unique(said[said != MISSED])
    if not len(answers):
        found.append(f"{run.name}: no face was found in any sample")
    elif len(answers) == 1 and len(said) > 1:
        found.append(f"{run.name} answers {table.labels[answers[0]]} to every sample")
    if report.folds is not None and len(report.folds.rows) < report.folds.n_folds:
        found.append(f"{run.name}: only {len(report.folds.rows)} of {report.folds.n_folds} folds were run")
    return found


def _differs(values: Sequence[object]) -> bool:
    return any(value != values[0] for value in values)


def _value(value: object) -> str:
    return value if isinstance(value, str) else "off" if value is None else json.dumps(value)
