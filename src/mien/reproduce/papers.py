"""All papers, and how one of them or one of their items is found by name."""

from __future__ import annotations

import re

from mien.core.errors import MienError
from mien.core.registry import suggest
from mien.reproduce import arm, emma, fdrl, mff_cnn, rgbd_fusion
from mien.reproduce.item import Item, Paper

PAPERS: dict[str, Paper] = {
    paper.name: paper for paper in (arm.PAPER, fdrl.PAPER, emma.PAPER, rgbd_fusion.PAPER, mff_cnn.PAPER)
}
"""By the registry name of the method."""


def find_paper(name: str) -> Paper:
    """A paper by its method's name or by one of its other names.

    Raises:
        MienError: There is none of that name.
    """
    wanted = name.lower().replace("-", "_")
    for paper in PAPERS.values():
        if wanted in (paper.name, *paper.aliases):
            return paper
    raise MienError(f"no paper {name!r}{suggest(wanted, list(PAPERS))}")


def find_item(paper: Paper, name: str) -> Item:
    """An item by its id, or as ``T2``, ``Fig. 3.10``, ``table 3.7``.

    Raises:
        MienError: The paper has none of that name that mien makes.
    """
    wanted = re.sub(r"[\s.\-]+", "_", name.strip().lower())
    parts = re.fullmatch(r"(t|tab|table|f|fig|figure)_?(\d+(?:_\d+)?[a-z]?)", wanted)
    if parts:
        wanted = ("table" if parts[1].startswith("t") else "figure") + parts[2]
    for item in paper.items:
        if item.id == wanted:
            return item
    raise MienError(f"{paper.name} has no item {name!r}{suggest(wanted, [item.id for item in paper.items])}")
