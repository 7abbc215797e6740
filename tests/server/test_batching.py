"""Faces of several threads through the model together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mien.server.batching import BatchingPredictor, FewAtOnce

from . import doubles
from .asking import until


class Held(doubles.Colours):
    """Waits with its first batch until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def logits(self, batch):
        assert self.go.wait(10)
        return super().logits(batch)


def crops(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 3, 8, 8)).astype(np.float32)


def test_what_waits_goes_together_and_each_gets_its_own():
    inner, plain = Held(), doubles.Colours()
    batching = BatchingPredictor(inner, most_crops=8, most_wait_s=0)
    asked = [crops(n, seed) for seed, n in enumerate((1, 3, 2, 2, 1, 9))]
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(batching.logits, asked[0])
        until(lambda: batching._asked.qsize() == 0)
        rest = []
        for number, batch in enumerate(asked[1:], start=1):
            rest.append(threads.submit(batching.logits, batch))
            until(lambda n=number: batching._asked.qsize() == n)
        inner.go.set()
        given = [future.result(10) for future in (first, *rest)]
    batching.close()
    assert inner.batches == [1, 8, 9]  # 3+2+2+1 fill a batch; nine faces of one request stay together
    for batch, scores in zip(asked, given, strict=True):
        np.testing.assert_array_equal(scores, plain.logits(batch))


def test_nobody_waits_where_nobody_else_comes():
    batching = BatchingPredictor(doubles.Colours(), most_wait_s=60, others_coming=lambda: False)
    assert batching.logits(crops(1)).shape == (1, 7)
    batching.close()


def test_others_are_waited_for():
    inner = doubles.Colours()
    batching = BatchingPredictor(inner, most_crops=2, most_wait_s=60)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(batching.logits, [crops(1), crops(1)]))
    assert inner.batches == [2]
    batching.close()


def test_no_faces_need_no_batch():
    batching = BatchingPredictor(Gives())
    assert batching.outputs(crops(0)) == {"logits": 0, "similarity": 0}
    assert batching.output_names == ("logits", "similarity")
    batching.close()


class Gives:
    output_names = ("logits", "similarity")
    spec = doubles.Colours().spec

    def logits(self, batch):
        return self.outputs(batch)["logits"]

    def outputs(self, batch):
        if len(batch) == 0:
            return {"logits": 0, "similarity": 0}
        return {"logits": batch[:, 0, 0, :7], "similarity": -batch[:, 0, 0, :7]}


def test_further_outputs_are_split_too():
    for predictor in (BatchingPredictor(Gives()), FewAtOnce(Gives(), 2)):
        batch = crops(3)
        np.testing.assert_array_equal(predictor.outputs(batch)["similarity"], -batch[:, 0, 0, :7])
        predictor.close()


def test_an_error_reaches_all_who_asked_and_the_worker_goes_on():
    class Broken(doubles.Colours):
        fails = True

        def logits(self, batch):
            if self.fails:
                raise MemoryError("no room")
            return super().logits(batch)

    inner = Broken()
    batching = BatchingPredictor(inner, most_wait_s=0.05)
    with ThreadPoolExecutor(3) as threads:
        futures = [threads.submit(batching.logits, crops(1)) for _ in range(3)]
    for future in futures:
        with pytest.raises(MemoryError, match="no room"):
            future.result()
    inner.fails = False
    assert batching.logits(crops(1)).shape == (1, 7)
    batching.close()
