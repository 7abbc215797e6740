"""The gallery of an evaluation shows the surest mistakes, few of each kind."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from mien.metrics.predictions import Predictions
from mien.report.mistakes import surest_mistakes, worst_mistakes

LABELS = ("anger", "fear", "joy")


def said(rows: list[tuple[int, list[float]]]) -> Predictions:
    truth = np.array([t for t, _ in rows], np.int64)
    return Predictions(
        LABELS, tuple(f"s{i}" for i in range(len(rows))), truth, np.array([p for _, p in rows])
    )


def test_the_surest_come_first_and_right_or_missed_faces_never() -> None:
    table = said(
        [
            (0, [0.9, 0.1, 0.0]),  # right
            (0, [0.2, 0.7, 0.1]),
            (1, [0.0, 0.05, 0.95]),
            (2, [np.nan] * 3),  # no face found
            (2, [0.6, 0.2, 0.2]),
        ]
    )
    assert surest_mistakes(table, 10) == [2, 1, 4]
    assert surest_mistakes(table, 2) == [2, 1]


def test_one_confusion_does_not_fill_the_gallery() -> None:
    table = said([(0, [0.0, 0.99 - i / 100, 0.01 + i / 100]) for i in range(9)] + [(2, [0.4, 0.3, 0.3])])
    assert surest_mistakes(table, 5, of_one_kind=3) == [0, 1, 2, 9]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_cards_show_what_the_model_saw(channels: int) -> None:
    table = said([(0, [0.2, 0.7, 0.1])])
    crop = np.full((48, 48, channels), 200, np.int16 if channels == 4 else np.uint8)
    (card,) = worst_mistakes(table, [crop[:, :, 0] if channels == 1 else crop])
    assert (card.sample, card.truth, card.said) == ("s0", "anger", "fear")
    assert (card.confidence, card.of_truth) == (0.7, 0.2)
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(card.picture.split(",")[1]), np.uint8), 1)
    assert picture.shape == (112, 112, 3)
    assert np.abs(picture.astype(int) - 200).max() <= 2
