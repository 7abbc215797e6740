"""Exported models in fewer bits say nearly the same, are smaller, and know what they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from mien.core.errors import MienError
from mien.core.labels import basic_space
from mien.core.specs import InputSpec, ModelSpec
from mien.data.transforms import normalise
from mien.engine.export import export_onnx
from mien.engine.quantise import compare_precisions, recalibrate, to_fp16, to_int8
from mien.methods import create_method
from mien.runtime.engine_onnx import OnnxPredictor

BACKBONE = {
    "name": "resnet18",
    "stem": "stride1",
    "options": {"layers": [1, 1, 1, 1], "channels": [16, 32, 64, 128], "zero_init_last": False},
}
SPEC = ModelSpec(
    name="tiny",
    method="baseline",
    labels=basic_space(7).names,
    input=InputSpec(size_px=32, channels="rgb", mean=(0.5,) * 3, std=(0.25,) * 3),
)


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    """Smooth pictures, [96, 3, 32, 32]."""
    coarse = torch.rand(96, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    return (255 * torch.nn.functional.interpolate(coarse, size=32, mode="bilinear")).to(torch.uint8)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, images: torch.Tensor) -> Path:
    torch.manual_seed(0)
    method = create_method("baseline", backbone=BACKBONE)
    with torch.no_grad():  # gives batch norm the statistics of these pictures, as training would
        method.train()
        for _ in range(20):
            method(normalise(images, SPEC.input))
    path = tmp_path_factory.mktemp("fp32") / "tiny.onnx"
    export_onnx(method, SPEC, path)
    return path


def test_int8_is_nearly_the_same_model_in_a_third_of_the_bytes(
    exported: Path, images: torch.Tensor, tmp_path: Path
) -> None:
    spec = SPEC.model_copy(update={"precision": "int8"})
    to_int8(exported, tmp_path / "small.onnx", spec, images)
    small = OnnxPredictor(tmp_path / "small.onnx")
    assert small.spec == spec
    assert (tmp_path / "small.onnx").stat().st_size < exported.stat().st_size / 3
    x = normalise(images, SPEC.input).numpy()
    expected = OnnxPredictor(exported).logits(x)
    given = small.logits(x)
    assert 0 < np.sqrt(np.mean((given - expected) ** 2)) < 0.1 * expected.std()
    # whole numbers add up alike in any batch
    np.testing.assert_array_equal(np.concatenate([small.logits(row[None]) for row in x[:7]]), given[:7])
    model = onnx.load(tmp_path / "small.onnx")
    weights = [
        t for t in model.graph.initializer if t.data_type == onnx.TensorProto.INT8 and len(t.dims) == 4
    ]
    assert len(weights) > 5
    assert max(int(np.abs(onnx.numpy_helper.to_array(w).astype(int)).max()) for w in weights) <= 64
    assert {p.key for p in model.metadata_props} == {"mien.model_spec"}


def test_fp16_halves_the_file(exported: Path, images: torch.Tensor, tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"precision": "fp16"})
    to_fp16(exported, tmp_path / "half.onnx", spec)
    half = OnnxPredictor(tmp_path / "half.onnx")
    assert half.spec == spec
    assert (tmp_path / "half.onnx").stat().st_size < 0.6 * exported.stat().st_size
    x = normalise(images[:8], SPEC.input).numpy()
    expected = OnnxPredictor(exported).logits(x)
    np.testing.assert_allclose(half.logits(x), expected, atol=0.02 * float(expected.std()))


def test_the_comparison_counts_what_differs(images: torch.Tensor) -> None:
    class Says:
        spec = SPEC

        def __init__(self, answers: list[int]) -> None:
            self._rest = list(answers)

        def logits(self, batch: np.ndarray) -> np.ndarray:
            said, self._rest = self._rest[: len(batch)], self._rest[len(batch) :]
            return np.eye(7, dtype=np.float32)[said]

    check = compare_precisions(
        Says([0, 1, 2, 3]), Says([0, 1, 2, 4]), images[:4], torch.tensor([0, 1, 5, 3]), batch_size=3
    )
    assert (check.n, check.agreement, check.accuracy_fp32, check.accuracy) == (4, 0.75, 0.75, 0.5)
    assert check.difference == pytest.approx(np.sqrt(2 / 28))


def test_its_temperature_is_fitted_anew(exported: Path, images: torch.Tensor, tmp_path: Path) -> None:
    path = tmp_path / "half.onnx"
    to_fp16(exported, path, SPEC.model_copy(update={"precision": "fp16"}))
    small = OnnxPredictor(path)
    logits = small.logits(normalise(images, SPEC.input).numpy())
    spec = recalibrate(path, small, images, torch.from_numpy(logits.argmax(1)))
    assert spec.calibration.temperature < 0.5  # every answer is right, so it should be surer
    assert spec.basic_statistics is not None
    np.testing.assert_allclose(spec.basic_statistics.mean, logits.mean(0), rtol=1e-3, atol=1e-4)
    again = OnnxPredictor(path)
    assert again.spec == spec
    np.testing.assert_array_equal(again.logits(normalise(images[:3], SPEC.input).numpy()), logits[:3])


def test_few_faces_do_not_replace_what_many_have_told(
    exported: Path, images: torch.Tensor, tmp_path: Path
) -> None:
    spec = SPEC.model_copy(update={"precision": "fp16", "unsure_below": 0.7})
    path = tmp_path / "half.onnx"
    to_fp16(exported, path, spec)
    labels = torch.zeros(len(images), dtype=torch.long)
    assert recalibrate(path, OnnxPredictor(path), images[:20], labels[:20]) == spec
    assert recalibrate(path, OnnxPredictor(path), images, labels).unsure_rule is not None


def test_without_crops_there_are_no_ranges(exported: Path, images: torch.Tensor, tmp_path: Path) -> None:
    with pytest.raises(MienError, match="training crops"):
        to_int8(exported, tmp_path / "small.onnx", SPEC, images[:0])
