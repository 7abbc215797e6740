"""Copies planted among pictures: every one is found, and hardly anything else."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.core.labels import LabelSpace
from mien.core.records import Sample
from mien.data.audit import audit
from mien.data.datasets import DatasetInfo, FaceDataset, load_dataset
from mien.data.datasets._base import Contents
from mien.data.pictures import read_picture

SPACE = LabelSpace(("happiness", "sadness"))
INTERPOLATIONS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC)


def recompressed(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 91))])[1]
    return cv2.imdecode(code, cv2.IMREAD_ANYCOLOR)


def resized(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    by = float(rng.uniform(0.5, 2))
    how = INTERPOLATIONS[int(rng.integers(len(INTERPOLATIONS)))]
    return cv2.resize(image, None, fx=by, fy=by, interpolation=how)


def mirrored(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.ascontiguousarray(image[:, ::-1])


KINDS: tuple[Callable[[np.ndarray, np.random.Generator], np.ndarray], ...] = (
    lambda image, rng: image.copy(),
    recompressed,
    resized,
    mirrored,
    lambda image, rng: recompressed(resized(mirrored(image, rng), rng), rng),
)


def planted(
    images: list[np.ndarray | Path], n: int, seed: int = 0
) -> tuple[FaceDataset, set[frozenset[str]]]:
    """The pictures and copies of `n` of them, each kind in turn; the pairs that are there to be found."""
    rng = np.random.default_rng(seed)
    samples = [Sample(f"own/{i}", image, 0, "train") for i, image in enumerate(images)]
    pairs = set()
    for k, i in enumerate(rng.choice(len(images), n, replace=False)):
        copy = KINDS[k % len(KINDS)](read_picture(images[i]), rng)
        samples.append(Sample(f"copy/{k}", copy, 0, "test"))
        pairs.add(frozenset({f"own/{i}", f"copy/{k}"}))
    info = DatasetInfo("own", "own", SPACE, SPACE.names, lambda root: Contents(samples, SPACE))
    return FaceDataset(info, Path("own"), samples, SPACE), pairs


def found_pairs(dataset: FaceDataset) -> set[frozenset[str]]:
    found = audit(dataset)
    assert found.near is not None
    exact = {frozenset(pair) for group in found.exact for pair in combinations(group, 2)}
    return exact | {frozenset(pair.ids) for pair in found.near}


@pytest.mark.parametrize("side", [48, 160])
def test_planted_among_generated_pictures(side: int, photograph: Callable[..., np.ndarray]) -> None:
    dataset, expected = planted([photograph(seed, side) for seed in range(120)], 60)
    assert found_pairs(dataset) == expected


def test_a_changed_mouth_makes_another_photograph(photograph: Callable[..., np.ndarray]) -> None:
    """At 48 px the two are one photograph; a close look tells them apart."""
    first, other = photograph(0, 160), photograph(1, 160)
    second = first.copy()
    second[100:150, 40:120] = other[100:150, 40:120]
    dataset, _ = planted([first, second, photograph(2, 160)], 0)
    assert found_pairs(dataset) == set()


@pytest.mark.data
@pytest.mark.slow
def test_planted_among_real_faces() -> None:
    """Renders of one person, and two photographs of one person a moment apart, are different pictures."""
    data = os.environ.get("MIEN_TEST_DATA")
    if not data:
        pytest.skip("MIEN_TEST_DATA is not set")
    root = Path(data) / "data"
    images = [s.image for s in load_dataset("synthetic-rgbd", root / "synthetic_rgbd").samples]
    images += sorted((root / "faces_london").rglob("*.jpg"))
    assert len(images) == 2_550 + 204
    dataset, expected = planted(images, 500, seed=1)
    found = found_pairs(dataset)
    assert expected <= found
    assert len(found - expected) <= 0.01 * len(found)
