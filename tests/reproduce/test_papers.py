"""The list of items: exactly the registry, every name resolves, wrong ones suggest."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien import api
from mien.core.errors import MienError
from mien.engine.dry_run import runs_needed
from mien.metrics.ablation import FULL
from mien.report.published import load_published
from mien.reproduce.item import Trained
from mien.reproduce.papers import PAPERS, find_item, find_paper
from mien.reproduce.roots import parse_roots
from mien.reproduce.scale import Scale, scaled

REGISTRY = {
    "arm": "T1 T2 T3 F1 F4 F5 F6",
    "fdrl": "T1 T2 T3 F3 F4 F5 F6",
    "emma": "T1 T2 T3 F2 F3 F4 F5 F6",
    "rgbd_fusion": "T1.1 T2.1 T3.1 T3.2 T3.3 T3.4 T3.5 T3.6 T3.7 T3.8 T3.9 "
    "F3.1 F3.2 F3.4 F3.5 F3.7 F3.9 F3.10 F3.11 F3.12 F3.13 F3.14 F3.15 F3.16 F3.17",
    "mff_cnn": "T1 T2 T3 T4 T5 T6 F3 F4 F5 F6 F7 F8",
}
"""The tables and figures of the papers that mien makes anew."""

ITEMS = [(paper, item) for paper in PAPERS.values() for item in paper.items]


@pytest.mark.parametrize("name", REGISTRY)
def test_the_list_is_the_registry(name):
    paper = PAPERS[name]
    assert [find_item(paper, short).id for short in REGISTRY[name].split()] == [i.id for i in paper.items]


def test_no_paper_is_missing():
    assert list(PAPERS) == list(REGISTRY)
    assert find_paper("thesis") is PAPERS["rgbd_fusion"]
    assert find_paper("MFF-CNN") is PAPERS["mff_cnn"]


@pytest.mark.parametrize(("paper", "item"), ITEMS, ids=lambda x: getattr(x, "id", getattr(x, "name", None)))
def test_runs_are_rows_of_recipes_and_cells_are_those_of_the_paper(paper, item):
    for run in item.runs:
        rows = [FULL, *api.load_recipe(run.recipe).ablations]
        assert run.row in rows, run
    printed = load_published(paper.name).items[item.id]
    for way in (way for way in item.ways if isinstance(way, Trained)):
        if printed.rows:
            assert set(way.cells) == set(printed.rows)
            assert {c for row in way.cells.values() for c in row} <= set(printed.columns)


@pytest.mark.parametrize("paper", PAPERS.values(), ids=list(PAPERS))
def test_small_recipes_are_there_and_every_full_one_has_rough_hours(paper):
    recipes = {name for item in paper.items for run in item.runs for name in (run.recipe, run.on) if name}
    small = [api.load_recipe(name) for name in paper.small.values()]
    starts = {Path(path).name for recipe in small for path in runs_needed(recipe).values()}
    assert set(paper.small) - recipes <= starts  # what only small recipes start from stands for itself
    assert recipes == {*paper.hours}


def test_unknown_names_suggest():
    with pytest.raises(MienError, match="no paper 'amr'; did you mean 'arm'"):
        find_paper("amr")
    with pytest.raises(MienError, match=r"arm has no item 'tabel2'; did you mean 'table2'"):
        find_item(PAPERS["arm"], "tabel2")
    with pytest.raises(MienError, match="known: table1, table2, table3, figure1"):
        find_item(PAPERS["arm"], "F2")


def test_a_folder_without_a_name_goes_with_one_set():
    roots = parse_roots(["faces"], ["synthetic-rgbd-compound", "synthetic-rgbd"])
    assert roots.single is not None
    with pytest.raises(
        MienError, match="may be any of rafdb, fer2013: say which, for example --data-root rafdb=a"
    ):
        parse_roots(["a"], ["rafdb", "fer2013"])
    with pytest.raises(MienError, match="no set 'rafbd' is needed; did you mean 'rafdb'"):
        parse_roots(["rafbd=a"], ["rafdb", "fer2013"])
    with pytest.raises(MienError, match="gives rafdb twice"):
        parse_roots(["rafdb=a", "rafdb=b"], ["rafdb"])


def test_what_is_scaled_down_is_told():
    arm, name = PAPERS["arm"], "rafdb_arm_resnet18"
    as_published = scaled(arm, name, Scale())
    assert as_published.as_published
    assert as_published.told == ()
    shorter = scaled(arm, name, Scale(epochs=3))
    assert shorter.told == ("rafdb_arm_resnet18: 3 epochs in place of 70",)
    small = scaled(arm, name, Scale("small"))
    assert small.stem == "fer2013_arm_small"
    assert "a smaller network, 64 px, epochs: 8" in small.told[0]
    assert "stand-in data: fer2013 in place of rafdb" in small.told[1]
    assert scaled(arm, "affectnet_arm_resnet18", Scale("small")) is None


def test_stand_in_data_bring_their_splits_and_keep_the_protocol():
    stand_in = scaled(PAPERS["arm"], "rafdb_arm_resnet18", Scale(data="fer2013")).recipe
    theirs = api.load_recipe("fer2013_arm_resnet18").data
    assert (stand_in.data.name, stand_in.data.train_split) == ("fer2013", "Training")
    assert stand_in.data.test_split == theirs.test_split
    assert stand_in.method == api.load_recipe("rafdb_arm_resnet18").method
    folds = scaled(PAPERS["mff_cnn"], "ckplus_mff_cnn", Scale(data="synthetic-rgbd")).recipe
    assert folds.data.name == "synthetic-rgbd"
    assert folds.data.protocol == api.load_recipe("ckplus_mff_cnn").data.protocol
    with pytest.raises(
        MienError, match="no recipe reads the data set 'fer2031', so it cannot stand in; did you"
    ):
        scaled(PAPERS["arm"], "rafdb_arm_resnet18", Scale(data="fer2031"))
