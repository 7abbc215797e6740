from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.core.records import Sample
from mien.data.hashing import content_hash, fingerprint, grouped, read_fingerprints

NOISE = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)


def test_hash_follows_pixels_and_shape() -> None:
    other = NOISE.copy()
    other[5, 5] ^= 1
    assert content_hash(NOISE) == content_hash(NOISE.copy())
    assert content_hash(NOISE) != content_hash(other)
    assert content_hash(NOISE) != content_hash(NOISE.reshape(24, 96))
    assert content_hash(NOISE) == content_hash(np.asfortranarray(NOISE))


def test_grey_in_three_channels_is_the_same_picture() -> None:
    rgb = np.dstack([NOISE] * 3)
    assert content_hash(rgb) == content_hash(NOISE)
    rgb[0, 0, 0] ^= 1
    assert content_hash(rgb) != content_hash(NOISE)


def test_fingerprint_of_any_shape() -> None:
    found = fingerprint(np.random.default_rng(0).integers(10, 20, (90, 30, 3), dtype=np.uint8))
    assert found.thumbnail.shape == (48, 48)
    assert found.size == (30, 90)
    assert 0 < found.span < 10
    assert fingerprint(np.full((1, 1), 7, np.uint8)).span == 0
    assert np.array_equal(fingerprint(NOISE).thumbnail, NOISE)


def test_unreadable_pictures_are_named(tmp_path: Path) -> None:
    samples = [Sample("good", NOISE, 0, "train"), Sample("bad", tmp_path / "none.png", 0, "train")]
    ticks: list[int] = []
    found, errors = read_fingerprints(samples, lambda: ticks.append(1))
    assert list(found) == ["good"]
    assert "none.png" in errors["bad"]
    assert len(ticks) == 2


def test_of_a_sample_with_a_box_the_box_counts() -> None:
    boxes = {"a": (0, 0, 20, 30), "b": (20, 10, 28, 38), "beyond": (40.5, -3, 20, 30), "whole": None}
    samples = [Sample(name, NOISE, 0, "all", box=box) for name, box in boxes.items()]
    found, errors = read_fingerprints(samples)
    assert not errors
    assert {name: f.size for name, f in found.items()} == {
        "a": (20, 30),
        "b": (28, 38),
        "beyond": (7, 27),
        "whole": (48, 48),
    }
    assert found["b"].sha256 == content_hash(NOISE[10:48, 20:48])


def test_grouped() -> None:
    assert grouped([("a", 1), ("b", 2), ("c", 1)]) == [("a", "c"), ("b",)]
