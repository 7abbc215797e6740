import math

import pytest

from mien.core.recipe import TrainChoice
from mien.engine.schedule import lr_at, size_at


def train(**choices: object) -> TrainChoice:
    return TrainChoice(**{"epochs": 10, "lr": 1.0} | choices)


def test_warm_up_is_a_ramp_that_ends_at_the_full_rate():
    how = train(schedule="constant", warmup_iters=4)
    assert [lr_at(step, how, 5) for step in range(6)] == [0.25, 0.5, 0.75, 1, 1, 1]


def test_constant_stays():
    assert {lr_at(step, train(schedule="constant", lr=0.3), 7) for step in range(70)} == {0.3}


def test_step_falls_by_gamma_after_every_few_epochs():
    how = train(schedule="step", lr=0.01, gamma=0.93, step_epochs=3)
    for epoch in range(10):
        for step in (0, 4):
            expected = 0.01 * 0.93 ** math.floor(epoch / 3)
            assert lr_at(5 * epoch + step, how, 5) == pytest.approx(expected, rel=1e-12)


def test_cosine_by_hand():
    how = train(schedule="cosine", lr=1.0, lr_min=0.2, epochs=2, warmup_iters=2)  # 10 steps, 8 of them fall
    rates = [lr_at(step, how, 5) for step in range(11)]
    assert rates[:3] == [0.5, 1.0, 1.0]
    assert rates[6] == pytest.approx(0.6)  # half way: the middle of 0.2 and 1
    assert rates[4] == pytest.approx(0.2 + 0.8 * 0.5 * (1 + math.sqrt(0.5)))
    assert rates[10] == pytest.approx(0.2)
    assert rates[1:] == sorted(rates[1:], reverse=True)


def test_a_warm_up_longer_than_the_run_never_divides_by_zero():
    how = train(schedule="cosine", epochs=1, warmup_iters=10)
    assert lr_at(9, how, 5) == 1.0
    assert lr_at(10, how, 5) == 1.0


def test_size_follows_its_schedule():
    how = train(size_schedule={0: 32, 3: 40})
    assert [size_at(epoch, how, 48) for epoch in (0, 2, 3, 9)] == [32, 32, 40, 40]
    assert size_at(1, train(size_schedule={2: 32}), 48) == 48
    assert size_at(5, train(), 48) == 48


def test_multistep_falls_after_each_milestone():
    how = train(schedule="multistep", lr=1e-4, gamma=0.1, milestones=[2, 5])
    rates = [lr_at(5 * epoch + 4, how, 5) for epoch in range(7)]
    assert rates == pytest.approx([1e-4, 1e-4, 1e-5, 1e-5, 1e-5, 1e-6, 1e-6], rel=1e-9)


def test_exponential_falls_every_epoch():
    how = train(schedule="exponential", lr=1e-3, gamma=0.9)
    expected = [1e-3 * 0.9**epoch for epoch in range(4)]
    assert [lr_at(5 * epoch, how, 5) for epoch in range(4)] == pytest.approx(expected, rel=1e-12)


def test_one_cycle_rises_to_each_parts_peak_and_ends_at_the_common_minimum():
    how = train(schedule="one_cycle", lr=1e-3, lr_min=1e-6, epochs=10, rise=0.3)
    for factor in (1.0, 0.1):
        rates = [lr_at(step, how, 11, factor) for step in range(110)]
        assert rates[0] == pytest.approx(1e-6)
        assert rates[-1] == pytest.approx(1e-6)
        assert max(rates) == pytest.approx(1e-3 * factor, rel=1e-2)
        top = rates.index(max(rates))
        assert 0.28 < top / 109 < 0.32
        assert rates[: top + 1] == sorted(rates[: top + 1])
        assert rates[top:] == sorted(rates[top:], reverse=True)
