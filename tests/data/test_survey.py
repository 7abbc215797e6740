from __future__ import annotations

import pytest

from mien.data.datasets import DATASETS
from mien.data.survey import SURVEY_COLUMNS, facts, survey_row

TABLE_1_1 = {  # the thesis's survey: year, people, samples
    "bu3dfe": ("2006", "100", "2,500"),
    "bu4dfe-s": ("2013", "41", "328"),
    "4dfab": ("2018", "180", "1,800,000"),
    "cald3r": ("2023", "104", "4,678"),
    "mend3s": ("2023", "92", "4,038"),
    "fer2013": ("2013", "", "35,887"),
    "ferplus": ("2016", "", "35,887"),
    "ckplus": ("2010", "123", "593"),
    "affectnet": ("2017", "", "450,000"),
    "expw": ("2017", "", "91,793"),
    "rafdb": ("2017", "", "29,672"),
}


@pytest.mark.parametrize("name", TABLE_1_1)
def test_the_survey_is_that_of_the_thesis(name: str) -> None:
    row = dict(zip(SURVEY_COLUMNS, survey_row(DATASETS[name]), strict=True))
    assert (row["year"], row["people"], row["samples"].split()[0]) == TABLE_1_1[name]


@pytest.mark.parametrize("name", list(DATASETS))
def test_every_set_tells_its_terms_its_labels_and_its_folder(name: str) -> None:
    info = DATASETS[name]
    told = facts(info)
    assert told["name"] == name
    assert told["terms"]
    assert all(told.values())
    assert len(info.layout) > 200
    assert (info.survey is None) == (info.labels is None)
    if info.labels:
        assert set(info.labels.names) <= set(info.native_labels)
        assert told["its own order"].startswith(f"0 {info.native_labels[0]}")
        assert name.startswith("synthetic") or told["where to ask"]
        assert told["paper"]
