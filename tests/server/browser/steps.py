"""What the tests do on the page again and again."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

MEDIA = Path(__file__).parents[3] / "examples" / "media"
CLIP = MEDIA / "synthetic_two_faces.mp4"


def until(page: Any, expression: str, within_s: float = 30.0) -> None:
    """Wait until an expression is true in the page; Playwright's own waiting needs eval, which is barred."""
    deadline = time.monotonic() + within_s
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"waited in vain for {expression}"
        page.wait_for_timeout(30)


def bring(page: Any, *paths: Path) -> None:
    """Choose files."""
    page.set_input_files("#files", [str(path) for path in paths])


def pictures_read(page: Any) -> None:
    page.wait_for_selector('.view[aria-label="Pictures"][aria-busy="false"]')


def film_read(page: Any) -> None:
    page.wait_for_selector(".timeline .line", timeout=90_000)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def download(page: Any, button: str, folder: Path) -> Path:
    """Press a button of the table and take what it gives."""
    with page.expect_download() as coming:
        page.click(f'.downloads button:text-is("{button}")')
    path = folder / coming.value.suggested_filename
    coming.value.save_as(path)
    return path
