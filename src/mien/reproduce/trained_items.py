"""Items whose numbers come from trainings: tables, sweeps, confusion matrices, learning curves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mien.core.errors import MienError
from mien.metrics.ablation import gap
from mien.report.published import PublishedItem
from mien.report.reproduction import Effect, Matrix, Measured, RunFacts, Table, unit_factor
from mien.reproduce.item import PARAMETERS, Curves, Item, Matrices, Measure, Run, Trained
from mien.reproduce.laying import Part, lay
from mien.reproduce.runs import (
    PREDICTIONS,
    Outcome,
    Plan,
    PlanKey,
    Runner,
    measured,
    parameters_of,
    predictions_of,
)

T = TypeVar("T")

SIZES = "parameters (millions)"
BarPlaces = tuple[str, list[str], list[tuple[str, str]]]
"""Title of a panel, names of its places, and the cell (row, column) at each."""
_MANY = 6
"""A table with more columns is drawn with a panel for each row."""


@dataclass(frozen=True)
class Slot:
    """A cell that is to be measured."""

    row: str
    column: str
    measure: Measure
    plan: Plan


def trained(way: Trained, printed: PublishedItem, item: Item, runner: Runner) -> Part:
    """A table of trainings, with its figure."""
    part = Part()
    slots = _slots(way, runner, part)
    failed = make_all(runner, [s.plan for s in slots if s.measure.metric != PARAMETERS], part)
    outcomes = {s.plan.key: runner.outcomes(s.plan) for s in slots if s.measure.run not in failed}
    cells: dict[str, dict[str, Measured | None]] = {}
    for slot in slots:
        found = outcomes.get(slot.plan.key, ())
        cells.setdefault(slot.row, {})[slot.column] = _figure(slot, found, printed)
    if way.sizes:
        _add_sizes(slots, cells)
    against, effects = _comparison(way, printed, slots, outcomes, part) if way.against else ("", {})
    table = lay(printed, cells, "", against, effects, unmeasured="not run")
    part.tables.append(table)
    part.runs += _facts(slots, outcomes)
    _draw(way, table, item, part)
    return part


def matrices(way: Matrices, printed: PublishedItem, item: Item, runner: Runner) -> Part:
    """Confusion matrices, published beside measured."""
    from mien.plots.matrices import MatrixPanel, matrices_figure

    part = Part()
    plans = plans_of(way.each, runner, part)
    failed = make_all(runner, plans.values(), part)
    panels = []
    for title in way.each:
        plan = plans.get(title)
        found = () if plan is None or plan.run in failed else runner.outcomes(plan)
        matrix = _matrix(title, printed, found)
        if matrix is None:
            continue
        part.matrices.append(matrix)
        for what, shares in (("published", matrix.published), ("measured", matrix.shares)):
            if shares is not None:
                filled = np.array([[np.nan if v is None else v for v in row] for row in shares], dtype=float)
                panels.append(MatrixPanel(f"{title}: {what}, %", matrix.labels, filled))
        if plan is not None and found:
            part.runs.append(fact_of(plan, found))
    if panels:
        part.figures[item.id] = matrices_figure(panels)
    return part


def curves(way: Curves, printed: PublishedItem, item: Item, runner: Runner) -> Part:
    """Loss and scores while learning, a figure for each training."""
    from mien.plots.curves import training_curves

    part = Part()
    plans = plans_of(way.each, runner, part)
    failed = make_all(runner, plans.values(), part)
    for title, plan in plans.items():
        found = () if plan.run in failed else runner.outcomes(plan)
        for outcome in found:
            for path in sorted(outcome.folder.rglob("history.json")):
                fold = "" if path.parent == outcome.folder else f"-{path.parent.name}"
                name = "".join(sign if sign.isalnum() else "-" for sign in title.lower())
                figure = training_curves(json.loads(path.read_text(encoding="utf-8")))
                part.figures[f"{item.id}-{name}-seed{outcome.seed}{fold}"] = figure
        if found:
            part.runs.append(fact_of(plan, found))
    return part


def _slots(way: Trained, runner: Runner, part: Part) -> list[Slot]:
    """The cells that can be measured at the scale; the others are told."""
    wanted, left_out = runner.scale.rows, []
    slots: list[Slot] = []
    for row, columns in way.cells.items():
        if wanted and row not in wanted:
            left_out.append(row)
            continue
        for column, measure in columns.items():
            plan = _plan(measure.run, runner, part)
            if plan is not None:
                slots.append(Slot(row, column, measure, plan))
    if left_out:
        part.missing.append(f"rows left out: {', '.join(left_out)}")
    kept = _once(slots, lambda s: (s.plan, s.measure.metric))
    order = {row: i for i, row in enumerate(way.cells)}
    return sorted(kept, key=lambda s: order[s.row])


def _plan(run: Run, runner: Runner, part: Part) -> Plan | None:
    try:
        plan = runner.plan(run)
    except MienError as error:
        part.missing.append(str(error))
        return None
    part.told += plan.scaled.told
    if plan.on is not None:
        part.told += plan.on.told
    return plan


def plans_of(each: Mapping[str, Run], runner: Runner, part: Part) -> dict[str, Plan]:
    """How each run is made at the scale; what cannot be is told, and no run stands under two titles."""
    found = [(title, _plan(run, runner, part)) for title, run in each.items()]
    made = [(title, plan) for title, plan in found if plan is not None]
    kept = dict(_once(made, lambda pair: (pair[1], "")))
    return {title: kept[title] for title in each if title in kept}


def _once(some: Sequence[T], plan_of: Callable[[T], tuple[Plan, str]]) -> list[T]:
    """Those of which no two are the same figure of one run that stands for several of the paper's.

    The one that stays is that of the data which are the run's own, or else the first: the same number twice
    would look like two findings.
    """
    own_first = sorted(some, key=lambda one: _is_stand_in(plan_of(one)[0]))
    taken: dict[tuple[PlanKey, str], str] = {}
    kept = []
    for one in own_first:
        plan, metric = plan_of(one)
        if taken.setdefault((plan.key, metric), plan.run.recipe) == plan.run.recipe:
            kept.append(one)
    return kept


def _is_stand_in(plan: Plan) -> bool:
    """Whether it runs on other data than the paper's recipe is named after."""
    return not plan.run.recipe.startswith(f"{plan.scaled.set_name}_")


