"""Near duplicates: one photograph that stands in a set twice: recompressed, resized, recropped or mirrored.

Three steps. Every pair of pictures, as they are and mirrored, is compared by the correlation of small
band-passed thumbnails, which is one blocked matrix product. The pairs above SHORTLIST are then compared by
fine detail: the correlation of what a blur of 2 px takes away from 48 x 48 px, at the best of all shifts up
to 4 px. Photographs of different people, or of one person at another moment, share shape and light but not
detail; drawings, whose detail is all shape, may be taken for copies of one another. Aligned photographs of
one person, taken a moment apart, share even that at 48 px: so larger pictures are laid upon one another and
compared place by place (see close_look.py).

Memory grows with the number of pictures, a few kB each with the thumbnails; time with its square.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.records import ImageArray
from mien.data.close_look import SAME_EVERYWHERE, likeness

# Of the pairs of FER2013 pictures found at 0.70, 98 % are found here, in half the time.
SHORTLIST = 0.73
# FER2013's pairs fall in two humps with the valley at 0.5 to 0.6. Looked at by eye, 128 of 128 pairs drawn
# between 0.65 and 0.70 were one photograph; of 28 between 0.60 and 0.65, 25 were; between 0.55 and 0.60, 16.
SAME_PHOTOGRAPH = 0.65
BAND_PX = (2.0, 6.0)  # sigmas of the two blurs between which the thumbnails' band lies
DETAIL_PX = 2.0  # sigma of the blur that fine detail is measured against
GRID_PX = 16  # side of the band-passed thumbnails
SHIFT_PX = 4
FLAT = 0.5  # standard deviation, in grey levels, below which fine detail is rounding
BLOCK = (512, 16_384)  # pictures compared at once: 32 MB a product, however many there are

Close = Callable[[int], ImageArray | None]
"""Place -> the picture itself, grey and as large as `close_look.side_of` asks; None where it is too small."""


@dataclass(frozen=True, order=True)
class NearPair:
    """Two pictures that show one photograph.

    Attributes:
        first: Place of one picture in the sequence that was searched.
        second: Place of the other, greater than `first`.
        score: SAME_PHOTOGRAPH..1, the correlation of their fine detail; of larger pictures their likeness,
            close_look.SAME_EVERYWHERE..1.
        mirrored: Whether one is the mirror image of the other.
    """

    first: int
    second: int
    score: float
    mirrored: bool


def near_duplicates(
    thumbnails: Sequence[ImageArray],
    on_picture: Callable[[], object] = lambda: None,
    close: Close = lambda place: None,
) -> list[NearPair]:
    """All pairs of near duplicates among pictures.

    No pair is left out by chance, as a search by hash codes would. Time grows with the square of the
    number of pictures: 31,000 take about half a minute on one core. Pictures without detail match nothing.

    Args:
        thumbnails: Grey uint8 [48, 48], best without exact copies among them.
        on_picture: Called for each picture that has been compared with all others, for a progress bar.
        close: Gives larger pictures for the pairs that are alike at 48 px; asked for the same place again and
            again, so it had better remember. A close look takes 8 ms.
    """
    if len(thumbnails) < 2:
        return []
    even, odd = _even_and_odd(_bands(thumbnails))
    found: list[NearPair] = []
    for start in range(0, len(thumbnails), BLOCK[0]):
        for a, b, mirrored in _alike(even, odd, start):
            score = _score(thumbnails[a], thumbnails[b], mirrored)
            if score >= SAME_PHOTOGRAPH:
                found += _confirmed(NearPair(a, b, score, mirrored), close)
        for _ in range(len(even[start : start + BLOCK[0]])):
            on_picture()
    return sorted(_better_way(found))


def detail_correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Largest normalised correlation of two pictures' fine detail over all shifts of up to SHIFT_PX, -1..1.

    Args:
        first: [48, 48] detail of one picture.
        second: [48, 48] detail of the other; its rim of SHIFT_PX is left out.
    """
    middle = np.ascontiguousarray(second[SHIFT_PX:-SHIFT_PX, SHIFT_PX:-SHIFT_PX])
    return min(1.0, float(cv2.matchTemplate(first, middle, cv2.TM_CCOEFF_NORMED).max()))


