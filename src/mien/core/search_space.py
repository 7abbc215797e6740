"""What `mien tune` may change: dotted recipe keys, each with a range or a list of values."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import model_validator

from mien.core.errors import MienError
from mien.core.specs import Frozen

_HOW = "key=low..high, key=low..high:log, or key=a|b|c"


class Dimension(Frozen):
    """One key of a recipe and the values that it may take.

    Attributes:
        key: Dotted, such as ``train.lr``.
        low: Least value of a range; None for a list.
        high: Greatest value of a range.
        log: Whether a range is searched on a logarithmic scale.
        whole: Whether a range holds whole numbers only.
        choices: YAML texts of a list; empty for a range.
    """

    key: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    whole: bool = False
    choices: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _range_or_list(self) -> Dimension:
        if self.low is None or self.high is None:
            if len(set(self.choices)) < 2:
                raise ValueError("a list needs two different values or more")
        elif not self.low < self.high:
            raise ValueError(f"the range is empty: {self.low} .. {self.high}")
        elif self.log and self.low <= 0:
            raise ValueError("a logarithmic range begins above 0")
        return self

    @property
    def first(self) -> Any:
        """A value of the dimension, to try a recipe with."""
        if self.low is None:
            return yaml.safe_load(self.choices[0])
        return int(self.low) if self.whole else self.low


def parse_dimension(text: str) -> Dimension:
    """A dimension as it is typed.

    Args:
        text: ``train.lr=1e-4..3e-3:log``, ``train.warmup_iters=0..500`` (whole numbers), or
            ``train.batch_size=32|64|128``.

    Raises:
        MienError: It is neither a range nor a list.
    """
    key, equals, values = text.partition("=")
    if not equals or not key or not values:
        raise MienError(f"--space {text}: expected {_HOW}")
    try:
        if ".." not in values:
            return Dimension(key=key, choices=tuple(part.strip() for part in values.split("|")))
        ends, _, scale = values.partition(":")
        low, high = (part.strip() for part in ends.split("..", 1))
        if scale not in ("", "log"):
            raise ValueError(f"{scale!r} is no scale: leave it out, or say log")
        whole = low.lstrip("-").isdigit() and high.lstrip("-").isdigit()
        return Dimension(key=key, low=float(low), high=float(high), log=scale == "log", whole=whole)
    except ValueError as error:
        said = str(error).split("Value error, ")[-1].split(" [type=")[0]
        raise MienError(f"--space {text}: {said}; expected {_HOW}") from error
