"""How a run learned, for the page about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from mien.core.errors import MienError
from mien.report.svg import line_chart

HISTORY = "history.json"


@dataclass(frozen=True)
class Learning:
    """Curves of a training, and what was kept of it.

    Attributes:
        chart: Accuracy over the epochs.
        n_epochs: How many were run.
        best_epoch: Whose weights have the highest validation accuracy, from 1.
        minutes: Time of all epochs.
    """

    chart: Markup
    n_epochs: int
    best_epoch: int
    minutes: float


def read_learning(run: Path) -> Learning | None:
    """The curves of a run folder; None where it has no history of epochs.

    Raises:
        MienError: Its ``history.json`` is damaged.
    """
    path = run / HISTORY
    if not path.is_file():
        return None
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        epochs = [float(row["epoch"]) for row in rows]
        lines = [
            (name, [float(row[key]) for row in rows])
            for name, key in (("held-out accuracy", "val_accuracy"), ("training accuracy", "train_accuracy"))
        ]
        seconds = sum(float(row["seconds"]) for row in rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MienError(f"{path} is no history of a training: {error}") from error
    if not rows:
        return None
    held_out = lines[0][1]
    best = int(epochs[max(range(len(rows)), key=held_out.__getitem__)])
    return Learning(line_chart(epochs, lines, "epoch"), len(rows), best, seconds / 60)
