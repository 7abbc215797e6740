"""What data sets say about the people in their pictures, under one name for each fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mien.core.records import Sample

NAMES = {
    "gender": ("gender", "sex"),
    "age_band": ("age_band", "age", "age_group"),
    "ethnicity": ("ethnicity", "race", "ancestry"),
}
"""Attribute -> the keys of `Sample.meta` that say it."""

GENDERS = {"f": "female", "m": "male", "w": "female", "woman": "female", "man": "male"}
NOT_KNOWN = ("", "-", "?", "unsure", "unknown", "none", "nan", "na", "n/a")

BANDS = ((0, 3), (4, 19), (20, 39), (40, 69))
"""Years, the last included: the age groups of RAF-DB; above them is 70+."""


def groups_of(samples: Sequence[Sample]) -> dict[str, tuple[str, ...]]:
    """Gender, age band and ethnicity of each sample, as far as the data set says.

    Returns:
        Attribute -> [N], empty where it is not known; only attributes that are known of some sample.
    """
    found = {
        attribute: tuple(_group(attribute, keys, sample.meta) for sample in samples)
        for attribute, keys in NAMES.items()
    }
    return {attribute: values for attribute, values in found.items() if any(values)}


def _group(attribute: str, keys: Sequence[str], meta: Mapping[str, Any]) -> str:
    for key in keys:
        value = meta.get(key)
        text = "" if value is None else " ".join(str(value).split())
        if text.lower() not in NOT_KNOWN:
            return _band(text) if attribute == "age_band" else GENDERS.get(text.lower(), text)
    return ""


def _band(age: str) -> str:
    """The band of an age in years; what is no number, such as another set's band, stays as it is."""
    try:
        years = float(age)
    except ValueError:
        return age
    return next(
        (f"{low}-{high}" for low, high in BANDS if low <= years < high + 1), "70+" if years >= 70 else ""
    )
