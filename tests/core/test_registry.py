import pytest

from mien.core.errors import MienError
from mien.core.registry import Registry, suggest


@pytest.fixture
def colours():
    registry: Registry[int] = Registry("colour")
    registry.register("red")(1)
    registry.register("green")(2)
    return registry


def test_entries_come_back_in_the_order_of_registration(colours):
    assert colours["green"] == 2
    assert list(colours) == ["red", "green"]
    assert colours.items() == [("red", 1), ("green", 2)]
    assert "red" in colours
    assert "blue" not in colours


def test_a_duplicate_is_refused(colours):
    with pytest.raises(MienError, match="a colour named 'red' is registered already"):
        colours.register("red")(3)
    assert colours["red"] == 1


def test_an_unknown_name_gets_the_nearest_and_the_list(colours):
    with pytest.raises(
        MienError, match=r"unknown colour 'gren'; did you mean 'green'\? \(known: red, green\)"
    ):
        colours["gren"]


def test_nothing_near_is_not_guessed():
    assert suggest("zzz", ["red", "green"]) == " (known: red, green)"
