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
        assert item.where.startswith(said), name


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
    """Recipe, method, item, data set, metric and value of every number cited from one of the papers."""
    found = []
    for name in list_recipes():
        recipe = load_recipe(name)
        for expected in recipe.expected:
            if match := re.match(r"(.+?), Table (\d+)(?:\.(\d+))?", expected.source):
                paper, *number = match.groups()
                item = "table" + "_".join(part for part in number if part)
                found.append((name, SHORT[paper], item, recipe.data.name, expected.metric, expected.value))
    return found


@pytest.mark.parametrize(("recipe", "method", "item", "data", "metric", "value"), cited())
def test_recipes_cite_what_the_paper_prints(
    recipe: str, method: str, item: str, data: str, metric: str, value: float
) -> None:
    table = load_published(method).items[item]
    row, columns = "full", (f"{data} {metric}", metric)
    column = next(name for name in columns if name in table.columns)
    percent = 100 if table.unit == "%" else 1
    assert table.value(row, column) / percent == pytest.approx(value, abs=1e-9)
