from __future__ import annotations

from pathlib import Path

import pytest

from mien.core.records import Sample
from mien.data.demographics import groups_of


def _of(*metas: dict[str, object]) -> dict[str, tuple[str, ...]]:
    return groups_of([Sample(str(i), Path("x"), 0, "all", meta=meta) for i, meta in enumerate(metas)])


def test_each_sets_own_words_become_one_name() -> None:
    found = _of(
        {"gender": "M", "race": "Asian", "age": "20-39"},
        {"sex": "female", "ancestry": "WH", "age": "24"},
        {"gender": "unsure", "ethnicity": "European", "age": 70.5},
        {},
    )
    assert found["gender"] == ("male", "female", "", "")
    assert found["ethnicity"] == ("Asian", "WH", "European", "")
    assert found["age_band"] == ("20-39", "20-39", "70+", "")


@pytest.mark.parametrize(
    ("age", "band"), [(0, "0-3"), (3.9, "0-3"), ("4", "4-19"), (19, "4-19"), (39.5, "20-39"), (40, "40-69"),
                      (69, "40-69"), (70, "70+"), ("adult", "adult"), ("-", ""), (-1, ""), ("nan", "")]
)  # fmt: skip
def test_bands(age: object, band: str) -> None:
    assert _of({"age": age}, {"age": 25})["age_band"] == (band, "20-39")


def test_what_no_sample_says_is_no_attribute() -> None:
    assert _of({"light": "dim"}, {"gender": ""}) == {}
