"""Short sequences: the samples are the frames at the peak, which is at the end or in the middle."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

PEAK_FRAMES = 3
"""How many frames of a sequence the published protocols take, counted from its peak backwards."""


def frame_number(path: Path) -> int:
    """The last number in a file's name, without its ending; -1 where there is none."""
    digits = re.findall(r"\d+", path.stem)
    return int(digits[-1]) if digits else -1


def peak_frames(pictures: Sequence[Path], peak: int | None = None) -> list[Path]:
    """The pictures up to the peak, the last `PEAK_FRAMES` of them in order.

    Args:
        pictures: Of one sequence, in any order.
        peak: Frame number of the peak; None for the last frame there is.

    Returns:
        Fewer where the sequence is incomplete: none where the peak itself is missing.
    """
    by_number = {frame_number(path): path for path in pictures}
    until = sorted(number for number in by_number if number >= 0 and (peak is None or number <= peak))
    if not until or (peak is not None and until[-1] != peak):
        return []
    return [by_number[number] for number in until[-PEAK_FRAMES:]]


def middle_frames(pictures: Sequence[Path]) -> list[Path]:
    """The `PEAK_FRAMES` pictures in the middle of a sequence that begins and ends neutral, in order.

    Returns:
        Fewer where the sequence is shorter.
    """
    numbered = sorted((path for path in pictures if frame_number(path) >= 0), key=frame_number)
    return [numbered[place] for place in middle_places(len(numbered))]


def middle_places(n: int, first: int = 0) -> range:
    """Places of the `PEAK_FRAMES` in the middle of `n` frames that begin at `first`; fewer if `n` is less."""
    start = first + max(0, (n - PEAK_FRAMES) // 2)
    return range(start, min(start + PEAK_FRAMES, first + n))
