"""The values of form fields and query parameters, or one line that says what they should be."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mien.core.compound import MIXTURE_SETS
from mien.core.registry import suggest
from mien.server.errors import ApiError
from mien.server.form import Form

_MOST_COMPOUNDS = 4


def number(form: Form, name: str, default: float, least: float, most: float) -> float:
    """A field that is a number.

    Raises:
        ApiError: It is none, or out of range.
    """
    given = form.fields.get(name, [""])[-1].strip()
    if not given:
        return default
    try:
        value = float(given)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise ApiError(422, "invalid", f"{name} is a number from {least:g} to {most:g}, got {given[:40]!r}")
    return value


def whole_number(form: Form, name: str, default: int, least: int, most: int) -> int:
    """A field that is a whole number.

    Raises:
        ApiError: It is none, or out of range.
    """
    value = number(form, name, default, least, most)
    if value != int(value):
        raise ApiError(422, "invalid", f"{name} is a whole number from {least} to {most}, got {value:g}")
    return int(value)


def word(form: Form, name: str) -> str | None:
    """A field that is a word; None where it is missing or empty."""
    return form.fields.get(name, [""])[-1].strip() or None


def compound_sets(*given: Sequence[str] | None) -> tuple[str, ...]:
    """Names of compound sets, each once. A client names sets alone: a file of mixtures is a path.

    Raises:
        ApiError: An unknown set, or too many.
    """
    names = tuple(dict.fromkeys(name.strip() for some in given for name in some or () if name.strip()))
    for name in names:
        if name not in MIXTURE_SETS:
            known = suggest(name[:40], list(MIXTURE_SETS))
            raise ApiError(422, "invalid", f"unknown compound set {name[:40]!r}{known}")
    if len(names) > _MOST_COMPOUNDS:
        raise ApiError(422, "invalid", f"at most {_MOST_COMPOUNDS} compound sets at once")
    return names
