"""The trials of `mien tune` as json, csv, markdown and a figure."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from mien.metrics.tuning import Trial, TuningTable
from mien.report.page import write_text


def write_tuning(table: TuningTable, folder: Path) -> list[Path]:
    """Write ``tuning.json``, ``tuning.csv``, ``tuning.md`` and ``tuning.png``.

    Args:
        table: What to write.
        folder: Is made where it does not exist.

    Raises:
        MienError: The folder cannot be written.
    """
    from mien.plots.tuning import tuning_figure

    columns, rows = tuning_rows(table)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([columns, *rows])
    texts = {
        "tuning.json": table.model_dump_json(indent=1) + "\n",
        "tuning.csv": out.getvalue(),
        "tuning.md": tuning_markdown(table),
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    figure = tuning_figure(
        [t.score for t in table.trials],
        [t.state for t in table.trials],
        {d.key: [t.values.get(d.key) for t in table.trials] for d in table.space},
        {d.key for d in table.space if d.log},
        table.metric,
    )
    figure.savefig(folder / "tuning.png", dpi=120)
    return [*(folder / name for name in texts), folder / "tuning.png"]


def tuning_rows(table: TuningTable) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Column names, and a row per trial, the best first and failed ones last."""
    keys = [d.key for d in table.space]

    def row(trial: Trial) -> tuple[str, ...]:
        score = "" if trial.score is None else f"{trial.score:.4f}"
        values = (_written(trial.values.get(key)) for key in keys)
        return (str(trial.number), trial.state, score, *values, str(trial.epochs), f"{trial.minutes:.1f}")

    ordered = sorted(table.trials, key=lambda t: (t.state != "complete", -(t.score or 0), t.number))
    ordered.sort(key=lambda t: t.state == "failed")
    return ("trial", "state", "score", *keys, "epochs", "minutes"), [row(t) for t in ordered]


def tuning_markdown(table: TuningTable) -> str:
    """The table with the sentences that it needs to be read rightly."""
    columns, rows = tuning_rows(table)
    body = "".join("| " + " | ".join(line) + " |\n" for line in (columns, ["---"] * len(columns), *rows))
    shares = ", ".join(f"{key} {share:.0%}" for key, share in table.importances.items())
    weights = f"Share of the score's variation (fANOVA): {shares}.\n" if shares else ""
    failed = "".join(f"\nTrial {t.number} failed: {t.error}\n" for t in table.trials if t.state == "failed")
    return (
        f"## {table.recipe}: {len(table.trials)} trials\n\n{body}\n"
        f"Score: {table.metric} on {table.selected_on}. It selected the settings and the epochs, so it is "
        "optimistic: score the best recipe on a split that it has not seen. "
        f"Seed of the search: {table.seed}.\n"
        f"{weights}{failed}"
    )


def _written(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
