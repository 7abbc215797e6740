"""The repository as a whole: what must never be in it, and what must agree."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mien.metrics.report import Report

ROOT = Path(__file__).parents[1]
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".html", ".j2", ".css", ".js", ".csv", ""}


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.fixture(scope="module")
def files() -> list[Path]:
    found = tracked()
    if not found:
        pytest.skip("not a git checkout")
    return found


def test_no_machine_paths_and_no_registry_hosts(files: list[Path]) -> None:
    forbidden = re.compile(r"/(?:work|root|farm|home/\w+|tmp)/\w|pypi\." + r"org|pythonhosted|registry\.npm")
    guilty = [
        f"{path.relative_to(ROOT)}: {hit.group()}"
        for path in files
        if path.suffix in TEXT and path != Path(__file__)
        for hit in forbidden.finditer(path.read_text(encoding="utf-8"))
    ]
    assert guilty == []


def test_large_files_are_only_weights_and_examples(files: list[Path]) -> None:
    large = [p.relative_to(ROOT) for p in files if p.stat().st_size > 400_000]
    assert [str(p) for p in large if "weights" not in p.parts and "examples" not in p.parts] == []


def test_files_and_functions_stay_short(files: list[Path]) -> None:
    for path in files:
        if path.suffix != ".py" or "src" not in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                # a verb's options and a docstring are declarations; what runs is what must stay short
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = body[-1].end_lineno - body[0].lineno if body else 0
                assert length < 60, f"{path}: {node.name}"


def test_committed_reports_can_be_read_and_say_who_selected(files: list[Path]) -> None:
    reports = [p for p in files if p.name.endswith(".report.json")]
    assert reports
    for path in reports:
        report = Report.from_json(path.read_text(encoding="utf-8"), str(path))
        assert report.selected_on != "unknown", path
        assert report.accuracy == pytest.approx(report.matrix.trace() / report.n, abs=1e-9)


def test_readme_numbers_stand_in_committed_reports() -> None:
    """Each percentage in the README's table of the embedded models is the figure of the report it links."""
    cell = re.compile(r"([\d.]+) %, ([\d.]+) % \(\[report\]\((results/\S+?\.report\.json)\)\)")
    cells = [
        (line.split("|")[1], *found.groups())
        for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
        for found in cell.finditer(line)
    ]
    assert len(cells) == 6
    for what, accuracy, uar, link in cells:
        report = Report.from_json((ROOT / link).read_text(encoding="utf-8"), link)
        figures = report.second["without_duplicates"] if "without" in what else report
        assert float(accuracy) == pytest.approx(100 * figures.accuracy, abs=0.051), what
        assert float(uar) == pytest.approx(100 * figures.uar, abs=0.051), what


def test_generated_pages_are_up_to_date() -> None:
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "docs/generate.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr


def test_ci_is_make_test_and_names_the_data_folder_once(files: list[Path]) -> None:
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make test" in run
    others = [p for p in files if p.suffix in TEXT and "../sha" + "red" in p.read_text(encoding="utf-8")]
    assert [str(p.relative_to(ROOT)) for p in others] == [str(Path(".ci") / "run")]


def test_what_ci_runs_is_a_script_that_parses() -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not here")
    told = subprocess.run(
        [bash, "-n", str(ROOT / ".ci" / "run")], capture_output=True, text=True, check=False
    )
    assert told.stderr == ""
