"""How many samples of each class the authors published: by data set, split and class."""

from __future__ import annotations

from collections.abc import Mapping

from mien.core.labels import BASIC6, BASIC7, BASIC8

Counts = Mapping[str, Mapping[str, int]]
"""Samples by split and class."""


def _row(names: tuple[str, ...], *numbers: int) -> dict[str, int]:
    return dict(zip(names, numbers, strict=True))


PUBLISHED_CLASSES: Mapping[str, tuple[Counts, ...]] = {
    "rafdb": (
        {
            "train": _row(BASIC7.names, 705, 717, 281, 4_772, 2_524, 1_982, 1_290),
            "test": _row(BASIC7.names, 162, 160, 74, 1_185, 680, 478, 329),
        },
    ),
    "fer2013": (
        {
            "Training": _row(BASIC7.names, 3_995, 436, 4_097, 7_215, 4_965, 4_830, 3_171),
            "PublicTest": _row(BASIC7.names, 467, 56, 496, 895, 607, 653, 415),
            "PrivateTest": _row(BASIC7.names, 491, 55, 528, 879, 626, 594, 416),
        },
        {  # the folder form
            "train": _row(BASIC7.names, 3_995, 436, 4_097, 7_215, 4_965, 4_830, 3_171),
            "test": _row(BASIC7.names, 958, 111, 1_024, 1_774, 1_233, 1_247, 831),
        },
    ),
    "affectnet": (
        {
            "train": _row(BASIC8.names, 24_882, 3_750, 3_803, 6_378, 134_415, 74_874, 25_459, 14_090),
            "val": dict.fromkeys(BASIC8.names, 500),
        },
    ),
    "affectnet7": (
        {
            "train": _row(BASIC7.names, 24_882, 3_803, 6_378, 134_415, 74_874, 25_459, 14_090),
            "val": dict.fromkeys(BASIC7.names, 500),
        },
    ),
    "sfew": ({"Val": _row(BASIC7.names, 77, 23, 47, 73, 86, 73, 57)},),
    "ckplus": (
        {"all": _row(tuple(n for n in BASIC8.names if n != "neutral"), 135, 54, 177, 75, 207, 84, 249)},
    ),
    "oulu-casia": ({"all": dict.fromkeys(BASIC6.names, 240)},),
    "jaffe": ({"all": _row(BASIC7.names, 30, 29, 32, 31, 30, 31, 30)},),
    "expw": ({"all": _row(BASIC7.names, 3_671, 3_995, 1_088, 30_537, 34_883, 10_559, 7_060)},),
}
"""One or more tables a set, for the forms it comes in.

AffectNet: its authors' statistics of the manually annotated part. CK+: three peak frames of each of 327
sequences. RAF-DB, FER2013, SFEW, JAFFE, Oulu-CASIA, ExpW: as in the papers that introduce or use them.
"""


def published_classes(name: str, splits: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Published samples per split and class of the form that was read.

    Args:
        name: Registry name of the data set.
        splits: Published samples per split of that form; a table of other numbers does not belong to it.

    Returns:
        The splits of which the classes are known; none for a set of which none are.
    """
    return {
        split: dict(classes)
        for table in PUBLISHED_CLASSES.get(name, ())
        for split, classes in table.items()
        if sum(classes.values()) == splits.get(split)
    }
