import json
from datetime import date

import numpy as np
import pytest
from sklearn.metrics import matthews_corrcoef

from mien.core.errors import MienError
from mien.metrics.provenance import ProtocolFacts, Provenance, installed_versions
from mien.metrics.report import CalibrationPart, Clusters, Report, RobustnessCurve, build_report, part_figures

LABELS = ("anger", "happiness", "neutral")


@pytest.fixture
def provenance():
    return Provenance(
        model="tiny",
        data="fake",
        protocol=ProtocolFacts(name="hold-out", split="test", select_on="val", report_on="test"),
        created=date(2026, 1, 2),
        seeds=(0,),
    )


@pytest.fixture
def scored():
    """Truth and probabilities of ten samples; the last has no face."""
    truth = np.array([0, 0, 0, 1, 1, 1, 1, 0, 1, 0])
    answers = np.array([0, 0, 1, 1, 1, 1, 0, 0, 1, 0])
    probabilities = np.full((10, 3), 0.1)
    probabilities[np.arange(10), answers] = 0.8
    probabilities[9] = np.nan
    return truth, probabilities


def test_figures(provenance, scored):
    report = build_report(LABELS, *scored, provenance)

    assert (report.n, report.n_detected, report.n_missed) == (10, 9, 1)
    assert report.confusion == ((3, 1, 0), (1, 4, 0), (0, 0, 0))
    assert report.missed == (1, 0, 0)
    assert report.accuracy == pytest.approx(0.7)
    assert report.recalls == (pytest.approx(3 / 5), pytest.approx(4 / 5), None)
    assert report.uar == pytest.approx(0.7)
    assert report.f1 == (pytest.approx(6 / 9), pytest.approx(8 / 10), None)
    assert report.calibration.ece == pytest.approx(0.8 - 7 / 9)
    assert report.intervals.recalls[2] is None
    assert report.intervals.uar[0] < report.uar < report.intervals.uar[1]
    assert report.intervals.accuracy[0] < report.accuracy < report.intervals.accuracy[1]


def test_json_round_trip(provenance, scored):
    curve = RobustnessCurve(kind="blur", unit="px", values=(0, 1), accuracy=(0.7, 0.5), uar=(0.7, 0.4))
    second = {"without_duplicates": part_figures(scored[0][:5], scored[1][:5], 3)}
    report = build_report(LABELS, *scored, provenance, second=second, robustness=[curve])

    assert Report.from_json(report.to_json()) == report
    keys = json.loads(report.to_json())
    assert {"accuracy", "uar", "n", "n_detected", "confusion", "labels"} <= keys.keys()
    assert keys["second"]["without_duplicates"]["accuracy"] == pytest.approx(4 / 5)


def test_nothing_detected_is_a_score_of_zero(provenance):
    report = build_report(LABELS, [0, 1], np.full((2, 3), np.nan), provenance)

    assert (report.accuracy, report.uar, report.n_detected) == (0.0, 0.0, 0)
    assert report.calibration is None
    assert Report.from_json(report.to_json()) == report


def test_wrong_width_is_named(provenance):
    with pytest.raises(MienError, match=r"expected probabilities \[2, 3\], got \[2, 7\]"):
        build_report(LABELS, [0, 1], np.zeros((2, 7)), provenance)


def test_curve_needs_a_figure_per_value():
    with pytest.raises(ValueError, match="one accuracy and one UAR per value"):
        RobustnessCurve(kind="blur", unit="px", values=(0, 1), accuracy=(0.7,), uar=(0.7, 0.4))


def test_foreign_json_is_one_line():
    with pytest.raises(MienError, match=r"old\.json is not a report of mien evaluate"):
        Report.from_json('{"accuracy": 1}', "old.json")


def test_versions_name_what_is_installed():
    versions = installed_versions()
    assert versions["numpy"] == np.__version__
    assert "python" in versions


def test_new_figures_and_files_from_before_them(provenance, scored):
    truth, p = scored
    groups = {"gender": ("female", "male") * 5}
    report = build_report(
        LABELS,
        truth,
        p,
        provenance,
        groups=groups,
        clusters=Clusters([f"p{i}" for i in range(10)], "subjects"),
        calibration_part=CalibrationPart(p[:9], truth[:9], "fake val"),
    )
    assert report.precisions == (pytest.approx(3 / 4), pytest.approx(4 / 5), None)
    assert report.mcc == pytest.approx(matthews_corrcoef(truth, [0, 0, 1, 1, 1, 1, 0, 0, 1, -1]))
    assert report.selective.accuracy[-1] == pytest.approx(7 / 9)
    assert [sets.score for sets in report.conformal] == ["lac", "aps"]
    assert report.conformal[0].n == 9
    (gender,) = report.demographics
    assert [(g.group, g.n, g.n_subjects) for g in gender.groups] == [("female", 5, 5), ("male", 5, 5)]
    assert Report.from_json(report.to_json()) == report

    old = json.loads(report.to_json())
    for key in ("precisions", "mcc", "selective", "conformal", "demographics"):
        del old[key]
    before = Report.from_json(json.dumps(old))
    assert (before.mcc, before.precisions, before.demographics) == (None, (), ())
    assert before.accuracy == report.accuracy


def test_a_report_of_another_version_names_both(provenance, scored):
    tree = json.loads(build_report(LABELS, *scored, provenance).to_json())
    tree |= {"figure_of_the_future": 1, "versions": {"mien": "7.0"}}
    with pytest.raises(MienError, match=r"r\.json was written by mien 7\.0, .* figure_of_the_future"):
        Report.from_json(json.dumps(tree), "r.json")


def test_a_single_sample_has_wide_intervals(provenance):
    report = build_report(LABELS, [1], [[0.1, 0.8, 0.1]], provenance)
    assert report.intervals.uar == report.intervals.accuracy == (pytest.approx(0.2065, abs=1e-4), 1.0)
    assert report.calibration.ece_interval == (0.0, 1.0)
    assert (report.mcc, report.precisions) == (0.0, (None, 1.0, None))
    assert "NaN" not in report.to_json()
