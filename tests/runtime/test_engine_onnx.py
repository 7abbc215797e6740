import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.specs import SPEC_KEY, Calibration, InputSpec, ModelSpec
from mien.runtime.engine_onnx import OnnxPredictor, calibrated_probabilities

onnx = pytest.importorskip("onnx", reason="writes tiny models with onnx")
helper, numpy_helper, FLOAT = onnx.helper, onnx.numpy_helper, onnx.TensorProto.FLOAT

SIZE, WIDTH = 16, 32
SPEC = ModelSpec(
    name="tiny",
    method="baseline",
    labels=("anger", "happiness", "neutral", "sadness", "surprise"),
    input=InputSpec(size_px=SIZE, channels="rgb", mean=(0.5,) * 3, std=(0.25,) * 3),
    calibration=Calibration(temperature=2.0),
)


def write_model(path, spec=SPEC, batch="batch", channels=3, n_scores=5):
    """Two convolutions, global mean, linear head: random weights; returns them."""
    rng = np.random.default_rng(0)
    weights = {
        "w1": rng.normal(0, 0.2, (WIDTH, channels, 3, 3)),
        "w2": rng.normal(0, 0.1, (WIDTH, WIDTH, 3, 3)),
        "w3": rng.normal(0, 0.5, (n_scores, WIDTH)),
        "b3": rng.normal(0, 0.5, n_scores),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "w1"], ["c1"], pads=[1] * 4),
            helper.make_node("Relu", ["c1"], ["r1"]),
            helper.make_node("Conv", ["r1", "w2"], ["c2"], pads=[1] * 4, strides=[2, 2]),
            helper.make_node("Relu", ["c2"], ["r2"]),
            helper.make_node("GlobalAveragePool", ["r2"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["flat"]),
            helper.make_node("Gemm", ["flat", "w3", "b3"], ["logits"], transB=1),
        ],
        "tiny",
        [helper.make_tensor_value_info("image", FLOAT, [batch, channels, SIZE, SIZE])],
        [helper.make_tensor_value_info("logits", FLOAT, [batch, n_scores])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    if spec is not None:
        helper.set_model_props(model, {SPEC_KEY: spec.to_json()})
    onnx.save(model, path)
    return weights


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "tiny modèle.onnx"
    write_model(path)
    return path


@pytest.fixture(scope="module")
def batch():
    return np.random.default_rng(1).normal(size=(33, 3, SIZE, SIZE)).astype(np.float32)


def test_the_spec_travels_in_the_file(model):
    assert OnnxPredictor(model).spec == SPEC


def test_logits_equal_a_slow_reckoning(tmp_path, batch):
    weights = write_model(tmp_path / "m.onnx")

    def convolve(x, w, stride):
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
        return np.maximum(np.einsum("chwij,ocij->ohw", windows[:, ::stride, ::stride], w), 0)

    hidden = convolve(convolve(batch[0].astype(np.float64), weights["w1"], 1), weights["w2"], 2)
    expected = weights["w3"] @ hidden.mean(axis=(1, 2)) + weights["b3"]
    np.testing.assert_allclose(OnnxPredictor(tmp_path / "m.onnx").logits(batch[:1])[0], expected, atol=1e-5)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_face_does_not_depend_on_its_batch_to_the_last_bit(model, batch, threads):
    predictor = OnnxPredictor(model, threads=threads)
    together = predictor.logits(batch)
    assert together.shape == (33, 5)
    for size in (1, 2, 3, 7, 8, 32):
        parts = [predictor.logits(batch[i : i + size]) for i in range(0, len(batch), size)]
        np.testing.assert_array_equal(np.concatenate(parts), together)


def test_probabilities_are_the_calibrated_softmax(model, batch):
    predictor = OnnxPredictor(model)
    powers = np.exp(predictor.logits(batch).astype(np.float64) / 2.0)
    expected = powers / powers.sum(axis=1, keepdims=True)
    shares = predictor.probabilities(batch)
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares, expected, rtol=1e-6)


