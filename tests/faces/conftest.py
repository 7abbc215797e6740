import os
from pathlib import Path

import numpy as np
import pytest

from mien.core.specs import AlignSpec, InputSpec

LEVEL_FACE = AlignSpec(points=((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)), fill=0)


@pytest.fixture
def data_dir() -> Path:
    """The data folder that MIEN_TEST_DATA names."""
    folder = os.environ.get("MIEN_TEST_DATA")
    if not folder:
        pytest.skip("MIEN_TEST_DATA is not set")
    return Path(folder)


@pytest.fixture
def model_dir(data_dir, monkeypatch) -> Path:
    """The detectors' model files, without a fetch."""
    monkeypatch.setenv("MIEN_MODEL_DIR", str(data_dir / "models"))
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    return data_dir / "models"


@pytest.fixture
def no_models(tmp_path, monkeypatch) -> Path:
    """A machine without model files and without a network; gives its empty model folder."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("MIEN_MODEL_DIR", str(folder))
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    return folder


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """A photograph of one face, RGB [512, 512, 3]."""
    return pytest.importorskip("skimage.data", reason="needs scikit-image's astronaut").astronaut()


@pytest.fixture(scope="session")
def photographs() -> list[Path]:
    """The London photographs; none when MIEN_TEST_DATA is not set."""
    folder = os.environ.get("MIEN_TEST_DATA")
    if not folder:
        pytest.skip("MIEN_TEST_DATA is not set")
    return sorted(Path(folder, "data", "faces_london").glob("*/*.jpg"))


@pytest.fixture
def make_spec():
    """Makes an InputSpec whose framing is a level face."""

    def make(size_px: int = 48, channels: str = "rgb", fill: int = 0) -> InputSpec:
        n = {"rgb": 3, "gray": 1}[channels]
        align = LEVEL_FACE.model_copy(update={"fill": fill})
        return InputSpec(size_px=size_px, channels=channels, mean=(0.5,) * n, std=(0.25,) * n, align=align)

    return make
