"""The best few of very many faces, kept while they stream by."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class FaceCard:
    """One face as it is shown.

    Attributes:
        picture: Data URI.
        input: Where it comes from.
        time_s: Seconds into a video; None for a picture.
        shares: (label, probability), the most probable first.
        warnings: What makes the face hard to judge.
    """

    picture: str
    input: str
    time_s: float | None
    shares: tuple[tuple[str, float], ...]
    warnings: tuple[str, ...] = ()

    @property
    def emotion(self) -> str:
        """The most probable label."""
        return self.shares[0][0]

    @property
    def confidence(self) -> float:
        """Its probability."""
        return self.shares[0][1]


class Gallery:
    """Keeps the highest scores, one for each key, so that near copies of one face do not fill it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._cards: dict[Hashable, tuple[float, FaceCard]] = {}

    def offer(self, score: float, key: Hashable, make: Callable[[], FaceCard]) -> None:
        """Keep a face if it belongs to the best.

        Args:
            score: Higher is better.
            key: Faces with equal keys are alike: only the best of them stays.
            make: Called only when the face is kept; cutting it out costs time.
        """
        held = self._cards.get(key)
        if held is not None:
            if score <= held[0]:
                return
        elif len(self._cards) >= self._size:
            worst = min(self._cards, key=lambda k: self._cards[k][0])
            if score <= self._cards[worst][0]:
                return
            del self._cards[worst]
        self._cards[key] = (score, make())

    def cards(self) -> list[FaceCard]:
        """What was kept, best first."""
        return [card for _, card in sorted(self._cards.values(), key=lambda entry: -entry[0])]
