from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from mien.cli import main


class Said(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def mien(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Said]:
    """Runs the whole command line in this process."""
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))

    def run(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["mien", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capsys.readouterr()
        return Said(int(stop.value.code or 0), out, err)

    return run
