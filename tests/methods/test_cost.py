"""What methods cost."""

import pytest

from mien.methods import cost_of


@pytest.mark.parametrize(
    ("name", "parameters", "macs", "words"),
    [("baseline", 11_180_103, 1.8136e9, "1.81 G"), ("mff_cnn", 1_214_866, 4.743e6, "4.74 M")],
)
def test_costs(name, parameters, macs, words):
    cost = cost_of(name)
    assert cost.parameters == parameters
    assert cost.macs == pytest.approx(macs, rel=1e-4)
    assert cost.operations == words
