"""``mien models | methods | datasets | recipes``: what there is, one table each."""

from __future__ import annotations

from typing import Annotated

import typer


def models() -> None:
    """List the embedded models with their measured figures."""
    from mien.cli.console import show_table
    from mien.runtime.model_files import list_models

    rows = [
        (c.name, c.version, f"{c.size_px} px", len(c.labels), f"{c.n_parameters:,}", c.about, c.licence)
        for c in list_models()
    ]
    show_table(("model", "version", "input", "classes", "parameters", "what it is", "terms"), rows)


def methods() -> None:
    """List the methods that can be trained, with their parameters, operations (MAC a crop) and papers."""
    from mien.api import need_train_extra
    from mien.cli.console import show_table

    need_train_extra()
    from mien.methods import METHODS, cost_of

    rows = []
    for name, info in METHODS.items():
        cost, size = cost_of(name), f"{info.input.size_px} px {info.input.channels}"
        rows.append((name, f"{cost.parameters:,}", cost.operations, size, info.about, info.paper))
    show_table(("method", "parameters", "operations", "input", "what it is", "paper"), rows)


def datasets(
    name: Annotated[
        str | None, typer.Argument(help="Tell all about one set: splits, labels, the folder it is read from.")
    ] = None,
) -> None:
    """List the data sets that mien reads: what they are made of, and their terms."""
    from mien.cli.console import say, show_table
    from mien.data.datasets import DATASETS
    from mien.data.survey import SURVEY_COLUMNS, facts, survey_row

    if name is not None:
        for key, value in facts(DATASETS[name]).items():
            say(f"{key}: {value}")
        say(f"\n{DATASETS[name].layout}")
        return
    rows = [(*survey_row(info), info.licence) for _, info in DATASETS.items()]
    show_table((*SURVEY_COLUMNS, "terms"), rows)


def recipes() -> None:
    """List the recipes that come with mien."""
    from mien.api import list_recipes, load_recipe
    from mien.cli.console import show_table

    loaded = {name: load_recipe(str(path)) for name, path in list_recipes().items()}
    rows = [
        (name, r.method.name, r.data.name, r.train.epochs, " ".join(r.about.split()))
        for name, r in loaded.items()
    ]
    show_table(("recipe", "method", "data", "epochs", "what it is"), rows)
