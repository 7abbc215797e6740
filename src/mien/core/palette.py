"""One fixed colour per emotion, the same in every figure, report and picture. Imports no plotting library.

Chosen by searching, within the hues people expect (red anger, yellow happiness, blue sadness...), for the
set whose two most alike colours differ most, for people with normal, red-blind and green-blind sight alike.
All stand out from a white and from a dark page.
"""

from __future__ import annotations

from collections.abc import Sequence

EMOTION_COLORS = {
    "anger": "#c93b12",
    "contempt": "#a04e62",
    "disgust": "#7b9e6b",
    "fear": "#8879fb",
    "happiness": "#d8b630",
    "neutral": "#909395",
    "sadness": "#0f6a9e",
    "surprise": "#20c9e0",
}
"""sRGB, ``#rrggbb``."""

OTHER_COLORS = tuple(
    EMOTION_COLORS[name] for name in ("sadness", "happiness", "anger", "disgust", "fear", "surprise")
)
"""What labels without a colour of their own (compounds, a user's classes) take in turn."""


def label_colors(labels: Sequence[str]) -> dict[str, str]:
    """A colour for each label: its own where it has one, else the next of `OTHER_COLORS`.

    Args:
        labels: Label names of one model, in order; the same labels always give the same colours.
    """
    others = [name for name in labels if name not in EMOTION_COLORS]
    return {
        name: EMOTION_COLORS.get(name) or OTHER_COLORS[others.index(name) % len(OTHER_COLORS)]
        for name in labels
    }


def rgb(color: str) -> tuple[int, int, int]:
    """``#rrggbb`` as red, green, blue, 0..255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