def make_all(runner: Runner, plans: Iterable[Plan], part: Part) -> dict[Run, str]:
    """Train what is missing; what cannot be is told."""
    failed = runner.make(plans)
    part.missing += dict.fromkeys(failed.values())
    if runner.scale.folds and any(plan.scaled.recipe.data.protocol is not None for plan in plans):
        part.told.append(
            f"folds {', '.join(map(str, runner.scale.folds))} alone, and those that were there before"
        )
    return failed


def _figure(slot: Slot, found: tuple[Outcome, ...], printed: PublishedItem) -> Measured | None:
    factor = unit_factor(printed.unit, slot.column)
    if slot.measure.metric == PARAMETERS:
        return Measured(value=factor * parameters_of(slot.plan.scaled.recipe, slot.measure.run.row))
    return measured(found, slot.measure.metric, factor) if found else None


def _add_sizes(slots: list[Slot], cells: dict[str, dict[str, Measured | None]]) -> None:
    """The parameters of each row's first network."""
    for slot in slots:
        if SIZES not in cells[slot.row]:
            size = parameters_of(slot.plan.scaled.recipe, slot.measure.run.row)
            cells[slot.row][SIZES] = Measured(value=1e-6 * size)


def _comparison(
    way: Trained,
    printed: PublishedItem,
    slots: list[Slot],
    outcomes: Mapping[PlanKey, tuple[Outcome, ...]],
    part: Part,
) -> tuple[str, dict[str, Effect]]:
    """What the rows are compared with, and by how much, in the first column that was measured."""
    ours = [s for s in slots if s.measure.metric != PARAMETERS and outcomes.get(s.plan.key)]
    column = ours[0].column if ours else ""
    found = {s.row: outcomes[s.plan.key] for s in ours if s.column == column}
    part.missing += [
        f"{outcome.folder.name} has no {PREDICTIONS}, so no gap to its figure"
        for some in found.values()
        for outcome in some
        if not (outcome.folder / PREDICTIONS).is_file()
    ]
    effects = _effects(way, printed, found, column)
    if not effects:
        return "", {}
    several = sum(name.endswith("accuracy") for name in printed.columns) > 1
    return f"{way.against} ({column})" if several and column else way.against, effects


def _effects(
    way: Trained, printed: PublishedItem, outcomes: dict[str, tuple[Outcome, ...]], measured_column: str
) -> dict[str, Effect]:
    """What the compared row is better by, by the runs and by the paper in the column that was measured."""
    factor = unit_factor(printed.unit, "")
    best = outcomes.get(way.against, ())
    effects = {}
    for row in way.cells:
        if row == way.against:
            continue
        columns = [c for c in way.cells[row] if way.cells[row][c].metric != PARAMETERS]
        compared = "accuracy" if "accuracy" in columns else measured_column or columns[0]
        published = _published_gap(printed, way.against, row, compared)
        found = _measured_gap(best, outcomes.get(row, ()))
        if published is not None or found is not None:
            value, low, high = (None, None, None) if found is None else (factor * v for v in found)
            effects[row] = Effect(published=published, value=value, low=low, high=high)
    return effects


def _published_gap(printed: PublishedItem, against: str, row: str, column: str) -> float | None:
    if column not in printed.columns or against not in printed.rows or row not in printed.rows:
        return None
    place = printed.columns.index(column)
    better, worse = printed.rows[against][place], printed.rows[row][place]
    return None if better is None or worse is None else better - worse


def _measured_gap(best: tuple[Outcome, ...], other: tuple[Outcome, ...]) -> tuple[float, float, float] | None:
    """On the same samples; None where the two were not scored on the same."""
    told = [{o.seed: p for o in some if (p := predictions_of(o)) is not None} for some in (best, other)]
    if any(len(kept) < len(some) for kept, some in zip(told, (best, other), strict=True)):
        return None  # of some seeds only, it would not belong to the figures beside it
    try:
        found = gap(*told)
    except MienError:
        return None
    return None if found is None else (found.value, found.low, found.high)


