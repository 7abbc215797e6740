from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest


def test_demo_writes_table_marked_copies_and_report(
    mien: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    monkeypatch.delenv("MIEN_MODEL_DIR", raising=False)
    said = mien("demo", "--out", tmp_path / "demo")
    assert said.code == 0, said.err
    assert "astronaut.jpg" in said.out
    assert "synthetic" in said.out
    assert "Haar" in said.err or "haar" in said.out
    with (tmp_path / "demo" / "faces.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert {row["status"] for row in rows} <= {"ok", "no_face"}
    assert sum(row["status"] == "ok" for row in rows) > 100
    marked = [p for p in (tmp_path / "demo" / "marked").rglob("*") if p.is_file()]
    assert {".jpg", ".png", ".mp4"} >= {p.suffix for p in marked} >= {".jpg", ".mp4"}
    page = (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    assert "never made these expressions" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    again = mien("demo", "--out", tmp_path / "demo")
    assert again.code == 0, again.err