def with_second_output(path, name, width):
    """Give a model of `write_model` a second output: the first scores' tangents."""
    write_model(path)
    model = onnx.load(path)
    nodes, sums = model.graph.node, np.eye(5, width, dtype=np.float32)
    model.graph.initializer.append(numpy_helper.from_array(sums, "sums"))
    nodes.extend(
        [helper.make_node("Tanh", ["logits"], ["t"]), helper.make_node("MatMul", ["t", "sums"], [name])]
    )
    model.graph.output.append(helper.make_tensor_value_info(name, FLOAT, ["batch", width]))
    onnx.save(model, path)
    return path


def test_all_outputs_by_name(model, tmp_path, batch):
    assert OnnxPredictor(model).output_names == ("logits",)
    two = OnnxPredictor(with_second_output(tmp_path / "two.onnx", "similarity", 5))
    assert two.output_names == ("logits", "similarity")
    given = two.outputs(batch[:4])
    np.testing.assert_array_equal(given["logits"], two.logits(batch[:4]))
    np.testing.assert_allclose(given["similarity"], np.tanh(given["logits"]), atol=1e-6)
    assert {name: scores.shape for name, scores in two.outputs(batch[:0]).items()} == {
        "logits": (0, 5),
        "similarity": (0, 5),
    }


def test_a_second_output_of_another_width_is_refused(tmp_path):
    with pytest.raises(MienError, match=r"it gives \[3\] scores, its ModelSpec has 5 labels"):
        OnnxPredictor(with_second_output(tmp_path / "m.onnx", "similarity", 3))


def test_an_empty_batch_is_fine(model, batch):
    assert OnnxPredictor(model).logits(batch[:0]).shape == (0, 5)
    assert OnnxPredictor(model).probabilities(batch[:0]).shape == (0, 5)


def test_softmax_of_large_logits_does_not_overflow():
    shares = calibrated_probabilities(np.array([[1e4, 0.0], [-1e4, -1e4]], np.float32), 1.0)
    np.testing.assert_array_equal(shares, [[1.0, 0.0], [0.5, 0.5]])


def test_another_batch_shape_is_refused(model):
    with pytest.raises(MienError, match=r"takes batches of \[B, 3, 16, 16\], got \[2, 1, 16, 16\]"):
        OnnxPredictor(model).logits(np.zeros((2, 1, SIZE, SIZE), np.float32))


def test_a_missing_file(tmp_path):
    with pytest.raises(MienError, match="no such model file"):
        OnnxPredictor(tmp_path / "none.onnx")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_one_line(model, tmp_path, share):
    whole = model.read_bytes()
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(MienError) as error:
        OnnxPredictor(broken)
    assert str(broken) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_text_file_is_no_model(tmp_path):
    path = tmp_path / "text.onnx"
    path.write_text("hello")
    with pytest.raises(MienError, match="not a readable ONNX model"):
        OnnxPredictor(path)


def test_a_model_without_spec(tmp_path):
    write_model(tmp_path / "m.onnx", spec=None)
    with pytest.raises(MienError, match="has no ModelSpec"):
        OnnxPredictor(tmp_path / "m.onnx")


def test_a_spec_that_is_not_valid(tmp_path):
    path = tmp_path / "m.onnx"
    write_model(path)
    model = onnx.load(path)
    model.metadata_props[0].value = '{"name": "tiny"}'
    onnx.save(model, path)
    with pytest.raises(MienError, match="ModelSpec is not valid"):
        OnnxPredictor(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_scores": 4}, "4.* scores, its ModelSpec has 5 labels"),
        ({"channels": 1}, r"ModelSpec says \[3, 16, 16\]"),
        ({"batch": 1}, "batches of 1 only"),
    ],
)
def test_a_graph_that_does_not_fit_its_spec(tmp_path, change, message):
    write_model(tmp_path / "m.onnx", **change)
    with pytest.raises(MienError, match=message):
        OnnxPredictor(tmp_path / "m.onnx")