def _matrix(title: str, printed: PublishedItem, found: tuple[Outcome, ...]) -> Matrix | None:
    """One matrix; None where there is neither a published nor a measured one."""
    published = tuple(printed.rows.values()) if printed.kind == "confusion" else None
    if not found:
        if published is None:
            return None
        return Matrix(title=title, labels=printed.columns, published=published)
    labels = found[0].report.labels
    counts = np.mean([outcome.report.matrix for outcome in found], axis=0)
    if published is not None and set(printed.columns) == set(labels):
        order = [labels.index(name) for name in printed.columns]
        labels, counts = printed.columns, counts[np.ix_(order, order)]
    elif published is not None:
        published = None  # of other classes, so they cannot stand in one matrix
    return Matrix(
        title=title,
        labels=labels,
        published=published,
        counts=tuple(map(tuple, counts.tolist())),
        accuracy=measured(found, "accuracy", 100.0),
    )


def _facts(slots: list[Slot], outcomes: Mapping[PlanKey, tuple[Outcome, ...]]) -> list[RunFacts]:
    plans = {slot.plan.key: slot.plan for slot in slots}
    return [fact_of(plan, outcomes[key]) for key, plan in plans.items() if outcomes.get(key)]


def fact_of(plan: Plan, found: tuple[Outcome, ...]) -> RunFacts:
    """What a reader must know of a run."""
    first = found[0].report
    scaled = plan.scaled
    return RunFacts(
        recipe=scaled.stem,
        row=plan.run.row,
        stands_for="" if scaled.as_published else scaled.stands_for,
        data=f"{first.data} {first.protocol.split}",
        n=first.n,
        seeds=tuple(outcome.seed for outcome in found),
        epochs=max(outcome.epochs for outcome in found),
        minutes=sum(outcome.minutes for outcome in found),
        selected_on=first.selected_on,
        leaks=first.protocol.leaks,
        recipe_hash=tuple(outcome.report.recipe_hash for outcome in found),
    )


def _draw(way: Trained, table: Table, item: Item, part: Part) -> None:
    """A curve or bars, where anything was measured."""
    shares = [column for column in table.columns if not column.endswith(")")]
    ours = [line for line in table.lines if line.ours]
    measured_ones = {c for c in shares if any(table.cell(line.name, c).measured for line in ours)}
    columns = [column for column in shares if column in measured_ones]
    if not columns:
        return
    if way.sweep is not None:
        _draw_sweep(way, table, columns, item, part)
    elif len(columns) > _MANY:
        rows = [line.name for line in ours if any(cell.measured for cell in line.cells)]
        _draw_bars([(row, columns, [(row, column) for column in columns]) for row in rows], table, item, part)
    else:
        _draw_bars([_panel_of(column, table) for column in columns], table, item, part)


def _panel_of(column: str, table: Table) -> BarPlaces:
    """A column's rows that have a figure."""
    cells = {line.name: table.cell(line.name, column) for line in table.lines}
    rows = [name for name, cell in cells.items() if cell.published is not None or cell.measured is not None]
    return column, rows, [(row, column) for row in rows]


def _draw_bars(places: list[BarPlaces], table: Table, item: Item, part: Part) -> None:
    from mien.plots.bars import BarPanel, bars_figure

    panels = []
    for title, names, keys in places:
        cells = [table.cell(*key) for key in keys]
        series = {
            "published": [cell.published for cell in cells],
            "measured": [cell.measured and cell.measured.value for cell in cells],
        }
        kept = {name: values for name, values in series.items() if any(v is not None for v in values)}
        ends = {"measured": [_ends(cell.measured) for cell in cells]}
        panels.append(BarPanel(_spaced(title), [_spaced(name) for name in names], kept, ends))
    part.figures[item.id] = bars_figure(panels, table.unit or "share (0 to 1)", from_zero=False)


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _ends(m: Measured | None) -> tuple[float, float] | None:
    return None if m is None or m.low is None or m.high is None else (m.low, m.high)


def _draw_sweep(way: Trained, table: Table, columns: list[str], item: Item, part: Part) -> None:
    from mien.plots.lines import Curve, lines_figure

    if way.sweep is None:
        return
    names, drawn = {line.name for line in table.lines}, []
    for column in columns:
        points = [
            (x, m)
            for row, x in sorted(way.sweep.x.items(), key=lambda pair: pair[1])
            if row in names and (m := table.cell(row, column).measured) is not None
        ]
        if points:
            xs, ms = zip(*points, strict=True)
            ends = [_ends(m) or (m.value, m.value) for m in ms]
            drawn.append(Curve(column, xs, [m.value for m in ms], [e[0] for e in ends], [e[1] for e in ends]))
    if drawn:
        part.figures[item.id] = lines_figure(
            drawn, way.sweep.label, f"{' and '.join(columns)} ({table.unit or 'share'})"
        )
