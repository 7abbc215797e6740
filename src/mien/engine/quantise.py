"""Smaller and faster exported models: weights and activations in 8 bits, or weights in 16.

8 bits are post-training static quantisation (Jacob et al., CVPR 2018): weights as signed 8-bit numbers with
one scale per output channel, activations as unsigned ones with one scale per tensor, both measured on crops
that the model learned from. Weights keep to 7 of the 8 bits: processors without dot products of 8-bit numbers
(before AVX512-VNNI) add pairs of products in 16 bits, and a full range would overflow there. So the same file
gives the same answers on all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor

from mien.core.errors import MienError
from mien.core.records import Predictor
from mien.core.specs import SPEC_KEY, InputSpec, ModelSpec
from mien.data.transforms import normalise
from mien.engine.calibrate import LEAST_FACES, calibrated

N_CALIBRATION = 512
_BATCH = 16


@dataclass(frozen=True)
class PrecisionCheck:
    """An exported model beside the same in fp32, on faces that neither learned from.

    Attributes:
        n: Faces.
        agreement: Share of faces that both give the same label.
        accuracy_fp32: Of the model as it was trained.
        accuracy: Of the smaller one.
        difference: Root mean square difference of logits.
    """

    n: int
    agreement: float
    accuracy_fp32: float
    accuracy: float
    difference: float


class _Batches:
    """Normalised crops, handed out once, as onnxruntime's calibration wants them."""

    def __init__(self, images: Tensor, spec: InputSpec, seed: int) -> None:
        rows = np.random.default_rng(seed).permutation(len(images))[:N_CALIBRATION]
        chosen = images[torch.from_numpy(np.sort(rows))]
        self._rest: Iterator[Tensor] = iter(chosen.split(_BATCH))
        self._spec = spec

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        chunk = next(self._rest, None)
        return None if chunk is None else {"x": normalise(chunk, self._spec).numpy()}


def to_int8(fp32: Path, out: Path, spec: ModelSpec, images: Tensor, seed: int = 0) -> None:
    """Write an exported model with 8-bit weights and activations.

    Args:
        fp32: What `export_onnx` wrote.
        out: Ends in ``.onnx``.
        spec: Goes into the file.
        images: uint8 [N, C, S, S] crops on which the ranges of activations are measured, drawn at random.
        seed: Of the draw.

    Raises:
        MienError: There are no crops.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    if not len(images):
        raise MienError("int8 measures its ranges on training crops, and there are none")
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(str(fp32), str(ready), skip_symbolic_shape=True)
        quantize_static(
            str(ready),
            str(out),
            _Batches(images, spec.input, seed),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            calibrate_method=CalibrationMethod.MinMax,
        )
    _finish(onnx.load(out), out, spec)


def to_fp16(fp32: Path, out: Path, spec: ModelSpec) -> None:
    """Write an exported model with 16-bit weights; what goes in and comes out stays fp32.

    Args:
        fp32: What `export_onnx` wrote.
        out: Ends in ``.onnx``.
        spec: Goes into the file.
    """
    from onnxruntime.transformers.float16 import convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    out.parent.mkdir(parents=True, exist_ok=True)
    half = OnnxModel(convert_float_to_float16(onnx.load(fp32), keep_io_types=True))
    half.topological_sort()  # the conversion puts its casts at the end
    _finish(half.model, out, spec)


def compare_precisions(
    fp32: Predictor, smaller: Predictor, images: Tensor, labels: Tensor, batch_size: int = 64
) -> PrecisionCheck:
    """Score both on the same faces.

    Args:
        fp32: The model as exported.
        smaller: The same in fewer bits.
        images: uint8 [N, C, S, S], N above 0.
        labels: int64 [N].
        batch_size: Faces at a time; changes nothing but speed.
    """
    full, small = (_logits(predictor, images, batch_size) for predictor in (fp32, smaller))
    truth = labels.numpy()
    return PrecisionCheck(
        n=len(truth),
        agreement=float((full.argmax(1) == small.argmax(1)).mean()),
        accuracy_fp32=float((full.argmax(1) == truth).mean()),
        accuracy=float((small.argmax(1) == truth).mean()),
        difference=float(np.sqrt(np.mean((full - small) ** 2))),
    )


def recalibrate(path: Path, smaller: Predictor, images: Tensor, labels: Tensor) -> ModelSpec:
    """Fit temperature, scale of the logits and limit of confidence anew on the held-out faces, into the file.

    Args:
        path: The smaller model's file.
        smaller: The same, opened.
        images: uint8 [N, C, S, S].
        labels: int64 [N].

    Returns:
        The spec that the file has now.
    """
    scores, spec = _logits(smaller, images), smaller.spec
    if len(labels) < LEAST_FACES and spec.unsure_below is not None:
        return spec  # what it carries was fitted on more faces, such as those of all folds
    spec = calibrated(spec, scores, labels.numpy(), spec.calibration.fitted_on)
    _finish(onnx.load(path), path, spec)
    return spec


def _logits(predictor: Predictor, images: Tensor, batch_size: int = 64) -> NDArray[np.float32]:
    chunks = (normalise(chunk, predictor.spec.input).numpy() for chunk in images.split(batch_size))
    return np.concatenate([predictor.logits(chunk) for chunk in chunks])


def _finish(model: onnx.ModelProto, out: Path, spec: ModelSpec) -> None:
    """Give the file its spec alone: the tools in between leave notes of their own."""
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {SPEC_KEY: spec.to_json()})
    onnx.checker.check_model(model)
    onnx.save(model, out)
