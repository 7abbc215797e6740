"""The embedded models, as a user gets them, against the figures that are committed for them."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

import mien
from mien.core.labels import BASIC7, project
from mien.data.datasets.fer2013 import NATIVE
from mien.engine.evaluate import probabilities_of
from mien.faces.framing import FER2013_ALIGN
from mien.metrics.report import Report
from mien.runtime.engine_onnx import OnnxPredictor
from mien.runtime.model_files import find_model, list_models

ROOT = Path(__file__).parents[1]
LIMIT_BYTES = {"mien-base": 12e6, "mien-lite": 2.5e6}


@pytest.fixture(scope="module")
def data_dir() -> Path:
    folder = os.environ.get("MIEN_TEST_DATA")
    if not folder:
        pytest.skip("MIEN_TEST_DATA is not set")
    return Path(folder)


@pytest.fixture(scope="module", params=sorted(LIMIT_BYTES))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def predictor(name: str) -> OnnxPredictor:
    return OnnxPredictor(find_model(name))


def newest_report(name: str, split: str) -> Report:
    path = sorted((ROOT / "results" / f"fer2013_baseline_{name}").glob(f"*.{split}.report.json"))[-1]
    return Report.from_json(path.read_text(encoding="utf-8"), path.name)


def test_it_says_what_it_is(predictor: OnnxPredictor, name: str) -> None:
    spec = predictor.spec
    assert spec.labels == BASIC7.names
    assert spec.input.align == FER2013_ALIGN
    assert spec.training is not None
    assert "PublicTest" not in spec.training.selected_on
    assert spec.licence
    assert spec.name == name
    assert find_model(name).stat().st_size < LIMIT_BYTES[name]


def test_its_card_states_the_figures_of_the_committed_report(name: str) -> None:
    (card,) = [c for c in list_models() if c.name == name]
    report = newest_report(name, "fer2013-PublicTest")
    assert card.numbers["fer2013 PublicTest accuracy"] == pytest.approx(report.accuracy, abs=5e-5)
    assert card.numbers["fer2013 PublicTest UAR"] == pytest.approx(report.uar, abs=5e-5)
    assert card.limits


@pytest.mark.data
def test_it_scores_on_public_test_what_its_report_says(
    predictor: OnnxPredictor, name: str, data_dir: Path
) -> None:
    with zipfile.ZipFile(data_dir / "data" / "fer2013" / "fer2013_train_public.zip") as archive:
        rows = list(csv.DictReader(io.TextIOWrapper(archive.open("labels.csv"), "utf-8")))
        rows = [row for row in rows if row["Usage"] == "PublicTest"]
        crops = [
            cv2.imdecode(
                np.frombuffer(archive.read(f"images/{row['row']}.webp"), np.uint8), cv2.IMREAD_GRAYSCALE
            )
            for row in rows
        ]
    truth = project(NATIVE, BASIC7)[[int(row["emotion"]) for row in rows]]
    right = (probabilities_of(predictor, crops).argmax(1) == truth).mean()
    assert right == pytest.approx(newest_report(name, "fer2013-PublicTest").accuracy, abs=0.001)


@pytest.mark.data
def test_it_tells_smiling_from_neutral_londoners(
    name: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_MODEL_DIR", str(data_dir / "models"))
    model = mien.load(name, detector="yunet")
    said = {}
    for folder in ("smiling", "neutral"):
        photographs = sorted((data_dir / "data" / "faces_london" / folder).glob("*.jpg"))
        results = [model.analyze(path) for path in photographs]
        assert [len(faces) for faces in results] == [1] * 102
        said[folder] = np.mean([faces[0].emotion == "happiness" for faces in results])
    report = newest_report(name, "london")
    assert said["smiling"] == pytest.approx(report.recalls[BASIC7.index("happiness")], abs=0.015)
    assert said["neutral"] <= 0.10


def test_bundled_portrait_is_a_happy_astronaut(name: str) -> None:
    (face,) = mien.load(name, detector="haar").analyze(ROOT / "examples" / "media" / "astronaut.jpg")
    assert face.emotion == "happiness"


def test_it_tells_compounds_of_a_picture(name: str) -> None:
    model = mien.load(name, detector="haar", compound=["rafdb11", "joy=happiness"])
    (face,) = model.analyze(ROOT / "examples" / "media" / "astronaut.jpg")
    assert face.compound == "joy"
    assert len(face.compounds) == len(face.intensities) == 12
    assert face.compounds[int(np.argsort(face.intensities)[-2])].startswith("happily_")
