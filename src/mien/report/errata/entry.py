"""One entry of the errata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Erratum:
    """What a paper prints, what its own numbers say, and what mien does.

    Attributes:
        key: Its name: the paper and a word or two.
        method: The paper's method, as in `mien.report.published`.
        items: Tables and figures that it touches; empty where it is about the text alone.
        title: One line.
        kind: ``contradiction``; or ``reading``, where the numbers agree, or tell how they were made.
        printed: What stands where.
        arithmetic: The numbers, computed from what is published.
        here: What mien does.
    """

    key: str
    method: str
    items: tuple[str, ...]
    title: str
    kind: Literal["contradiction", "reading"]
    printed: str
    arithmetic: str
    here: str
