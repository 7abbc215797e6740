from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from mien.data.near_duplicates import SAME_PHOTOGRAPH, detail_correlation, near_duplicates

RNG = np.random.default_rng(0)
Photograph = Callable[[int], np.ndarray]


def middle(image: np.ndarray, dy: int = 0, dx: int = 0) -> np.ndarray:
    return np.ascontiguousarray(image[8 + dy : 56 + dy, 8 + dx : 56 + dx])


def jpeg(image: np.ndarray) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_GRAYSCALE)


CHANGES: dict[str, tuple[Callable[[np.ndarray], np.ndarray], bool]] = {
    "recompressed": (lambda p: jpeg(middle(p)), False),
    "relit": (lambda p: np.clip(middle(p) * 0.6 + 60, 0, 255).astype(np.uint8), False),
    "recropped": (lambda p: middle(p, 1, -2), False),
    "noisy": (lambda p: np.clip(middle(p) + RNG.normal(0, 3, (48, 48)), 0, 255).astype(np.uint8), False),
    "mirrored": (lambda p: np.ascontiguousarray(middle(p)[:, ::-1]), True),
    "mirrored and recompressed": (lambda p: jpeg(np.ascontiguousarray(middle(p)[:, ::-1])), True),
}


@pytest.mark.parametrize("change", CHANGES)
def test_finds_a_changed_copy_among_others(change: str, photograph: Photograph) -> None:
    alter, mirrored = CHANGES[change]
    others = [middle(photograph(seed)) for seed in range(1, 40)]
    pictures = [middle(photograph(0)), *others, alter(photograph(0))]
    (pair,) = near_duplicates(pictures)
    assert (pair.first, pair.second, pair.mirrored) == (0, 40, mirrored)
    assert SAME_PHOTOGRAPH <= pair.score <= 1


def test_other_photographs_are_no_copies(photograph: Photograph) -> None:
    assert near_duplicates([middle(photograph(seed)) for seed in range(60)]) == []


def test_blank_and_smooth_pictures_match_nothing() -> None:
    ramp = np.tile(np.arange(48, dtype=np.uint8), (48, 1))
    assert near_duplicates([np.zeros((48, 48), np.uint8), np.full((48, 48), 9, np.uint8), ramp, ramp]) == []


def test_a_symmetric_picture_pairs_once(photograph: Photograph) -> None:
    half = middle(photograph(3))[:, :24]
    symmetric = np.ascontiguousarray(np.hstack([half, half[:, ::-1]]))
    (pair,) = near_duplicates([symmetric, jpeg(symmetric)])
    assert pair.score > 0.8


def test_equals_comparing_every_pair_and_blocks_do_not_matter(
    monkeypatch: pytest.MonkeyPatch, photograph: Photograph
) -> None:
    pictures = [change(photograph(seed)) for seed in range(8) for change, _ in CHANGES.values()]
    found = near_duplicates(pictures)
    assert {(p.first, p.second) for p in found} == {
        (a, b) for a in range(48) for b in range(a + 1, 48) if a // 6 == b // 6
    }
    monkeypatch.setattr("mien.data.near_duplicates.BLOCK", (5, 7))
    again = near_duplicates(pictures)
    assert [(p.first, p.second, p.mirrored) for p in again] == [
        (p.first, p.second, p.mirrored) for p in found
    ]


def test_fewer_than_two_pictures(photograph: Photograph) -> None:
    assert near_duplicates([]) == []
    assert near_duplicates([middle(photograph(0))]) == []


def test_detail_correlation_finds_the_shift() -> None:
    detail = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    first, moved, too_far = detail[8:56, 8:56], detail[12:60, 5:53], detail[13:61, 8:56]
    assert detail_correlation(np.ascontiguousarray(first), moved) == pytest.approx(1, abs=1e-4)
    assert detail_correlation(np.ascontiguousarray(first), too_far) < 0.2
