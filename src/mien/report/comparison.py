"""`mien compare`: runs side by side, as a page, markdown, LaTeX, csv and json."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from mien.core.errors import MienError
from mien.metrics.alignment import align
from mien.metrics.comparing import Folds, compare_pairs, run_figures, units_of
from mien.metrics.comparison import Comparison, RunFigures
from mien.metrics.provenance import installed_versions
from mien.metrics.robustness_losses import RobustnessLosses, robustness_losses
from mien.report.comparison_page import comparison_html
from mien.report.comparison_settings import settings_of, warnings_of
from mien.report.comparison_words import RUN_COLUMNS, gap_words, method_words, p_words, summary, verdict
from mien.report.folds import spread_text
from mien.report.latex_table import latex_table
from mien.report.page import percent, points, write_text
from mien.report.scored_folder import read_runs

PAIR_COLUMNS = (
    "A",
    "B",
    "accuracy, A minus B",
    "UAR, A minus B",
    "only A right",
    "only B right",
    "p",
    "verdict",
)


def compare(paths: Sequence[Path], common: bool = False, first_only: bool = False) -> Comparison:
    """Compare what several folders hold.

    Args:
        paths: Two or more folders of `mien evaluate --report`, `mien ablate` or `mien crossval`.
        common: Compare on the samples that all were scored on, where these are not all.
        first_only: The first run against each of the others only.

    Raises:
        MienError: A folder holds no finished, scored run; label spaces or samples differ.
    """
    if len(paths) < 2:
        raise MienError("mien compare needs at least two runs")
    runs = read_runs(paths)
    names = [run.name for run in runs]
    tables = align([run.predictions for run in runs], names, common)
    units = units_of(tables)
    whole = all(len(table.ids) == run.report.n for table, run in zip(tables, runs, strict=True))
    folds = [
        Folds(run.report.folds, run.report.protocol.sha256) if whole and run.report.folds else None
        for run in runs
    ]
    pairs = compare_pairs(names, tables, folds, units, first_only)
    return Comparison(
        labels=tables[0].labels,
        n=len(tables[0].ids),
        support=tuple(np.bincount(tables[0].truth, minlength=len(tables[0].labels)).tolist()),
        drawn=units.called,
        n_drawn=units.n,
        runs=tuple(
            run_figures(run.name, run.report, table, units) for run, table in zip(runs, tables, strict=True)
        ),
        pairs=pairs,
        settings=settings_of(runs),
        robustness=robustness_losses([run.report.robustness for run in runs]) if whole else (),
        warnings=warnings_of(runs, tables, units, pairs),
        versions=installed_versions(),
        created=datetime.now(UTC).date(),
    )


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write ``comparison.html``, ``.md``, ``.tex``, ``.csv``, ``.json`` and ``pairs.csv``.

    Raises:
        MienError: The folder cannot be written.
    """
    texts = {
        "comparison.html": comparison_html(comparison),
        "comparison.md": comparison_markdown(comparison),
        "comparison.tex": comparison_latex(comparison),
        "comparison.csv": comparison_csv(comparison),
        "pairs.csv": pairs_csv(comparison),
        "comparison.json": comparison.model_dump_json(indent=1) + "\n",
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]


def run_cells(run: RunFigures) -> tuple[str, ...]:
    """A run's figures in the order of `RUN_COLUMNS`."""
    accuracy = percent(run.accuracy) + (f"; folds {spread_text(run.folds)}" if run.folds else "")
    return (
        run.name,
        accuracy,
        _ends(run.accuracy_interval),
        percent(run.uar),
        _ends(run.uar_interval),
        percent(run.macro_f1),
        f"{run.mcc:.3f}",
        "–" if run.ece is None else f"{run.ece:.3f}",  # noqa: RUF001
    )


def robustness_columns(comparison: Comparison) -> tuple[str, ...]:
    """The header of `robustness_cells`."""
    return ("accuracy lost, points", *(run.name for run in comparison.runs))


def robustness_cells(row: RobustnessLosses) -> tuple[str, ...]:
    """What each run lost under a disturbance, and beside it how much of what the first one lost."""
    cells = [
        points(-lost) + ("" if place == 0 or ratio is None else f" ({ratio:.2f} of the first)")
        for place, (lost, ratio) in enumerate(zip(row.lost, row.ratios, strict=True))
    ]
    return (f"{row.kind} {row.value:g} {row.unit}", *cells)


