"""Export a trained method to ONNX with its ModelSpec inside, and prove that both say the same."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from mien.core.errors import MienError
from mien.core.records import Predictor
from mien.core.specs import SPEC_KEY, ModelSpec
from mien.methods import Method

OPSET = 20
TOLERANCE = 1e-4
ROUNDING = 1e-6  # eight steps of float32: logits of a thousand and more are not known better


class _Exported(nn.Module):
    """A method as the graph of its exported outputs."""

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.method = method

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        outputs = self.method.outputs(x)
        return tuple(outputs[name] for name in self.method.exported)


def export_onnx(method: Method, spec: ModelSpec, path: Path) -> None:
    """Write one self-contained ONNX file: graph, weights, ModelSpec.

    Input ``x`` [B, C, S, S] normalised; outputs: the `exported` ones, ``logits`` [B, K] first. B is free.

    Args:
        method: The trained method; exported in eval mode, on the CPU.
        spec: Goes into the file's metadata.
        path: Ends in ``.onnx``.
    """
    method = method.eval().cpu().to(memory_format=torch.contiguous_format)
    example = torch.zeros(2, spec.input.n_channels, spec.input.size_px, spec.input.size_px)
    with warnings.catch_warnings():  # the exporter warns of its own deprecated internals
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            _Exported(method),
            (example,),
            dynamo=True,
            input_names=["x"],
            output_names=list(method.exported),
            dynamic_shapes={"x": {0: torch.export.Dim("batch", min=1)}},
            opset_version=OPSET,
            verbose=False,
        )
    model = program.model_proto
    onnx.helper.set_model_props(model, {SPEC_KEY: spec.to_json()})
    for node in model.graph.node:  # the exporter leaves stack traces of the machine it ran on
        del node.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)


def parity(method: nn.Module, open_exported: Callable[[Path], Predictor], path: Path, seed: int = 0) -> float:
    """Largest difference of logits between torch and the exported file, on noise, at batch sizes 1 and 5.

    Args:
        method: In eval mode.
        open_exported: How a file becomes a predictor.
        path: The exported file.
        seed: Of the noise.

    Raises:
        MienError: They differ by more than 1e-4, or by more than rounding where logits are above 100.
    """
    predictor = open_exported(path)
    spec = predictor.spec.input
    rng = np.random.default_rng(seed)
    worst, largest = 0.0, 0.0
    for n in (1, 5):
        x = rng.standard_normal((n, spec.n_channels, spec.size_px, spec.size_px)).astype(np.float32)
        with torch.inference_mode():
            expected = method(torch.from_numpy(x)).numpy()
        worst = max(worst, float(np.abs(expected - predictor.logits(x)).max()))
        largest = max(largest, float(np.abs(expected).max()))
    allowed = max(TOLERANCE, ROUNDING * largest)
    if worst > allowed:
        raise MienError(f"{path}: exported logits differ from torch by {worst:.2e}, more than {allowed:.0e}")
    return worst
