"""The table of `mien ablate` as json, csv and markdown."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from mien.metrics.ablation import AblationRow, AblationTable
from mien.report.page import write_text


def write_ablation(table: AblationTable, folder: Path) -> list[Path]:
    """Write ``ablation.json``, ``ablation.csv`` and ``ablation.md``.

    Args:
        table: What to write.
        folder: Is made where it does not exist.

    Raises:
        MienError: The folder cannot be written.
    """
    texts = {
        "ablation.json": table.model_dump_json(indent=1) + "\n",
        "ablation.csv": ablation_csv(table),
        "ablation.md": ablation_markdown(table),
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]


def ablation_csv(table: AblationTable) -> str:
    """One row per run."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["recipe", "row", "seed", "parameters", "n", "accuracy", "uar", "best_epoch", "epochs", "minutes"]
    )
    for row in table.rows:
        for run in row.runs:
            figures = (
                f"{run.accuracy:.6f}",
                f"{run.uar:.6f}",
                run.best_epoch,
                run.epochs,
                f"{run.minutes:.2f}",
            )
            writer.writerow([table.recipe, row.name, run.seed, row.parameters, table.n, *figures])
    return out.getvalue()


def row_cells(row: AblationRow) -> tuple[str, ...]:
    """One row in words: name, parameters, accuracy and UAR per seed, the gap to the full form, minutes."""
    return (
        row.name,
        f"{row.parameters:,}",
        _figures(row.accuracy, [run.accuracy for run in row.runs]),
        _figures(row.uar, [run.uar for run in row.runs]),
        "" if row.gap is None else f"{row.gap.value:+.2%} ({row.gap.low:+.2%} to {row.gap.high:+.2%})",
        f"{row.minutes:.1f}",
    )


COLUMNS = (
    "row",
    "parameters",
    "accuracy (each seed)",
    "UAR (each seed)",
    "full minus row (95 %)",
    "minutes",
)
"""Of `row_cells`."""


def ablation_markdown(table: AblationTable) -> str:
    """The table with the sentences that it needs to be read rightly."""
    seeds = sorted({run.seed for row in table.rows for run in row.runs})
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(row_cells(row) for row in table.rows)]
    body = "".join("| " + " | ".join(line) + " |\n" for line in lines)
    drawn = next((row.gap.drawn for row in table.rows if row.gap is not None), "samples")
    leaks = "".join(f"\nNote: {line}.\n" for line in table.leaks)
    return (
        f"## {table.recipe} on {table.data} {table.split}\n\n{body}\n"
        f"{table.n:,} samples of {table.n_classes} classes; always naming the commonest is right for "
        f"{table.chance:.1%}. Seeds {', '.join(map(str, seeds))}. Checkpoints selected on: "
        f"{table.selected_on}. The interval is over test {drawn} (paired bootstrap); the spread between "
        "seeds is not in it.\n"
        f"{leaks}"
    )


def _figures(mean: float, each: list[float]) -> str:
    if len(each) == 1:
        return f"{mean:.2%}"
    return f"{mean:.2%} ({', '.join(f'{100 * value:.2f}' for value in each)})"
