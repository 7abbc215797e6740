from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.metrics.ablation import AblationRow, AblationRun, AblationTable, gap
from mien.metrics.predictions import Predictions


def _predictions(n_right: int, n: int = 40, first: str = "0") -> Predictions:
    truth = np.arange(n) % 2
    said = np.where(np.arange(n) < n_right, truth, 1 - truth)
    return Predictions(
        ("anger", "fear"), (first, *map(str, range(1, n))), truth, np.eye(2)[said].astype(np.float64)
    )


def test_the_gap_is_the_mean_over_common_seeds() -> None:
    full = {0: _predictions(30), 1: _predictions(34), 2: _predictions(40)}
    row = {0: _predictions(28), 1: _predictions(28)}
    found = gap(full, row)
    assert found is not None
    assert found.value == pytest.approx((2 + 6) / 80)
    assert found.low <= found.value <= found.high
    assert found.low < found.high


def test_the_gap_draws_people_where_they_are_known() -> None:
    full, row = _predictions(36), _predictions(20)
    people = tuple(f"p{i // 10}" for i in range(40))
    alone = gap({0: full}, {0: row})
    together = gap({0: replace(full, subjects=people)}, {0: replace(row, subjects=people)})
    assert alone is not None
    assert together is not None
    assert (alone.drawn, together.drawn) == ("samples", "subjects")
    assert alone.value == together.value
    assert together.high - together.low > alone.high - alone.low


def test_no_common_seed_no_gap() -> None:
    assert gap({0: _predictions(30)}, {1: _predictions(28)}) is None


def test_other_samples_are_refused() -> None:
    with pytest.raises(MienError, match="same samples"):
        gap({0: _predictions(30)}, {0: _predictions(28, first="other")})


def test_a_row_averages_its_runs() -> None:
    runs = [
        AblationRun(seed=s, parameters=3, accuracy=a, uar=a / 2, best_epoch=1, epochs=2, minutes=1.5)
        for s, a in ((0, 0.5), (1, 0.7))
    ]
    row = AblationRow(name="full", runs=tuple(runs))
    assert (row.accuracy, row.uar, row.minutes) == (pytest.approx(0.6), pytest.approx(0.3), 3.0)


def test_text_that_is_no_table_is_refused() -> None:
    with pytest.raises(MienError, match=r"x\.json"):
        AblationTable.from_json("{}", "x.json")
