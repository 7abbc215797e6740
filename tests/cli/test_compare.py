"""`mien compare` as a researcher types it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from mien.metrics.predictions import Predictions
from mien.metrics.provenance import ProtocolFacts, Provenance
from mien.metrics.report import build_report
from mien.report.evaluation import write_report


def _scored(folder: Path, n_wrong: int) -> Path:
    truth = np.arange(80) % 2
    p = np.full((80, 2), 0.3)
    said = np.where(np.arange(80) < n_wrong, 1 - truth, truth)
    p[np.arange(80), said] = 0.7
    protocol = ProtocolFacts(name="fixed", split="test", select_on="val", report_on="test")
    provenance = Provenance(model=folder.name, data="fake", protocol=protocol, created=date(2026, 1, 2))
    labels = ("anger", "happiness")
    table = Predictions(labels, tuple(map(str, range(80))), truth, p)
    write_report(build_report(labels, truth, p, provenance), folder, table)
    return folder


def test_a_table_sentences_and_a_page(mien: Callable, tmp_path: Path) -> None:
    good, bad = _scored(tmp_path / "good", 8), _scored(tmp_path / "bad", 40)
    said = mien("compare", good, bad, "--report", tmp_path / "out")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0] == "2 runs on the same 80 samples"
    assert lines[1].split("\t")[:2] == ["good", "90.0\N{NO-BREAK SPACE}%"]
    assert lines[3].startswith(
        "good is right more often than bad, by 40.0 percentage points (95 % interval +2"
    )
    assert "The difference in accuracy is beyond chance." in lines
    assert (tmp_path / "out" / "comparison.html").is_file()


def test_what_cannot_be_compared_is_one_line(mien: Callable, tmp_path: Path) -> None:
    good = _scored(tmp_path / "good", 8)
    alone = mien("compare", good)
    assert (alone.code, alone.err) == (2, "mien: mien compare needs at least two runs\n")
    missing = mien("compare", good, tmp_path / "typo")
    assert missing.code == 2
    assert "there is no such folder" in missing.err
    assert missing.err.count("\n") == 1


def test_the_help_teaches(mien: Callable) -> None:
    told = " ".join(mien("compare", "--help").out.split())
    for words in (
        "McNemar",
        "sign-flip test over people",
        "corrected resampled t-test",
        "Holm",
        "mien evaluate",
    ):
        assert words in told
