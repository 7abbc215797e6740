from datetime import date

import numpy as np
import pytest

from mien.core.specs import InputSpec, ModelSpec, UnsureRule
from mien.metrics.provenance import ProtocolFacts, Provenance
from mien.metrics.report import RobustnessCurve, build_report
from mien.report.model_card import card_markdown
from mien.runtime.model_files import ModelCard

LABELS = ("anger", "happiness")
SPEC = ModelSpec(
    name="m",
    method="baseline",
    labels=LABELS,
    input=InputSpec(size_px=48, channels="gray", mean=(0.5,), std=(0.5,)),
    unsure_below=0.75,
    unsure_rule=UnsureRule(wanted_accuracy=0.9, coverage=0.6, accuracy=0.91, fitted_on="300 faces"),
)
CARD = ModelCard(
    name="m",
    version="1",
    about="small",
    method="baseline",
    labels=LABELS,
    size_px=48,
    n_parameters=1234,
    trained_on="some set",
    protocol="p",
    numbers={},
    limits=("fails in the dark",),
    licence="research use",
)


@pytest.fixture
def report():
    truth = np.arange(40) % 2
    said = truth.copy()
    said[:8] = 1 - said[:8]
    shares = np.where(np.eye(2)[said] > 0, 0.9, 0.1)
    provenance = Provenance(
        model="m",
        data="faces",
        protocol=ProtocolFacts(name="fixed", split="test", select_on="val", report_on="test"),
        selected_on="val",
        created=date(2026, 1, 1),
    )
    curve = RobustnessCurve(kind="blur", unit="px", values=(0, 2), accuracy=(0.8, 0.7), uar=(0.8, 0.7))
    groups = {"gender": ("female", "male") * 20}
    return build_report(
        LABELS, truth, shares, provenance, robustness=[curve], groups=groups, unsure_below=0.75
    )


def test_a_card_says_what_its_reports_say(report):
    text = card_markdown(CARD, SPEC, 2.5, {"r.json": report}).replace("\N{NO-BREAK SPACE}", " ")
    for said in (
        "research use",
        "[Report](r.json)",
        "80.0 % (65.2 % to 89.5 %)",
        "blur (px) | 2: \N{MINUS SIGN}10.0",
        "Article 5(1)(f)",
        "work and in schools",
        "fails in the dark",
        "female | 20",
        "300 faces (fitted) | 60.0 % | 91.0 %",
        "faces, test | 100.0 % | 80.0 %",
        "confidence below 0.750",
    ):
        assert said in text, said


def test_a_model_without_a_limit_says_nothing_of_it(report):
    bare = SPEC.model_copy(update={"unsure_below": None, "unsure_rule": None})
    assert "What unsure costs" not in card_markdown(CARD, bare, 2.5, {"r.json": report})
