"""Made-up photographs, and the real FER2013 unpacked once a session for the tests marked ``data``."""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def photograph() -> Callable[..., np.ndarray]:
    """Seed, side -> grey [side, side] texture like photographs: strong shapes, weaker detail."""

    def make(seed: int, side: int = 64) -> np.ndarray:
        rng = np.random.default_rng(seed)
        layers = [
            cv2.GaussianBlur(rng.normal(size=(side, side)), (0, 0), s) * s**1.5 for s in (0.7, 1.5, 3, 6, 12)
        ]
        image = np.sum(layers, axis=0)
        return ((image - image.min()) / np.ptp(image) * 200 + 20).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def fer2013_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with ``fer2013.csv`` (Training and PublicTest) and ``fer2013new.csv``."""
    data = os.environ.get("MIEN_TEST_DATA")
    if not data:
        pytest.skip("MIEN_TEST_DATA is not set")
    packed = Path(data) / "data" / "fer2013"
    if not (packed / "fer2013_train_public.zip").is_file():
        pytest.skip(f"no packed FER2013 in {packed}")
    folder = tmp_path_factory.mktemp("fer2013")
    runpy.run_path(str(packed / "unpack.py"))["main"](folder)
    return folder
