"""Faces of real photographs, found by YuNet in a run of its own and used by training and evaluation."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mien.core.specs import AlignSpec, InputSpec
from mien.data.crops import cropper_for
from mien.data.datasets import load_dataset
from mien.data.prepare import prepare
from mien.faces.yunet import YuNetDetector

POINTS = ((0.309, 0.386), (0.691, 0.386), (0.5, 0.584), (0.344, 0.747), (0.656, 0.747))
SPEC = InputSpec(size_px=96, channels="rgb", mean=(0.5,) * 3, std=(0.25,) * 3, align=AlignSpec(points=POINTS))
N_EACH = 10


@pytest.fixture
def photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Links to some photographs of each expression, and a picture without a face."""
    given = os.environ.get("MIEN_TEST_DATA")
    if not given:
        pytest.skip("MIEN_TEST_DATA is not set")
    monkeypatch.setenv("MIEN_MODEL_DIR", str(Path(given) / "models"))
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    for name in ("neutral", "smiling"):
        folder = tmp_path / "set" / name
        folder.mkdir(parents=True)
        for path in sorted((Path(given) / "data" / "faces_london" / name).glob("*.jpg"))[:N_EACH]:
            (folder / path.name).symlink_to(path)
    (tmp_path / "set" / "neutral" / "nobody.pgm").write_bytes(b"P5 64 64 255\n" + bytes(range(256)) * 16)
    return tmp_path / "set"


@pytest.mark.data
def test_what_was_found_once_gives_the_same_crops(photographs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = load_dataset("folder", photographs)
    before = [cropper_for(dataset, SPEC, detector="yunet")(sample) for sample in dataset.samples]
    found = prepare("folder", photographs, detector="yunet").faces
    assert found is not None
    assert (found.n, found.missed) == (2 * N_EACH + 1, ("neutral/nobody.pgm",))
    assert found.by_label["happiness"] == (N_EACH, 0)

    def never(self: object, image: np.ndarray) -> list[object]:
        raise AssertionError("it was searched already")

    monkeypatch.setattr(YuNetDetector, "detect", never)
    cropper = cropper_for(dataset, SPEC, detector="yunet")
    for sample, (crop, was_found) in zip(dataset.samples, before, strict=True):
        again, still_found = cropper(sample)
        np.testing.assert_array_equal(again, crop)
        assert still_found == was_found
