"""What the papers print: the files are valid, and the recipes cite them rightly."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from mien.api import list_recipes, load_recipe
from mien.core.errors import MienError
from mien.report.published import PAPERS, PublishedItem, load_published

SHORT = {load_published(method).short: method for method in PAPERS}


@pytest.mark.parametrize("method", PAPERS)
def test_ids_are_the_papers_numbers(method: str) -> None:
    for name, item in load_published(method).items.items():
        kind, number = re.fullmatch(r"(table|figure)(\d+(?:_\d+)?[ab]?)", name).groups()
        said = f"{kind.capitalize()} {number.replace('_', '.').rstrip('ab')}"
        assert item.where.startswith(f"{said}, "), name


@pytest.mark.parametrize("method", PAPERS)
def test_no_number_has_more_decimals_than_its_table(method: str) -> None:
    for name, item in load_published(method).items.items():
        for row, cells in (item.rows | item.others).items():
            for column, cell in zip(item.columns, cells, strict=True):
                if cell is not None and "(" not in column:
                    assert cell == round(cell, item.decimals), (name, row, column)


@pytest.mark.parametrize("method", PAPERS)
def test_rows_of_confusion_matrices_sum_to_100(method: str) -> None:
    for name, item in load_published(method).items.items():
        if item.kind == "confusion":
            for row, cells in item.rows.items():
                slack = len(cells) * 0.5 * 10**-item.decimals
                assert sum(cells) == pytest.approx(100, abs=slack + 1e-9), (name, row)


def test_one_cell() -> None:
    table = load_published("arm").items["table3"]
    assert table.value("full", "rafdb uar") == 82.29
    assert table.value("SCN", "affectnet accuracy") == 60.23
    with pytest.raises(MienError, match="prints nothing for SCN, rafdb uar"):
        table.value("SCN", "rafdb uar")
    with pytest.raises(MienError, match="did you mean 'full'"):
        table.value("ful", "rafdb uar")
    with pytest.raises(MienError, match="no column 'rafdb'"):
        table.value("full", "rafdb")


def test_unknown_paper() -> None:
    with pytest.raises(MienError, match="did you mean 'mff_cnn'"):
        load_published("mffcnn")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rows": {"full": [1.0]}}, "1 numbers for 2 columns"),
        ({"rows": {}}, "kind none has no rows"),
        ({"kind": "confusion"}, "rows of a confusion matrix"),
        ({"kind": "none", "rows": {}}, "needs a note"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_table_that_is_none_is_refused(changed: dict, said: str) -> None:
    good = {
        "title": "t",
        "where": "w",
        "kind": "values",
        "columns": ["accuracy", "uar"],
        "rows": {"full": [1.0, None]},
    }
    PublishedItem.model_validate(good)
    with pytest.raises(ValidationError, match=said):
        PublishedItem.model_validate(good | changed)


def cited() -> list[tuple[str, str, str, str, str, float]]:
    """Recipe, method, item, row, column and value of every number cited from one of the papers."""
    found = []
    for name in list_recipes():
        recipe = load_recipe(name)
        for expected in recipe.expected:
            if match := re.match(r"(.+?), Table (\d+)(?:\.(\d+))?", expected.source):
                paper, *number = match.groups()
                method, item = SHORT[paper], "table" + "_".join(part for part in number if part)
                row, column = place(method, item, name, recipe.data.name, expected.metric)
                found.append((name, method, item, row, column, expected.value))
    return found


def place(method: str, item: str, recipe: str, data: str, metric: str) -> tuple[str, str]:
    """Where a recipe's number stands: EMMA's table has a row for each backbone, all others a full one."""
    if method == "emma":
        _, how, backbone = recipe.split("_", 2)
        return f"{backbone} cross_entropy" if how == "general" else backbone, f"{how} {metric}"
    columns = load_published(method).items[item].columns
    return "full", f"{data} {metric}" if f"{data} {metric}" in columns else metric


@pytest.mark.parametrize(("recipe", "method", "item", "row", "column", "value"), cited())
def test_recipes_cite_what_the_paper_prints(
    recipe: str, method: str, item: str, row: str, column: str, value: float
) -> None:
    table = load_published(method).items[item]
    percent = 100 if table.unit == "%" else 1
    assert table.value(row, column) / percent == pytest.approx(value, abs=1e-9)


def test_every_paper_is_cited() -> None:
    assert {method for _, method, *_ in cited()} == set(PAPERS)


@pytest.mark.parametrize("name", list_recipes())
def test_second_numbers_in_a_citation_stand_in_the_table_too(name: str) -> None:
    """A source such as "six: 0.8878" or "L_CE: 0.621" quotes the row of an ablation."""
    recipe = load_recipe(name)
    for expected in recipe.expected:
        if match := re.match(r"(.+?), Table (\d+)(?:\.(\d+))?.*\((six|L_CE): ([\d.]+)\)", expected.source):
            paper, first, second, what, value = match.groups()
            method, item = SHORT[paper], f"table{first}" + (f"_{second}" if second else "")
            row, column = place(method, item, name, recipe.data.name, expected.metric)
            table = load_published(method).items[item]
            row = "six_classes" if what == "six" else f"{row} cross_entropy"
            percent = 100 if table.unit == "%" else 1
            assert table.value(row, column) / percent == pytest.approx(float(value), abs=1e-9), expected


def test_rows_of_an_ablation_are_the_recipes_rows() -> None:
    """A table of ablations can be measured: each of its rows is the recipe itself or one of its ablations."""
    for method, item, recipes in [
        ("arm", "table2", ["rafdb_arm_resnet18"]),
        ("fdrl", "table1", ["rafdb_fdrl_resnet18"]),
        ("fdrl", "table2", ["rafdb_fdrl_resnet18", "mmi_fdrl_resnet18"]),
        ("mff_cnn", "table6", ["oulu-casia_mff_cnn"]),
        ("rgbd_fusion", "table3_5", ["cald3r-mend3s_rgbd_fusion_efficientnet_b2"]),
        ("rgbd_fusion", "table3_6", ["cald3r-mend3s_rgbd_fusion_efficientnet_b2"]),
        ("rgbd_fusion", "table3_7", ["cald3r-mend3s_rgbd_fusion_efficientnet_b2"]),
    ]:
        for name in recipes:
            rows = set(load_published(method).items[item].rows)
            assert rows <= {"full", *load_recipe(name).ablations}, (name, item)
