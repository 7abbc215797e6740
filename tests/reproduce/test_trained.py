"""Items that are trained, at a tiny size on look-alikes: from data to figures, stopped and gone on with."""

from __future__ import annotations

import csv
import io

import pytest

from mien.core.errors import MienError
from mien.data.fake import write_fake
from mien.reproduce.item import Curves, Run
from mien.reproduce.listing import entries
from mien.reproduce.making import reproduce
from mien.reproduce.papers import PAPERS, find_item
from mien.reproduce.roots import Roots
from mien.reproduce.runs import Runner
from mien.reproduce.scale import Scale
from mien.reproduce.trained_items import curves

ARM = PAPERS["arm"]
ITEM = find_item(PAPERS["mff_cnn"], "figure4")


def make(paper, item, scale, roots, out, pictures=True):
    return reproduce(paper, find_item(paper, item), Runner(paper, scale, roots, out), pictures)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("reproduced")


def test_a_table_is_trained_in_two_goes(fer2013, tiny_arm, out):
    from dataclasses import replace

    first, _ = make(ARM, "table2", replace(tiny_arm, rows=("baseline",)), Roots(single=fer2013), out)
    assert first.missing == ("rows left out: da, sa, fa_da, fa_sa, da_sa, full",)
    assert first.tables[0].cell("full", "accuracy").measured is None
    weights = next((out / "runs").glob("*/baseline-seed0/best.safetensors"))
    before = weights.stat().st_mtime_ns

    both = replace(tiny_arm, rows=("baseline", "full"))
    made, files = make(ARM, "table2", both, Roots(single=fer2013), out)
    assert weights.stat().st_mtime_ns == before
    table = made.tables[0]
    full, baseline = table.cell("full", "accuracy"), table.cell("baseline", "accuracy")
    assert full.published == 90.55
    assert full.measured.low <= full.measured.value <= full.measured.high
    assert full.difference == pytest.approx(full.measured.value - 90.55)
    effect = next(line.effect for line in table.lines if line.name == "baseline")
    assert effect.value == pytest.approx(full.measured.value - baseline.measured.value)
    assert {run.row for run in made.runs} == {"full", "baseline"}
    assert all(
        run.stands_for == "rafdb_arm_resnet18" and run.data == "fer2013 PublicTest" for run in made.runs
    )
    assert {path.name for path in files} == {
        f"table2.{e}" for e in ("md", "csv", "tex", "json", "png", "pdf")
    }


def test_finished_runs_need_no_data_and_are_shared_by_items(tiny_arm, out, monkeypatch):
    monkeypatch.delenv("MIEN_DATA_ROOT", raising=False)
    again, _ = make(ARM, "table2", tiny_arm, Roots(), out)
    assert again.tables[0].cell("full", "accuracy").measured is not None
    assert again.tables[0].cell("da", "accuracy").measured is None
    assert "the data set fer2013 is not here (--data-root fer2013=DIR)" in again.missing
    matrices, _ = make(ARM, "figure5", tiny_arm, Roots(), out)
    assert [m.title for m in matrices.matrices] == ["fer2013"]  # not a second time as RAF-DB's
    assert sum(map(sum, matrices.matrices[0].counts)) == matrices.runs[0].n


def test_one_small_recipe_does_not_pass_for_two_findings(tiny_arm, out):
    made, _ = make(ARM, "table3", tiny_arm, Roots(), out)
    table = made.tables[0]
    assert table.cell("full", "fer2013 accuracy").measured is not None
    assert table.cell("full", "rafdb accuracy").measured is None
    assert "no small recipe stands for affectnet_arm_resnet18" in made.missing


def test_what_is_scaled_down_stands_in_every_file(out):
    folder = out / "arm" / "table2"
    for name in ("table2.md", "table2.csv", "table2.tex", "table2.json"):
        text = (folder / name).read_text()
        assert "stand-in data: fer2013 in place of rafdb" in text.replace("\\_", "_"), name
    rows = list(csv.DictReader(io.StringIO((folder / "table2.csv").read_text())))
    assert all("fer2013_arm_small stands for rafdb_arm_resnet18" in row["scaled_down"] for row in rows)
    state = {entry.item: entry.state for entry in entries(ARM, out, results=out / "none")}
    assert "scaled down, in part" in state["table2"]
    assert state["figure6"] == "not run"


def test_wrong_rows_suggest(tiny_arm, fer2013, out):
    from dataclasses import replace

    with pytest.raises(MienError, match="table2 has no row 'basline'; did you mean 'baseline'"):
        make(ARM, "table2", replace(tiny_arm, rows=("basline",)), Roots(single=fer2013), out)
    with pytest.raises(MienError, match="figure5 has no row 'full'; it has no rows to choose from"):
        make(ARM, "figure5", replace(tiny_arm, rows=("full",)), Roots(single=fer2013), out)


