from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mien.data.datasets import load_dataset
from mien.data.fake import write_fake

CODES = {"AN": 0, "DI": 1, "FE": 2, "HA": 3, "NE": 4, "SA": 5, "SU": 6}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_fake("bu3dfe", tmp_path / "set", n_per_class=2)


def test_everything_stands_in_the_name(root: Path) -> None:
    dataset = load_dataset("bu3dfe", root)
    for sample in dataset.samples:
        person, _, rest = sample.id.split("/")[1].partition("_")
        assert (sample.subject, sample.label) == (person, CODES[rest[:2]])
        assert sample.intensity == int(rest[2:4]) / 4
        assert sample.meta["gender"] == {"F": "female", "M": "male"}[person[0]]
        assert (sample.meta["ancestry"], sample.meta["level"]) == ("WH", rest[2:4])
        assert sample.depth == root / person / f"{person}_{rest}_F3D.wrl"
        assert sample.meta["mesh"] == str(sample.depth)
        assert Path(sample.meta["landmarks83"]).is_file()
    assert dataset.published == {"all": 2_500}


def test_two_people_show_25_expressions_each_and_the_upper_levels_are_half(root: Path) -> None:
    samples = load_dataset("bu3dfe", root).samples
    assert Counter(s.subject for s in samples) == {"F0001": 25, "M0001": 25}
    assert Counter(s.label for s in samples) == {0: 8, 1: 8, 2: 8, 3: 8, 4: 2, 5: 8, 6: 8}
    high = [s for s in samples if s.meta["level"] in ("03", "04")]
    assert len(high) == sum(s.label != 4 for s in samples) / 2


def test_people_in_parts_and_other_files_beside_them(root: Path) -> None:
    ids = [s.id for s in load_dataset("bu3dfe", root).samples]
    (root / "part2").mkdir()
    (root / "M0001").rename(root / "part2" / "M0001")
    (root / "F0001" / "F0001_AN01WH_RAW.wrl").write_text("#VRML V2.0 utf8", encoding="ascii")
    (root / "readme").mkdir()
    assert [s.id for s in load_dataset("bu3dfe", root).samples] == ids
