"""The curves of a run on the page about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mien.core.errors import MienError
from mien.report.learning import read_learning


def test_curves_of_a_run(tmp_path: Path) -> None:
    rows = [
        {"epoch": i + 1, "val_accuracy": v, "train_accuracy": 0.3 + i / 10, "seconds": 90.0}
        for i, v in enumerate((0.4, 0.6, 0.5))
    ]
    (tmp_path / "history.json").write_text(json.dumps(rows))
    learned = read_learning(tmp_path)
    assert learned is not None
    assert (learned.n_epochs, learned.best_epoch, learned.minutes) == (3, 2, 4.5)
    assert "held-out accuracy at 2: 60.0 %" in learned.chart


def test_no_run_no_curves(tmp_path: Path) -> None:
    assert read_learning(tmp_path) is None
    assert read_learning(tmp_path / "model.onnx") is None


@pytest.mark.parametrize("text", ["{", '[{"epoch": 1}]', "[3]"])
def test_a_damaged_history_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "history.json").write_text(text)
    with pytest.raises(MienError, match=r"history\.json is no history of a training"):
        read_learning(tmp_path)
