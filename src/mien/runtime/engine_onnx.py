"""Run an exported model with ONNX Runtime; everything it needs to know stands in the file's ModelSpec."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.specs import SPEC_KEY, ModelSpec


class OnnxPredictor:
    """A model file as a `mien.core.records.Predictor`. Safe to call from several threads.

    A face's result does not depend on the faces beside it in the batch, to the last bit: ONNX Runtime's
    processor kernels add in an order that does not depend on the batch size, and a test watches that.
    """

    def __init__(self, path: str | Path, *, threads: int | None = None) -> None:
        """Load a model.

        Args:
            path: An ONNX file that ``mien export`` wrote.
            threads: Threads that work on one batch; None takes one per core.

        Raises:
            MienError: No such file, a damaged one, one without ModelSpec, or one that does not fit it.
        """
        self._path = Path(path)
        self._session = _session(self._path, threads)
        self._spec = _spec(self._session, self._path)
        self._input = self._session.get_inputs()[0].name
        self._names = tuple(output.name for output in self._session.get_outputs())
        self._check_shapes()

    @property
    def spec(self) -> ModelSpec:
        """The model's spec."""
        return self._spec

    @property
    def output_names(self) -> tuple[str, ...]:
        """What the graph gives, the logits first."""
        return ("logits", *self._names[1:])

    def logits(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Raw scores.

        Args:
            batch: Normalised crops [B, C, S, S], see `mien.faces.preprocess.to_batch`; B may be 0.

        Returns:
            [B, K].

        Raises:
            MienError: Another shape than the model's.
        """
        return self._run(batch, self._names[:1])[0]

    def outputs(self, batch: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Everything that the graph gives.

        Args:
            batch: As for `logits`.

        Returns:
            By `output_names`; [B, K] each, a class activation map ``cam`` [B, h, w, K].

        Raises:
            MienError: Another shape than the model's.
        """
        return dict(zip(self.output_names, self._run(batch, self._names), strict=True))

    def _run(self, batch: NDArray[np.float32], names: Sequence[str]) -> list[NDArray[np.float32]]:
        size, channels = self._spec.input.size_px, self._spec.input.n_channels
        if batch.ndim != 4 or batch.shape[1:] != (channels, size, size):
            raise MienError(
                f"{self._spec.name} takes batches of [B, {channels}, {size}, {size}], got {list(batch.shape)}"
            )
        if len(batch) == 0:
            return [np.empty((0, len(self._spec.labels)), dtype=np.float32) for _ in names]
        given = self._session.run(list(names), {self._input: np.asarray(batch, dtype=np.float32)})
        return [np.asarray(scores, dtype=np.float32) for scores in given]

    def probabilities(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated probabilities.

        Args:
            batch: As for `logits`.

        Returns:
            [B, K]; each row sums to 1.
        """
        return calibrated_probabilities(self.logits(batch), self._spec.calibration.temperature)

    def _check_shapes(self) -> None:
        """Refuse a file whose graph and ModelSpec tell different stories, before any picture is read."""
        spec = self._spec.input
        expected = (spec.n_channels, spec.size_px, spec.size_px)
        batch, *shape = self._session.get_inputs()[0].shape
        if isinstance(batch, int):
            raise MienError(
                f"{self._path}: it takes batches of {batch} only; export it with a free batch size"
            )
        if len(shape) != 3 or any(
            isinstance(n, int) and n != e for n, e in zip(shape, expected, strict=True)
        ):
            raise MienError(f"{self._path}: its input is {shape}, but its ModelSpec says {list(expected)}")
        n_labels = len(self._spec.labels)
        for output in self._session.get_outputs():
            n_scores = output.shape[-1:]
            if not n_scores or (isinstance(n_scores[0], int) and n_scores[0] != n_labels):
                raise MienError(
                    f"{self._path}: it gives {n_scores} scores, its ModelSpec has {n_labels} labels"
                )


def calibrated_probabilities(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float32]:
    """softmax(logits / temperature), reckoned in float64.

    Args:
        logits: [B, K].
        temperature: Above 0; 1 changes nothing.

    Returns:
        [B, K].
    """
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def _session(path: Path, threads: int | None) -> ort.InferenceSession:
    if not path.is_file():
        raise MienError(f"{path}: there is no such model file")
    options = ort.SessionOptions()
    options.log_severity_level = 3  # what goes wrong is raised; warnings about graphs help no user
    if threads is not None:
        options.intra_op_num_threads = threads
    # Waiting threads sleep. By default they spin, and take the processor from decoding and detection.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        # The processor alone: results are the same on every machine that has one.
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common base but Exception
        raise MienError(f"{path}: not a readable ONNX model ({_first_line(error)})") from error


def _spec(session: ort.InferenceSession, path: Path) -> ModelSpec:
    text = session.get_modelmeta().custom_metadata_map.get(SPEC_KEY)
    if text is None:
        raise MienError(
            f"{path}: it has no ModelSpec (metadata entry {SPEC_KEY}); write it with `mien export`"
        )
    return ModelSpec.from_json(text, str(path))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