def pair_cells(comparison: Comparison) -> list[tuple[str, ...]]:
    """The differences in the order of `PAIR_COLUMNS`."""
    return [
        (
            pair.a,
            pair.b,
            gap_words(pair.accuracy),
            gap_words(pair.uar),
            f"{pair.only_a:,}",
            f"{pair.only_b:,}",
            p_words(pair.p_adjusted).removeprefix("p = ").removeprefix("p "),
            "beyond chance"
            if pair.beyond_chance
            else "same answers"
            if not pair.n_other_answer
            else "may be chance",
        )
        for pair in comparison.pairs
    ]


def comparison_markdown(comparison: Comparison) -> str:
    """Tables and sentences."""
    runs = [run_cells(run) for run in comparison.runs]
    parts = [
        f"## {len(comparison.runs)} runs on {comparison.n:,} samples\n",
        _markdown_table(RUN_COLUMNS, runs),
        summary(comparison) + "\n",
        "".join(f"- {verdict(pair, comparison)}\n" for pair in comparison.pairs),
        _markdown_table(PAIR_COLUMNS, pair_cells(comparison)),
        " ".join(method_words(comparison)) + "\n",
    ]
    if comparison.warnings:
        parts.append("".join(f"- Note: {line}\n" for line in comparison.warnings))
    if comparison.settings:
        rows = [(s.key, *("" if v is None else v for v in s.values)) for s in comparison.settings]
        parts.append(_markdown_table(("what differs", *(run.name for run in comparison.runs)), rows))
    return "\n".join(parts)


def comparison_latex(comparison: Comparison) -> str:
    """Two tables for a paper, with booktabs."""
    runs = latex_table(
        RUN_COLUMNS,
        [run_cells(run) for run in comparison.runs],
        f"Runs on the same {comparison.n:,} samples, with 95 % intervals.",
    )
    pairs = latex_table(
        PAIR_COLUMNS,
        pair_cells(comparison),
        f"Differences in percentage points with 95 % intervals. {' '.join(method_words(comparison))}",
    )
    return f"{runs}\n{pairs}"


def comparison_csv(comparison: Comparison) -> str:
    """One row per run, shares as 0..1."""
    figures = ("accuracy", "uar", "macro_f1", "mcc", "ece", "aurc")
    ends = [f"{name}_{end}" for name in ("accuracy", "uar") for end in ("low", "high")]
    header = ["run", "model", "recipe", "data", "split", "seeds", "n", "n_missed", *figures, *ends]
    rows = []
    for run in comparison.runs:
        values = [getattr(run, name) for name in figures] + [*run.accuracy_interval, *run.uar_interval]
        seeds = " ".join(map(str, run.seeds))
        told = [run.name, run.model, run.recipe, run.data, run.split, seeds, comparison.n, run.n_missed]
        rows.append([*told, *map(_cell, (*values, *run.recalls))])
    return _csv([*header, *(f"recall_{label}" for label in comparison.labels)], rows)


def pairs_csv(comparison: Comparison) -> str:
    """One row per pair, shares as 0..1."""
    gaps = [f"{name}{end}" for name in ("accuracy", "uar") for end in ("_difference", "_low", "_high")]
    tests = ["mcnemar_p", "units_p", "folds_t", "folds_p", "decided_by", "p_adjusted", "beyond_chance"]
    rows = []
    for pair in comparison.pairs:
        values = [getattr(gap, end) for gap in (pair.accuracy, pair.uar) for end in ("value", "low", "high")]
        folds = (pair.folds.t, pair.folds.p_value) if pair.folds else (None, None)
        p_values = map(_cell, (pair.mcnemar_p, pair.units_p, *folds))
        judged = [pair.decided_by, _cell(pair.p_adjusted), int(pair.beyond_chance)]
        rows.append([pair.a, pair.b, *map(_cell, values), pair.only_a, pair.only_b, *p_values, *judged])
    return _csv(["a", "b", *gaps, "only_a_right", "only_b_right", *tests], rows)


def _ends(interval: tuple[float, float]) -> str:
    return f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}"


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def _markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(c.replace("|", "\\|") for c in line) + " |\n" for line in lines)
