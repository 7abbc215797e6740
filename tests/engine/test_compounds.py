"""Compounds scored by a model of basic emotions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mien.core.compound import RAFDB11, coupling_matrix
from mien.core.errors import MienError
from mien.core.labels import BASIC6, COMPOUND11
from mien.core.specs import InputSpec, LogitStatistics, ModelSpec
from mien.engine.compounds import compound_predictor
from mien.methods import create_method

INPUT = InputSpec(size_px=32, channels="rgb", mean=(0.5,) * 3, std=(0.5,) * 3)


def spec(labels: tuple[str, ...], kind: str = "basic") -> ModelSpec:
    statistics = LogitStatistics(mean=(1.0,) * len(labels), std=(2.0,) * len(labels), fitted_on="test")
    return ModelSpec(
        name="m", method="emma", labels=labels, kind=kind, input=INPUT, basic_statistics=statistics
    )


def method(name: str, **params: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return create_method(name, 7, 3, 32, backbone={"name": "test_resnet"}, **params).eval()


LABELS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
BATCH = np.random.default_rng(0).normal(size=(4, 3, 32, 32)).astype(np.float32)
BASIC = [LABELS.index(name) for name in BASIC6.names]


def test_similarities_times_the_coupling_matrix() -> None:
    emma = method("emma", extractor="backbone")
    told = compound_predictor(emma, spec(LABELS))
    assert told.spec.labels == COMPOUND11.names
    with torch.inference_mode():
        similarity = emma.outputs(torch.from_numpy(BATCH))["similarity"].numpy()[:, BASIC]
    expected = similarity @ coupling_matrix(RAFDB11, BASIC6.names)
    named = dict(zip(RAFDB11.names, expected.T, strict=True))
    for column, name in enumerate(told.spec.labels):
        assert told.logits(BATCH)[:, column] == pytest.approx(named[name], abs=1e-5)


def test_other_methods_bring_their_logits_to_one_scale() -> None:
    plain = method("baseline")
    told = compound_predictor(plain, spec(LABELS))
    with torch.inference_mode():
        scaled = (plain(torch.from_numpy(BATCH)).numpy()[:, BASIC] - 1) / 2
    place = told.spec.labels.index("sadly_angry")
    anger, sadness = BASIC6.names.index("anger"), BASIC6.names.index("sadness")
    assert told.logits(BATCH)[:, place] == pytest.approx(
        (scaled[:, anger] + scaled[:, sadness]) / 2, abs=1e-5
    )


def test_a_model_of_compounds_is_refused() -> None:
    with pytest.raises(MienError, match="compounds are mixed from basic emotions"):
        compound_predictor(method("baseline"), spec(COMPOUND11.names, "compound"))
