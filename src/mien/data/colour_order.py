"""Were a set's pictures stored with red and blue exchanged? Skin tells: it reflects more red than blue.

That holds for every skin in white light; coloured light and tinted photographs make exceptions, so single
pictures are pointed at, and a verdict is given on a whole split alone.

Measured, as stored and with the channels exchanged: 0 of the 204 photographs of the London Set look blue as
they are and 204 exchanged; of the 2,550 synthetic faces, which are rendered in coloured light on purpose,
1.5 % as they are and 98.5 % exchanged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mien.core.records import ImageArray, Sample
from mien.faces.box import Box, clip_box

COLOURLESS = 2.0  # mean difference of red and blue, in grey levels, below which a picture counts as grey
MOST_ARE_BLUE = 0.5  # share of a split from which it is suspected as a whole
SOME_ARE_BLUE = 0.05  # well above the 1.4 % of the synthetic faces
FEWEST = 8  # coloured pictures that a verdict on a split needs


@dataclass(frozen=True)
class ColourOrder:
    """What the colour of skin says of a set.

    Attributes:
        n: Coloured pictures by split; grey ones say nothing.
        n_blue: Those among them in which the middle of the face has more blue than red, by split.
        blue: Ids of the latter, the bluest first.
        exchanged: Splits that seem to be stored with red and blue exchanged.
        mixed: Splits with more blue pictures than light explains, but fewer than half.
    """

    n: Mapping[str, int]
    n_blue: Mapping[str, int]
    blue: tuple[str, ...]
    exchanged: tuple[str, ...]
    mixed: tuple[str, ...]


def red_over_blue(image: ImageArray, box: Box | None = None) -> float | None:
    """Median of (R - B) / (R + G + B) over the middle of a face, -1..1; None for a grey picture.

    Args:
        image: RGB [H, W, 3] or grey [H, W], uint8.
        box: Of the face; None takes the middle of the picture.
    """
    if image.ndim == 2:
        return None
    height, width = image.shape[:2]
    inside = clip_box(box, width, height) if box else None
    x, y, wide, high = inside or (0.15 * width, 0.15 * height, 0.7 * width, 0.7 * height)
    top, left = int(y + 0.2 * high), int(x + 0.15 * wide)
    middle = image[top : max(top + 1, int(y + 0.9 * high)), left : max(left + 1, int(x + 0.85 * wide))]
    plain = middle.reshape(-1, 3).astype(np.float32)
    difference = plain[:, 0] - plain[:, 2]
    if np.abs(difference).mean() < COLOURLESS:
        return None
    return float(np.median(difference / np.maximum(plain.sum(1), 1)))


def colour_order(samples: Sequence[Sample], measured: Mapping[str, float | None]) -> ColourOrder:
    """Sum up what was measured.

    Args:
        samples: Of the set.
        measured: `red_over_blue` by sample id; samples may lack.
    """
    coloured = [(s, value) for s in samples if (value := measured.get(s.id)) is not None]
    blue = sorted(((value, s) for s, value in coloured if value < 0), key=lambda pair: pair[0])
    n, n_blue = Counter(s.split for s, _ in coloured), Counter(s.split for _, s in blue)
    shares = {split: n_blue[split] / n[split] for split in n if n[split] >= FEWEST}
    return ColourOrder(
        n=dict(n),
        n_blue={split: n_blue[split] for split in n},
        blue=tuple(s.id for _, s in blue),
        exchanged=tuple(split for split, share in shares.items() if share > MOST_ARE_BLUE),
        mixed=tuple(split for split, share in shares.items() if SOME_ARE_BLUE < share <= MOST_ARE_BLUE),
    )
