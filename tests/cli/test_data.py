from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mien.cli import main
from mien.cli.data import app
from mien.data.fake import write_fake


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    return write_fake("fer2013", tmp_path / "data", n_per_class=2)


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Exit code of the whole command line."""
    monkeypatch.setattr(sys, "argv", ["mien", "data", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0)


def test_prepare_prints_counts_differences_and_the_index(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "prepare", "fer2013", root) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "Training\tanger\t2\t3995" in lines
    assert "Training\tall\t14\t28709" in lines
    assert "differs: Training: 28,709 samples published, 14 found" in lines
    assert lines[-1].startswith("index: ")
    assert Path(lines[-1].removeprefix("index: ")).is_file()


def test_prepare_reports_faces_that_were_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    folder = write_fake("folder", tmp_path / "own", n_per_class=1)
    words = ("prepare", "folder", folder, "--detector", "haar", "--threads", "1")
    assert run(monkeypatch, *words) == 0
    lines = capsys.readouterr().out.splitlines()
    faces = next(line for line in lines if line.startswith("faces: "))
    assert faces.endswith("by haar")
    assert Path(next(v for v in lines if v.startswith("faces kept: ")).removeprefix("faces kept: ")).is_file()
    assert run(monkeypatch, *words) == 0
    assert "known)" in capsys.readouterr().out
    assert run(monkeypatch, *words[:3], "--detector", "harr") == 2
    assert "unknown detector 'harr'" in capsys.readouterr().err


def test_audit_prints_leaks_and_writes_json(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = root / "fer2013.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines[:-1], lines[1].replace("Training", "PrivateTest")]) + "\n")
    assert run(monkeypatch, "audit", "fer2013", root, "--out", tmp_path / "new" / "audit.json") == 0
    out = capsys.readouterr().out
    assert "exact copies: 1 samples repeat an earlier one, in 1 groups" in out
    assert "PrivateTest\tTraining\t1" in out
    assert "near copies: " in out
    written = json.loads((tmp_path / "new" / "audit.json").read_text())
    assert len(written["exact"][0]) == 2
    assert written["exact"][0][0] == "Training/00000"


def test_audit_without_near_says_nothing_of_near(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "audit", "fer2013", root, "--no-near") == 0
    assert "near" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("audit", "fer2031", "."), "did you mean 'fer2013'"),
        (("prepare", "fer2013", "nowhere"), "there is no folder nowhere"),
        (("audit", "fer2013", ".", "--out", "a.txt"), "--out a.txt: expected a .json file"),
        (("audit", "fer2013", ".", "--report", "a.json"), "--report a.json: expected a .html file"),
        (("merge", "fer2013=.", "--out", "a.csv", "--labels", "basic9"), "expected basic6, basic7"),
        (("merge", "fer2013", "--out", "a.csv"), "'fer2013': expected NAME=FOLDER"),
        (("merge", ":=x", "--out", "a.csv"), "':=x': expected NAME=FOLDER"),
        (("merge", "fer2031=.", "--out", "a.csv"), "did you mean 'fer2013'"),
        (("merge", "--out", "a.csv"), "Missing argument"),
        (("audit", "fer2013"), "Missing argument"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    words: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *words) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told


def test_help_teaches() -> None:
    told = CliRunner().invoke(app, ["audit", "--help"]).output
    assert "Example: mien data audit fer2013" in told
    assert "leak" in told


def test_audit_writes_a_page(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "new" / "audit.html"
    assert run(monkeypatch, "audit", "fer2013", root, "--report", page, "--faces") == 0
    out = capsys.readouterr().out
    assert "faces: not looked for, since fer2013 comes as ready crops" in out
    assert f"written: {page}" in out
    assert "<h1>Audit of FER2013</h1>" in page.read_text(encoding="utf-8")


def test_audit_says_people_colours_and_missing_faces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_fake("csv", tmp_path / "own", n_per_class=2)
    assert run(monkeypatch, "audit", "csv", folder, "--faces") == 0
    out = capsys.readouterr().out
    assert "people: " in out
    assert "no face found: " in out


def test_merge_joins_says_what_it_dropped_and_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (write_fake(n, tmp_path / n, n_per_class=2) for n in ("ckplus", "fer2013"))
    table = tmp_path / "merged.csv"
    words = ("merge", f"ckplus={first}", f"web:fer2013={second}", "--out", table, "--test-fraction", "0.3")
    assert run(monkeypatch, *words) == 0
    out = capsys.readouterr().out.splitlines()
    assert any(line.startswith("ckplus\t") for line in out)
    assert any(line.startswith("web\t") for line in out)
    assert any(line.startswith("all\t") for line in out)
    assert any(line.startswith("ckplus: dropped ") and line.endswith(" contempt") for line in out)
    assert out[-1] == f"written: {table}"
    assert run(monkeypatch, "audit", "csv", table, "--no-near") == 0
    assert "samples" in capsys.readouterr().out
    assert run(monkeypatch, *words) == 2
    assert "is there already" in capsys.readouterr().err
    assert run(monkeypatch, *words, "--force") == 0
