"""The folds of a cross-validation in words and as a table, beside the report that pools them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from mien.metrics.folds import FoldTable, Spread
from mien.report.page import percent, write_text

COLUMNS = ("fold", "n_train", "n_val", "n", "accuracy", "uar", "best_epoch", "epochs", "minutes")


def write_folds(table: FoldTable, path: Path) -> Path:
    """Write the folds as a csv.

    Raises:
        MienError: The file cannot be written.
    """
    write_text(path, folds_csv(table))
    return path


def folds_csv(table: FoldTable) -> str:
    """One row per fold."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in table.rows:
        figures = (f"{row.accuracy:.6f}", f"{row.uar:.6f}", row.best_epoch, row.epochs, f"{row.minutes:.2f}")
        writer.writerow([row.name, row.n_train, row.n_val, row.n, *figures])
    return out.getvalue()


def fold_sentence(table: FoldTable) -> str:
    """How the folds were put together, and how far they differ."""
    n = len(table.rows)
    if n == 1:
        return f"One of {table.n_folds} folds was run." if table.n_folds > 1 else "The protocol has one fold."
    return (
        f"The counts of {n} folds are added, each tested with a model that learnt from the others. Mean over "
        f"folds and standard deviation: accuracy {spread_text(table.accuracy)}, UAR {spread_text(table.uar)}."
    )


def spread_text(spread: Spread) -> str:
    """Mean and standard deviation in percent."""
    return percent(spread.mean) + ("" if spread.sd is None else f" ± {100 * spread.sd:.1f}")
