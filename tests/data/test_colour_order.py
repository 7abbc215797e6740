from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mien.core.records import Sample
from mien.data.colour_order import colour_order, red_over_blue
from mien.data.datasets import load_dataset
from mien.data.pictures import read_picture

SKIN, WALL = (190, 140, 110), (60, 90, 160)


def portrait() -> np.ndarray:
    """Skin in the upper left quarter, a blue wall elsewhere."""
    image = np.full((80, 100, 3), WALL, np.uint8)
    image[:40, :50] = SKIN
    return image


def test_the_middle_of_the_face_counts() -> None:
    image = portrait()
    assert red_over_blue(image, (0, 0, 50, 40)) == pytest.approx((190 - 110) / (190 + 140 + 110))
    assert red_over_blue(image) == pytest.approx((60 - 160) / (60 + 90 + 160))
    assert red_over_blue(image, (-30, -30, 60, 60)) == pytest.approx(80 / 440)
    assert red_over_blue(image, (500, 500, 9, 9)) == red_over_blue(image)
    assert red_over_blue(image[:1, :1]) == pytest.approx(80 / 440)


def test_grey_pictures_say_nothing() -> None:
    assert red_over_blue(np.full((9, 9), 80, np.uint8)) is None
    assert red_over_blue(np.full((9, 9, 3), 80, np.uint8)) is None
    assert red_over_blue(np.full((9, 9, 3), (81, 80, 80), np.uint8)) is None


def samples(n: int, split: str) -> list[Sample]:
    return [Sample(f"{split}/{i}", Path("none"), 0, split) for i in range(n)]


def test_a_verdict_for_each_split() -> None:
    everything = [*samples(10, "good"), *samples(10, "bad"), *samples(10, "mixed"), *samples(4, "few")]
    measured = {s.id: 0.1 for s in everything}
    measured |= {f"bad/{i}": -0.01 * (i + 1) for i in range(9)}
    measured |= {"mixed/3": -0.5, "few/0": -0.1, "few/1": -0.1, "few/2": -0.1}
    measured["good/1"] = None
    found = colour_order(everything, measured)
    assert (dict(found.n), dict(found.n_blue)) == (
        {"good": 9, "bad": 10, "mixed": 10, "few": 4},
        {"good": 0, "bad": 9, "mixed": 1, "few": 3},
    )
    assert (found.exchanged, found.mixed) == (("bad",), ("mixed",))
    assert found.blue[0] == "mixed/3"
    assert len(found.blue) == 13


@pytest.mark.data
def test_false_rate_on_real_pictures_and_their_exchanged_copies() -> None:
    data = os.environ.get("MIEN_TEST_DATA")
    if not data:
        pytest.skip("MIEN_TEST_DATA is not set")
    root = Path(data) / "data"
    for name, folder, most_wrong in (
        ("synthetic-rgbd", "synthetic_rgbd", 0.02),
        ("folder", "faces_london", 0),
    ):
        own = load_dataset(name, root / folder).samples
        pictures = [(read_picture(s.image), s.face.box if s.face else None) for s in own]
        as_stored = [red_over_blue(image, box) for image, box in pictures]
        exchanged = [red_over_blue(image[..., ::-1], box) for image, box in pictures]
        assert np.mean([value is not None and value < 0 for value in as_stored]) <= most_wrong
        assert np.mean([value is not None and value < 0 for value in exchanged]) >= 1 - most_wrong
