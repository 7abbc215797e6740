import csv
import json
import re
from datetime import date

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.metrics.provenance import ProtocolFacts, Provenance
from mien.metrics.report import CalibrationPart, Clusters, Report, RobustnessCurve, build_report, part_figures
from mien.report.evaluation import protocol_sentences, report_html, write_report
from mien.report.page import points

LABELS = ("anger", "happiness", "neutral")


@pytest.fixture
def report():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 200)
    probabilities = rng.dirichlet([1, 1, 1], 200)
    probabilities[np.arange(200), truth] += 1
    probabilities /= 2
    probabilities[:8] = np.nan
    provenance = Provenance(
        model="<tiny>",
        data="fake",
        protocol=ProtocolFacts(
            name="hold-out",
            split="test",
            select_on="val",
            report_on="test",
            leaks=("3 pictures stand in train & test",),
        ),
        selected_on="a held-out part of train",
        created=date(2026, 1, 2),
    )
    return build_report(
        LABELS,
        truth,
        probabilities,
        provenance,
        second={"without_duplicates": part_figures(truth[:50], probabilities[:50], 3)},
        robustness=[
            RobustnessCurve(kind="blur", unit="px", values=(0, 2), accuracy=(0.9, 0.4), uar=(0.9, 0.3))
        ],
    )


def test_three_files(report, tmp_path):
    files = write_report(report, tmp_path / "new")

    assert [f.name for f in files] == ["report.json", "report.html", "report.csv"]
    assert Report.from_json(files[0].read_text()) == report
    assert {"accuracy", "uar", "n", "n_detected", "confusion", "labels"} <= json.loads(
        files[0].read_text()
    ).keys()
    with files[2].open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["label"] for row in rows] == list(LABELS)
    assert sum(int(row["n"]) for row in rows) == 200
    assert sum(int(row["n_missed"]) for row in rows) == 8
    assert float(rows[1]["recall"]) == pytest.approx(report.recalls[1], abs=1e-6)
    assert int(rows[0]["predicted_happiness"]) == report.confusion[0][1]
    assert float(rows[2]["precision"]) == pytest.approx(
        report.confusion[2][2] / sum(row[2] for row in report.confusion), abs=1e-6
    )


def test_page_is_self_contained_and_says_what_matters(report):
    page = report_html(report)

    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//|@import|url\(""", page)
    assert "<tiny>" not in page
    assert "&lt;tiny&gt; on fake test" in page
    assert "3 pictures stand in train &amp; test" in page
    assert "without duplicates" in page
    assert f"{100 * report.accuracy:.1f}\N{NO-BREAK SPACE}%" in page
    assert "blur (px)" in page
    assert "in 8 of which no face was found" in page


def test_page_without_faces_or_extras_is_written(tmp_path):
    provenance = Provenance(
        model="m",
        data="d",
        protocol=ProtocolFacts(name="p", split="s", report_on="s"),
        created=date(2026, 1, 2),
    )
    nothing = build_report(("a", "b"), [0, 0], np.full((2, 2), np.nan), provenance)
    page = report_html(nothing)
    assert "Can its confidence be believed" not in page
    assert "What this protocol leaks" not in page
    write_report(nothing, tmp_path)
    assert (tmp_path / "report.csv").read_text().splitlines()[2] == "b,0,0,,,,,,0,0"


def test_selecting_on_the_reported_part_is_said(report):
    parity = report.model_copy(
        update={
            "protocol": report.protocol.model_copy(update={"select_on": "test"}),
            "selected_on": "unknown",
        }
    )
    said = " ".join(protocol_sentences(parity))
    assert "these figures are too high" in said
    assert "not known" in said
    assert "these figures are too high" not in " ".join(protocol_sentences(report))


def test_unwritable_folder_is_one_line(report, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MienError, match="cannot write"):
        write_report(report, tmp_path / "file")


def test_groups_sets_and_silence_have_their_place(report, tmp_path):
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 120)
    p = rng.dirichlet([1, 1, 1], 120)
    p[np.arange(120), truth] += 1
    p /= p.sum(1, keepdims=True)
    whole = build_report(
        LABELS,
        truth,
        p,
        Provenance(**{name: getattr(report, name) for name in Provenance.model_fields}),
        clusters=Clusters([f"p{i % 12}" for i in range(120)], "subjects"),
        groups={"gender": ["", "<b>"] * 60, "age_band": ["20-39", "70+", ""] * 40},
        calibration_part=CalibrationPart(p[:60], truth[:60], "fake val"),
    )
    page = report_html(whole)
    assert "What if it may keep silent?" in page
    assert f"{whole.selective.aurc:.4f}" in page
    assert "Groups of people" in page
    assert "not known of 60 samples" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "fake val" in page
    assert f"{whole.mcc:.3f}" in page
    assert not re.search(r"\bnan\b", page, re.I)
    files = write_report(whole, tmp_path)
    assert "groups.csv" in [f.name for f in files]
    with (tmp_path / "groups.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["attribute"], row["group"]) for row in rows] == [
        ("gender", "<b>"), ("age_band", "20-39"), ("age_band", "70+"),
    ]  # fmt: skip
    assert rows[0]["gap"] == ""  # the others are not known
    assert float(rows[1]["gap"]) == pytest.approx(-float(rows[2]["gap"]))
    assert "nan" not in (tmp_path / "groups.csv").read_text()


def test_points_are_signed():
    assert [points(x) for x in (0.0123, -0.0123, -0.0001)] == ["+1.2", "\N{MINUS SIGN}1.2", "0.0"]
