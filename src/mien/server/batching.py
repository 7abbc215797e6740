"""Faces of different requests through the model together."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from mien.core.records import Predictor
from mien.core.specs import ModelSpec
from mien.runtime.compound import GivesOutputs

Outputs = Mapping[str, NDArray[np.float32]]

MOST_CROPS = 32
MOST_WAIT_S = 0.002


def all_outputs(predictor: Predictor, batch: NDArray[np.float32]) -> Outputs:
    """Everything that a predictor gives, by name."""
    if isinstance(predictor, GivesOutputs):
        return predictor.outputs(batch)
    return {"logits": predictor.logits(batch)}


class BatchingPredictor:
    """A predictor for many threads: one worker collects what they ask for and runs the model once for all.

    A face's result does not depend on the faces beside it, see `mien.runtime.engine_onnx.OnnxPredictor`.
    """

    def __init__(
        self,
        inner: Predictor,
        *,
        most_crops: int = MOST_CROPS,
        most_wait_s: float = MOST_WAIT_S,
        others_coming: Callable[[], bool] = lambda: True,
        on_batch: Callable[[int], object] = lambda n_crops: None,
    ) -> None:
        """Start the worker.

        Args:
            inner: The model; only the worker calls it.
            most_crops: Most faces that are judged together; one request's own may be more.
            most_wait_s: Longest time that the first of them waits for others.
            others_coming: Whether it is worth waiting: someone else is looking for faces now.
            on_batch: Told the size of each batch.
        """
        self.inner, self.most_crops, self.most_wait_s = inner, most_crops, most_wait_s
        self._others_coming, self._on_batch = others_coming, on_batch
        self._asked: queue.SimpleQueue[tuple[NDArray[np.float32], Future[Outputs]] | None] = (
            queue.SimpleQueue()
        )
        self._worker = threading.Thread(target=self._work, name="mien-batch", daemon=True)
        self._worker.start()

    @property
    def spec(self) -> ModelSpec:
        """The model's spec."""
        return self.inner.spec

    @property
    def output_names(self) -> tuple[str, ...]:
        """What it gives, the logits first."""
        return tuple(self.inner.output_names) if isinstance(self.inner, GivesOutputs) else ("logits",)

    def logits(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Raw scores [B, K] of a normalised batch [B, C, S, S]."""
        return self.outputs(batch)["logits"]

    def outputs(self, batch: NDArray[np.float32]) -> Outputs:
        """Everything that the model gives for a normalised batch, [B, K] each."""
        if not len(batch):
            return all_outputs(self.inner, batch)
        answer: Future[Outputs] = Future()
        self._asked.put((batch, answer))
        return answer.result()

    def close(self) -> None:
        """End the worker once it has answered what was asked before."""
        self._asked.put(None)
        self._worker.join(timeout=10)

    def _work(self) -> None:
        first = self._asked.get()
        while first is not None:
            together, after = self._collect(first)
            self._answer(together)
            first = self._asked.get() if after is _NOTHING else after

    def _collect(self, first: tuple[NDArray[np.float32], Future[Outputs]]) -> tuple[list, object]:
        """The batch that begins with a question, and the question that did not fit into it any more."""
        together, n_crops = [first], len(first[0])
        deadline = time.monotonic() + self.most_wait_s
        while n_crops < self.most_crops:
            left = deadline - time.monotonic() if self._others_coming() else 0.0
            try:
                asked = self._asked.get(timeout=left) if left > 0 else self._asked.get_nowait()
            except queue.Empty:
                break
            if asked is None or n_crops + len(asked[0]) > self.most_crops:
                return together, asked
            together.append(asked)
            n_crops += len(asked[0])
        return together, _NOTHING

    def _answer(self, together: list[tuple[NDArray[np.float32], Future[Outputs]]]) -> None:
        try:
            batches = [batch for batch, _ in together]
            whole = np.concatenate(batches) if len(batches) > 1 else batches[0]
            self._on_batch(len(whole))
            given = all_outputs(self.inner, whole)
        except Exception as error:  # each of those who asked raises it
            for _, answer in together:
                answer.set_exception(error)
            return
        begin = 0
        for batch, answer in together:
            end = begin + len(batch)
            answer.set_result({name: scores[begin:end] for name, scores in given.items()})
            begin = end


_NOTHING = object()


class FewAtOnce:
    """A predictor that some threads use at once, each for its own faces: what batching is compared with."""

    def __init__(
        self, inner: Predictor, n_threads: int, on_batch: Callable[[int], object] = lambda n_crops: None
    ) -> None:
        self.inner, self._on_batch = inner, on_batch
        self._turns = threading.Semaphore(n_threads)

    @property
    def spec(self) -> ModelSpec:
        """The model's spec."""
        return self.inner.spec

    @property
    def output_names(self) -> tuple[str, ...]:
        """What it gives, the logits first."""
        return tuple(self.inner.output_names) if isinstance(self.inner, GivesOutputs) else ("logits",)

    def logits(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Raw scores [B, K] of a normalised batch [B, C, S, S]."""
        return self.outputs(batch)["logits"]

    def outputs(self, batch: NDArray[np.float32]) -> Outputs:
        """Everything that the model gives for a normalised batch, [B, K] each."""
        with self._turns:
            self._on_batch(len(batch))
            return all_outputs(self.inner, batch)

    def close(self) -> None:
        """Nothing runs."""
