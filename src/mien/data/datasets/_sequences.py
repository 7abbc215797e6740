"""Sets of short sequences that begin neutral and end at the peak: the last frames are the samples."""

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