def test_compounds_follow_from_basic_emotions_and_transfer_starts_from_them(
    synthetic, tiny_backbone, tmp_path
):
    from dataclasses import replace

    emma = PAPERS["emma"]
    scale = replace(tiny_backbone, rows=("dan",))
    made, _ = make(emma, "table1", scale, Roots(single=synthetic), tmp_path)
    table = made.tables[0]
    for mode in ("emma", "transfer"):
        for metric in ("accuracy", "uar"):
            cell = table.cell("dan", f"{mode} {metric}")
            assert cell.published is not None
            assert 0 <= cell.measured.low <= cell.measured.value <= cell.measured.high <= 1
    assert {run.data for run in made.runs} == {"synthetic-rgbd-compound test"}
    basic = next((tmp_path / "runs").glob("synthetic-rgbd_emma_small-*/full-seed0"))
    assert (basic / "on-synthetic-rgbd-compound-test.report.json").is_file()
    recalls, _ = make(emma, "table2", tiny_backbone, Roots(), tmp_path)
    assert recalls.tables[0].cell("happily_surprised", "emma recall").measured is not None
    assert recalls.tables[0].cell("happily_surprised", "general recall").measured is None


def test_folds_are_run_and_gone_on_with(tmp_path):
    from dataclasses import replace

    mff = PAPERS["mff_cnn"]
    root = write_fake("ckplus", tmp_path / "ckplus", n_per_class=3)
    changes = (
        "data.faces=ready",
        "data.protocol={name: mff_image_folds, folds: 3, repeats: 1}",
        "train.batch_size=16",
    )
    scale = Scale(epochs=1, folds=(0,), changes=changes)
    made, _ = make(mff, "figure4", scale, Roots(single=root), tmp_path)
    assert "folds 0 alone, and those that were there before" in made.scaled_down
    one_fold = made.runs[0].n
    whole, _ = make(mff, "figure4", replace(scale, folds=()), Roots(single=root), tmp_path)
    assert whole.runs[0].n > 2 * one_fold
    matrix = whole.matrices[0]
    assert matrix.labels == tuple(sorted(matrix.labels))
    assert sum(map(sum, matrix.counts)) == whole.runs[0].n
    assert matrix.published[0][0] == 97.33
    part = curves(Curves({"CK+": Run("ckplus_mff_cnn")}), None, ITEM, Runner(mff, scale, Roots(), tmp_path))
    assert list(part.figures) == [f"figure4-ck--seed0-fold-0{i}" for i in range(3)]
    counts, _ = make(mff, "table1", scale, Roots({"ckplus": root}), tmp_path)
    cell = counts.tables[0].cell("ckplus", "total")
    assert cell.published == 927
    assert cell.measured.value == whole.runs[0].n
    assert counts.tables[0].cell("jaffe", "total").measured is None


def test_explanations_of_trained_models(fer2013, synthetic, tiny_backbone, tmp_path):
    fdrl = PAPERS["fdrl"]
    weights, _ = make(fdrl, "figure6", tiny_backbone, Roots(single=fer2013), tmp_path)
    assert weights.figures == ("figure6.png",)
    assert len(weights.listings[0].rows) == 7
    assert len(weights.listings[0].columns) == 10
    groups, _ = make(fdrl, "figure3", tiny_backbone, Roots(single=fer2013), tmp_path)
    assert groups.figures == ("figure3.png",)
    rows = groups.listings[0].rows
    assert len(rows) == 9
    assert sum(int(row[1]) for row in rows) == groups.runs[0].n
    assert all(int(row[1]) == sum(map(int, row[2:])) for row in rows)
    (tmp_path / "fdrl" / "figure3" / "figure3.png").unlink()
    private, _ = make(fdrl, "figure3", tiny_backbone, Roots(single=fer2013), tmp_path, pictures=False)
    assert private.figures == ()
    assert "figures that show faces of the data set were not asked for" in private.missing
    assert not (tmp_path / "fdrl" / "figure3" / "figure3.png").exists()
    emma, _ = make(PAPERS["emma"], "table3", tiny_backbone, Roots(single=synthetic), tmp_path)
    cell = emma.tables[0].cell("inter_class", "full")
    assert cell.published == 353.1
    assert cell.measured.value > 0


def test_pictures_before_and_after_preparation(synthetic, tmp_path, monkeypatch):
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    thesis, scale = PAPERS["rgbd_fusion"], Scale(data="synthetic-rgbd")
    for item in ("figure3_4", "figure3_5"):
        made, _ = make(thesis, item, scale, Roots(single=synthetic), tmp_path)
        assert made.figures == (f"{item}.png",)
        assert "stand-in data: synthetic-rgbd in place of" in made.scaled_down[0]
    classes, _ = make(thesis, "figure3_1", scale, Roots(single=synthetic), tmp_path)
    assert classes.tables[0].lines[0].cells[-1].measured.value == 42
