"""Every item that needs no data runs, and its numbers are those that the code should give."""

from __future__ import annotations

import pytest

from mien.report.reproduction import Reproduction
from mien.reproduce.item import Counted, Matrices, Trained
from mien.reproduce.making import needs_data, reproduce
from mien.reproduce.papers import PAPERS, find_item
from mien.reproduce.roots import Roots
from mien.reproduce.runs import Runner
from mien.reproduce.scale import Scale

AT_ONCE = [(p.name, i.id) for p in PAPERS.values() for i in p.items if not needs_data(i)]


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.delenv("MIEN_DATA_ROOT", raising=False)

    def run(paper: str, item: str) -> Reproduction:
        of = PAPERS[paper]
        made, files = reproduce(of, find_item(of, item), Runner(of, Scale(), Roots(), tmp_path))
        assert all(path.stat().st_size > 0 for path in files)
        assert {path.suffix for path in files} >= {".md", ".csv", ".tex", ".json"}
        again = Reproduction.from_json((tmp_path / paper / item / f"{item}.json").read_text())
        assert again == made
        return made

    return run


def values(table, column):
    return [table.cell(line.name, column).measured.value for line in table.lines]


def test_they_are_those_that_need_no_data():
    assert AT_ONCE == [
        ("arm", "figure1"),
        ("arm", "figure4"),
        ("emma", "figure5"),
        ("rgbd_fusion", "table1_1"),
        ("rgbd_fusion", "table2_1"),
        ("rgbd_fusion", "table3_1"),
        ("rgbd_fusion", "table3_2"),
        ("rgbd_fusion", "table3_8"),
        ("rgbd_fusion", "figure3_7"),
        ("mff_cnn", "figure3"),
    ]


def test_padding_leaves_four_ninths_of_a_corner(make):
    table = make("arm", "figure1").tables[0]
    first = table.lines[0].name
    assert table.cell(first, "corner").measured.value == pytest.approx(4 / 9, abs=1e-6)
    assert table.cell(first, "edge").measured.value == pytest.approx(6 / 9, abs=1e-6)
    assert table.cell(first, "middle").measured.value == pytest.approx(1, abs=1e-6)
    assert values(table, "eroded pixels of 7x7 (number)")[:4] == [24, 40, 48, 49]


def test_the_perception_bias_is_the_printed_one_and_the_representation_has_121_values(make):
    made = make("arm", "figure4")
    assert all(cell.difference == 0 for line in made.tables[0].lines for cell in line.cells)
    assert [row[1:] for row in made.listings[0].rows] == [("112", "25088"), ("11", "242"), ("11", "121")]
    assert made.figures == ("figure4.png",)


def test_the_coverage_of_figure_6_rises_and_falls_without_data(make):
    made = make("arm", "figure6")
    coverage, accuracy = made.tables
    assert values(coverage, "middle over corner (times)") == [1, 4, 9, 16, 9, 4, 1]
    assert values(coverage, "values to the classifier (number)")[0] == 25_088
    assert all(cell.measured is None for line in accuracy.lines for cell in line.cells)
    assert made.missing == ("the data set rafdb is not here (--data-root rafdb=DIR)",)
    assert made.figures == ("figure6-coverage.png",)


def test_leaky_cosines_fall_to_minus_the_slope(make):
    table = make("emma", "figure5").tables[0]
    assert values(table, "180 degrees") == pytest.approx([0, -0.1, -0.5, -1])
    assert values(table, "60 degrees") == pytest.approx([0.5] * 4)


def test_the_schedule_peaks_where_table_3_2_says(make):
    rates = make("rgbd_fusion", "table3_2").tables[0]
    for line in rates.lines:
        for cell in line.cells:
            assert cell.measured.value == pytest.approx(cell.published, rel=1e-4)
    fusion, trunks = make("rgbd_fusion", "figure3_7").listings[0].rows
    assert fusion == ("fusion network", "165", "1e-06", "0.001", "1e-06", "550")
    assert trunks[3] == "0.0001"


def test_the_patches_overlap_by_half_and_end_at_the_border(make):
    made = make("mff_cnn", "figure3")
    assert values(made.tables[0], "first row (px)") == [row for row in (0, 12, 24, 36) for _ in range(4)]
    assert values(made.tables[0], "first column (px)") == [0, 12, 24, 36] * 4
    assert values(made.tables[0], "last column (px)")[-1] == 59
    assert made.figures == ("figure3-face.png", "figure3.png")


def test_the_printed_layers_are_not_those_of_efficientnet_b2(make):
    table = make("rgbd_fusion", "table3_1").tables[0]
    assert table.cell("stem 2", "stride").published == 2
    assert table.cell("stem 2", "stride").measured.value == 1
    assert table.cell("block 6", "repetitions").measured.value == 3
    assert table.cell("block 12", "channels out").measured.value == 352
    assert table.cell("16 to 16", "kernel").measured.value == 3


def test_survey_and_action_units(make):
    survey = make("rgbd_fusion", "table1_1")
    assert survey.tables[0].cell("cald3r", "samples").difference == 0
    assert [row[0] for row in survey.listings[0].rows] == [line.name for line in survey.tables[0].lines]
    units = make("rgbd_fusion", "table3_8").tables[0]
    assert all(cell.difference == 0 for line in units.lines for cell in line.cells)
    models = make("rgbd_fusion", "table2_1").tables[0]
    assert all(not line.ours for line in models.lines)


def test_sizes_of_networks_need_no_data(make):
    table = make("mff_cnn", "table6").tables[0]
    sizes = dict(
        zip((line.name for line in table.lines), values(table, "parameters (millions)"), strict=True)
    )
    assert sizes == pytest.approx(
        {
            "full": 1.21064,
            "without_mid_level": 0.0292,
            "without_joint_tuning": 1.210634,
            "without_selection": 1.217552,
        }
    )
    arm = make("arm", "table2").tables[0]
    assert arm.cell("full", "parameters (millions)").measured.value == pytest.approx(11.178395)
    assert arm.cell("baseline", "parameters (millions)").measured.value == pytest.approx(11.180103)
    baseline = next(line for line in arm.lines if line.name == "baseline")
    assert baseline.effect.published == pytest.approx(90.55 - 84.68)


def test_published_matrices_are_drawn_before_anything_is_trained(make):
    made = make("mff_cnn", "figure7")
    assert made.matrices[0].published[0][0] == 41.56
    assert made.matrices[0].counts is None
    assert made.figures == ("figure7.png",)


def test_nothing_of_a_figure_without_data_is_one_line(make):
    from mien.core.errors import MienError

    with pytest.raises(MienError, match="arm figure5 cannot be made here: the data set rafdb is not here"):
        make("arm", "figure5")


def test_every_item_has_a_way_that_is_known():
    kinds = {type(way) for p in PAPERS.values() for i in p.items for way in i.ways}
    assert {Trained, Matrices, Counted} < kinds
