"""Where the five papers contradict themselves or each other: small slips for the most part.

Every number in an entry is computed from `mien.report.published`; docs/errata.md is written from here.
"""

from __future__ import annotations

from functools import cache

from mien.report.errata.across import across_errata
from mien.report.errata.arm import arm_errata
from mien.report.errata.emma import emma_errata
from mien.report.errata.entry import Erratum
from mien.report.errata.fdrl import fdrl_errata
from mien.report.errata.mff_cnn import mff_errata
from mien.report.errata.rgbd_equations import rgbd_equation_errata
from mien.report.errata.rgbd_fusion import rgbd_errata

__all__ = ["Erratum", "errata", "errata_of"]


@cache
def errata() -> tuple[Erratum, ...]:
    """All entries, in the order of the papers, those about two papers last."""
    return (
        *arm_errata(),
        *fdrl_errata(),
        *emma_errata(),
        *rgbd_errata(),
        *rgbd_equation_errata(),
        *mff_errata(),
        *across_errata(),
    )


def errata_of(method: str, item: str) -> tuple[Erratum, ...]:
    """The entries that touch one table or figure.

    Args:
        method: One of `mien.report.published.PAPERS`.
        item: An id of its items.
    """
    return tuple(entry for entry in errata() if entry.method == method and item in entry.items)
