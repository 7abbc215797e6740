import pytest

from mien.data.action_units import unit_emotion


@pytest.mark.parametrize(
    ("unit", "emotion"),
    [
        ("LFAU_24", "anger"),
        ("LFAU_9", "disgust"),
        ("lfau_12", "happiness"),
        ("LFAU_15", "sadness"),
        ("UFAU_2", "surprise"),
        (" UFAU_1", "fear"),
        ("LFAU_12L", None),
        ("LFAU_12LW", None),
        ("LFAU_1", None),
        ("UFAU_4", None),
        ("CAU_12A15", None),
        ("", None),
    ],
)
def test_the_map_of_the_thesis(unit: str, emotion: str | None) -> None:
    assert unit_emotion(unit) == emotion
