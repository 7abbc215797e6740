"""Templates to one self-contained page, and a page to a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from mien.core.errors import MienError


def render(template: str, values: Mapping[str, object]) -> str:
    """Fill a template. Whatever is put in is escaped: file names are not to be trusted."""
    return _environment().get_template(template).render(values)


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, making its folder.

    Raises:
        MienError: The folder or file cannot be written, or the disk is full.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A file name that is no valid text (a lone surrogate) becomes "?" instead of ending the run.
        unfinished.write_bytes(text.encode("utf-8", errors="replace"))
        os.replace(unfinished, path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise MienError(f"cannot write {path}: {error.strerror or error}") from error


def check_writable(path: Path) -> None:
    """Find out now, not after the work, that a file cannot be written; makes its folder.

    Raises:
        MienError: It cannot.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise MienError(f"cannot write {path}: {error.strerror or error}") from error


def percent(share: float | None, digits: int = 1) -> str:
    """0.723 as ``72.3 %`` with a space that does not break; a dash for None."""
    return "–" if share is None else f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"  # noqa: RUF001


def points(share: float) -> str:
    """A difference of shares in percentage points: 0.0123 as ``+1.2``, with a proper minus sign."""
    rounded = round(100 * share, 1) + 0.0  # no "-0.0"
    return f"{rounded:+.1f}".replace("-", "\N{MINUS SIGN}") if rounded else "0.0"


def clock(seconds: float) -> str:
    """Seconds as ``m:ss`` or ``h:mm:ss``; with tenths below a minute."""
    if seconds < 59.95:
        return f"0:{seconds:04.1f}"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def thousands(number: int) -> str:
    """12345 as ``12,345``."""
    return f"{number:,}"


def breakable(name: str) -> Markup:
    """A file name that may be broken after an underscore, hyphen or dot."""
    text = escape(name)
    for sign in "_-.":
        text = text.replace(sign, Markup(f"{sign}<wbr>"))
    return text


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mien.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "points": points,
        "clock": clock,
        "thousands": thousands,
        "breakable": breakable,
    }
    return environment
