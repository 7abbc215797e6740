"""What the machine can do at best: matrix multiplication, memory, and how near a model comes to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort

from mien.runtime.engine_onnx import OnnxPredictor

_SIDE = 1024
_BYTES = 256 * 2**20


def best_seconds(work: Callable[[], object], rounds: int = 7, at_least_s: float = 0.05) -> float:
    """The shortest time of one call; short calls are repeated within a round."""
    work()
    started = time.perf_counter()
    work()
    n = max(1, round(at_least_s / max(time.perf_counter() - started, 1e-7)))
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(n):
            work()
        best = min(best, (time.perf_counter() - started) / n)
    return best


def memory_gb_s() -> float:
    """Bytes read and written by a copy of an array too large for any cache, in GB/s."""
    source, target = np.zeros(_BYTES, np.uint8), np.ones(_BYTES, np.uint8)
    return 2 * _BYTES / best_seconds(lambda: np.copyto(target, source)) / 1e9


def matmul_gflops(precision: str, threads: int) -> float:
    """Operations (a multiplication and an addition are two) of a large product, per second, in 10^9.

    ``int8`` and ``fp32`` run in ONNX Runtime, as exported models do; ``bf16`` in torch, as training does.
    """
    if precision == "bf16":
        import torch

        torch.set_num_threads(threads)
        a, b = (torch.randn(_SIDE, _SIDE, dtype=torch.bfloat16) for _ in range(2))
        seconds = best_seconds(lambda: a @ b)
    else:
        session, feed = _product(precision, threads)
        seconds = best_seconds(lambda: session.run(None, feed))
    return 2 * _SIDE**3 / seconds / 1e9


def _product(precision: str, threads: int) -> tuple[ort.InferenceSession, dict[str, np.ndarray]]:
    """A session of one product of a constant and what it is fed."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    shape = [_SIDE, _SIDE]
    if precision == "int8":
        kind, out, operator = TensorProto.UINT8, TensorProto.INT32, "MatMulInteger"
        weight = rng.integers(-127, 127, shape, dtype=np.int8)
        feed = rng.integers(0, 255, shape, dtype=np.uint8)
    else:
        kind, out, operator = TensorProto.FLOAT, TensorProto.FLOAT, "MatMul"
        weight, feed = (rng.standard_normal(shape).astype(np.float32) for _ in range(2))
    graph = helper.make_graph(
        [helper.make_node(operator, ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", out, shape)],
        [numpy_helper.from_array(weight, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    return ort.InferenceSession(model.SerializeToString(), options), {"x": feed}


def model_figures(model: Path, batch: int, threads: int) -> dict[str, float]:
    """How long a face takes, alone and in a batch, and the operations that its convolutions come to."""
    predictor = OnnxPredictor(model, threads=threads)
    spec = predictor.spec.input
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, spec.n_channels, spec.size_px, spec.size_px)).astype(np.float32)
    operations = float(operations_of(model, spec.n_channels, spec.size_px))
    seconds = best_seconds(lambda: predictor.logits(x))
    return {
        "ms_alone": 1000 * best_seconds(lambda: predictor.logits(x[:1])),
        "ms_in_batch": 1000 * seconds / batch,
        "mflop": operations / 1e6,
        "gflops": operations * batch / seconds / 1e9,
    }


def operations_of(model: Path, channels: int, side: int) -> int:
    """Twice the multiplications of all convolutions and products of an exported model, for one picture."""
    import onnx
    from onnx import numpy_helper, shape_inference

    loaded = onnx.load(model)
    dimensions = loaded.graph.input[0].type.tensor_type.shape.dim
    for dimension, size in zip(dimensions, (1, channels, side, side), strict=True):
        dimension.Clear()
        dimension.dim_value = size
    graph = shape_inference.infer_shapes(loaded, strict_mode=False).graph
    constants = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    for node in graph.node:  # weights in 8 bits stand behind the node that scales them
        if node.op_type == "DequantizeLinear" and node.input[0] in constants:
            constants[node.output[0]] = constants[node.input[0]]
    shapes = {
        value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in [*graph.value_info, *graph.output]
    }
    total = 0
    for node in graph.node:
        names = [name for name in node.input if name in constants and constants[name].ndim >= 2]
        if node.op_type in ("Conv", "QLinearConv", "ConvInteger") and names:
            out = shapes[node.output[0]]
            total += 2 * constants[names[0]].size * out[2] * out[3]
        elif node.op_type in ("Gemm", "MatMul", "QLinearMatMul", "QGemm", "MatMulInteger") and names:
            total += 2 * constants[names[0]].size
    return total
