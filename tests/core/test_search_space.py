"""What `--space` takes, and what it refuses."""

from __future__ import annotations

import pytest

from mien.core.errors import MienError
from mien.core.search_space import parse_dimension


def test_ranges_and_lists() -> None:
    rate = parse_dimension("train.lr=1e-4..3e-3:log")
    assert (rate.key, rate.low, rate.high, rate.log, rate.whole) == ("train.lr", 1e-4, 3e-3, True, False)
    assert rate.first == 1e-4
    steps = parse_dimension("train.warmup_iters=0..500")
    assert steps.whole
    assert steps.first == 0
    assert isinstance(steps.first, int)
    sizes = parse_dimension("train.batch_size=32|64")
    assert sizes.choices == ("32", "64")
    assert sizes.first == 32
    assert parse_dimension("method.params.dropout=-1..0.5").low == -1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("train.lr", "expected key=low..high"),
        ("train.lr=", "expected key=low..high"),
        ("train.lr=3..1", "the range is empty"),
        ("train.lr=0..1:log", "begins above 0"),
        ("train.lr=1..2:linear", "no scale"),
        ("train.lr=a..b", "could not convert"),
        ("train.batch_size=32", "two different values"),
    ],
)
def test_nonsense_is_one_line(text: str, told: str) -> None:
    with pytest.raises(MienError, match=told) as caught:
        parse_dimension(text)
    assert "\n" not in str(caught.value)
