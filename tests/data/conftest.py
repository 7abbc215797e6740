"""The real FER2013, unpacked once a session for the tests marked ``data``."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest


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
