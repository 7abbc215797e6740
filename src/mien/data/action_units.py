"""Which single action units stand for an emotion: Table 3.8 of the RGB-D thesis, for scans of Bosphorus.

Bosphorus names the unit that a person was asked to show: ``LFAU_24`` in the lower face, ``UFAU_2`` in the
upper one, ``CAU_22A25`` for several. The thesis takes six of them for an emotion and no other. A unit that is
shown on one side alone (``LFAU_12L``) or weakly (``LFAU_12LW``) is not in its table and counts for none.
"""

from __future__ import annotations

from collections.abc import Mapping

UNIT_EMOTIONS: Mapping[str, str] = {
    "LFAU_24": "anger",  # lip presser
    "LFAU_9": "disgust",  # nose wrinkler
    "LFAU_12": "happiness",  # lip corner puller
    "LFAU_15": "sadness",  # lip corner depressor
    "UFAU_2": "surprise",  # outer brow raiser
    "UFAU_1": "fear",  # inner brow raiser
}


def unit_emotion(unit: str) -> str | None:
    """The emotion that an action unit stands for; None where it stands for none.

    Args:
        unit: As in Bosphorus' file names, upper or lower case, e.g. ``LFAU_24``.
    """
    return UNIT_EMOTIONS.get(unit.strip().upper())
