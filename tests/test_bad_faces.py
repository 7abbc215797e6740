"""What is hard or impossible to judge is never reported as sure and without a warning."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.data.pictures import read_picture
from mien.runtime.analyze_image import analyze_image
from mien.runtime.model import Model

TOOL = Path(__file__).parents[1] / "tools" / "measure_quality.py"
pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("measure_quality", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data() -> Path:
    folder = os.environ.get("MIEN_TEST_DATA")
    if not folder:
        pytest.skip("MIEN_TEST_DATA is not set")
    return Path(folder) / "data"


@pytest.fixture(scope="module")
def model() -> Model:
    import mien
    from mien.faces.detector import create_detector

    loaded = mien.load("mien-base")
    return Model(loaded.predictor, create_detector("yunet", min_face_px=6))


@pytest.fixture(scope="module")
def photographs(data: Path) -> list[np.ndarray]:
    return [read_picture(p) for p in sorted((data / "faces_london" / "smiling").glob("*.jpg"))[::17]]


def rows_of(model: Model, images) -> list:
    rows = [row for image in images for row in analyze_image(image, model.predictor, model.detector)]
    return [row for row in rows if row.status == "ok"]


def believed(row) -> bool:
    return not row.unsure and not row.warnings


def test_good_photographs_are_mostly_believed(model, photographs):
    rows = rows_of(model, photographs)
    assert len(rows) == len(photographs)
    assert not any(row.warnings for row in rows)
    assert sum(map(believed, rows)) >= len(rows) / 3


@pytest.mark.parametrize("what", ["tiny", "blurred", "dark", "surgical mask", "carnival mask", "faded"])
def test_spoilt_photographs(model, photographs, tool, what):
    def spoil(image):
        face = model.detector.detect(image)[0]
        if what == "tiny":
            return tool.reduced(image, face.box[2], 14)
        if what == "blurred":
            return cv2.GaussianBlur(image, (0, 0), face.box[2] / 12)
        if what == "dark":
            return (image * 0.06).astype(np.uint8)
        if what == "faded":
            return (128 + (image.astype(float) - 128) * 0.08).astype(np.uint8)
        return tool.covered(image, face.points, what)

    rows = rows_of(model, map(spoil, photographs))
    assert [row for row in rows if believed(row)] == []


@pytest.mark.parametrize(("yaw", "plaster"), [(60, False), (90, False), (0, True)])
def test_profiles_and_statues(model, data, tool, yaw, plaster):
    pytest.importorskip("embreex")
    images = list(tool.rendered(data / "synthetic_rgbd" / "meshes", yaw, 0, plaster))[::3]
    rows = rows_of(model, images)
    assert rows
    assert [row for row in rows if believed(row)] == []


def test_cartoons_an_animal_and_nothing(model, tool):
    images = [*tool.cartoons(), np.zeros((50, 50, 3), np.uint8)]
    images.append(np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8))
    assert [row for row in rows_of(model, images) if believed(row)] == []
