"""``mien models | methods | datasets | recipes``: what there is, one table each."""

from __future__ import annotations


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


def datasets() -> None:
    """List the data sets that mien reads, with their terms."""
    from mien.cli.console import show_table
    from mien.data.datasets import DATASETS

    rows = [
        (name, i.title, len(i.labels) if i.labels else "", i.licence, i.source, i.paper)
        for name, i in DATASETS.items()
    ]
    show_table(("name", "data set", "classes", "terms", "where", "paper"), rows)


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
