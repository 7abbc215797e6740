"""``mien models | methods | datasets | recipes``: what there is, one table each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.runtime.model_files import ModelCard


def models(
    card: Annotated[
        str | None,
        typer.Option(
            "--card", metavar="NAME", help="Tell all about one model: data, figures, what it is not for."
        ),
    ] = None,
) -> None:
    """List the embedded models with their measured figures.

    *Sure of* is the share of FER2013's PublicTest faces above the model's limit of confidence, and how often
    it is right on these; the others are `unsure` in the table of `mien analyze`.
    """
    from mien.cli.console import say, show_table
    from mien.runtime.model_files import find_card, list_models

    if card is not None:
        for line in card_lines(find_card(card)):
            say(line)
        return
    rows = [
        (
            c.name,
            c.version,
            f"{c.size_px} px",
            len(c.labels),
            f"{c.n_parameters:,}",
            _sure_of(c),
            c.about,
            c.licence,
        )
        for c in list_models()
    ]
    header = ("model", "version", "input", "classes", "parameters", "sure of", "what it is", "terms")
    show_table(header, rows)


def _sure_of(card: ModelCard) -> str:
    """Coverage and accuracy of the answers that are not unsure, of the first set that was scored."""
    for name, share in card.numbers.items():
        if name.endswith(" share of sure answers"):
            right = card.numbers[name.replace("share of", "accuracy of")]
            return f"{share:.0%}, right {right:.0%}"
    return ""


def card_lines(card: ModelCard) -> list[str]:
    """A model's card in plain lines."""
    lines = [f"{card.name}, version {card.version}: {card.about}", f"labels: {', '.join(card.labels)}"]
    lines += [
        f"trained on: {card.trained_on}",
        f"protocol: {card.protocol}",
        f"terms: {card.licence}",
        "measured:",
    ]
    lines += [f"  {name}: {value:.2%}" for name, value in card.numbers.items()]
    lines += ["what it is not for, and where it fails:", *(f"  - {line}" for line in card.limits)]
    return [*lines, f"in full: docs/models/{card.name}.md"]


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