def _score(first: ImageArray, second: ImageArray, mirrored: bool) -> float:
    detail = _detail(second)
    return detail_correlation(_detail(first), detail[:, ::-1] if mirrored else detail)


def _confirmed(pair: NearPair, close: Close) -> list[NearPair]:
    """The pair with the score that counts; nothing if a close look tells two photographs."""
    first = close(pair.first)
    second = None if first is None else close(pair.second)
    if first is None or second is None:
        return [pair]
    score = likeness(first, np.ascontiguousarray(second[:, ::-1]) if pair.mirrored else second)
    return [NearPair(pair.first, pair.second, score, pair.mirrored)] if score >= SAME_EVERYWHERE else []


def _alike(
    even: NDArray[np.float32], odd: NDArray[np.float32], start: int
) -> Iterator[tuple[int, int, bool]]:
    """Shortlisted pairs (one place, a greater one, whether mirrored) of the block of pictures at `start`."""
    rows_at_once, columns_at_once = BLOCK
    own = slice(start, start + rows_at_once)
    for left in range(start, len(even), columns_at_once):
        others = slice(left, left + columns_at_once)
        e, o = even[own] @ even[others].T, odd[own] @ odd[others].T
        for mirrored, correlation in ((False, e + o), (True, e - o)):
            rows, columns = np.nonzero(correlation > SHORTLIST)
            first, second = rows + start, columns + left
            for a, b in zip(first[second > first], second[second > first], strict=True):
                yield int(a), int(b), mirrored


def _detail(picture: ImageArray) -> NDArray[np.float32]:
    plain = picture.astype(np.float32)
    return plain - cv2.GaussianBlur(plain, (0, 0), DETAIL_PX)


def _bands(pictures: Sequence[ImageArray]) -> NDArray[np.float32]:
    """[N, GRID_PX, GRID_PX] band-passed, zero mean, unit norm; zero for pictures that show nothing."""
    low, high = BAND_PX
    small = np.zeros((len(pictures), GRID_PX, GRID_PX), np.float32)
    for i, picture in enumerate(pictures):
        if _detail(picture).std() < FLAT:
            continue  # never shortlisted
        plain = picture.astype(np.float32)
        band = cv2.GaussianBlur(plain, (0, 0), low) - cv2.GaussianBlur(plain, (0, 0), high)
        small[i] = cv2.resize(band, (GRID_PX, GRID_PX), interpolation=cv2.INTER_AREA)
    small -= small.mean((1, 2), keepdims=True)
    norms = np.sqrt((small**2).sum((1, 2), keepdims=True))
    return np.divide(small, norms, out=np.zeros_like(small), where=norms > 1e-2)


def _even_and_odd(thumbnails: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Left-right even and odd halves, [N, GRID_PX**2 / 2] each.

    With E and O the products of two pictures' even and odd halves, E + O is the pictures' correlation and E
    - O that with one of them mirrored, so mirror images cost nothing more.
    """
    left, right = thumbnails[:, :, : GRID_PX // 2], thumbnails[:, :, ::-1][:, :, : GRID_PX // 2]
    half = np.float32(np.sqrt(0.5))
    return ((left + right) * half).reshape(len(left), -1), ((left - right) * half).reshape(len(left), -1)


def _better_way(pairs: list[NearPair]) -> list[NearPair]:
    """Each pair once: a symmetric picture may match as it is and mirrored."""
    best: dict[tuple[int, int], NearPair] = {}
    for pair in pairs:
        key = (pair.first, pair.second)
        if key not in best or pair.score > best[key].score:
            best[key] = pair
    return list(best.values())
