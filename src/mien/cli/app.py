"""The `mien` command: verbs are registered here, errors become one line here, nothing else."""

from __future__ import annotations

import os
import sys

import typer

from mien.cli import data
from mien.cli.ablate import ablate
from mien.cli.analyze import analyze
from mien.cli.compare import compare
from mien.cli.console import EXIT_WRONG_USAGE, complain
from mien.cli.crossval import crossval
from mien.cli.demo import demo
from mien.cli.evaluate import evaluate
from mien.cli.explain import explain
from mien.cli.export import export
from mien.cli.finetune import finetune
from mien.cli.lists import datasets, methods, models, recipes
from mien.cli.live import live
from mien.cli.reproduce import reproduce
from mien.cli.serve import serve
from mien.cli.train import train
from mien.cli.tune import tune
from mien.core.errors import MienError

app = typer.Typer(
    name="mien",
    help="Facial expressions: analyse pictures and videos into tables; train, evaluate and export models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (analyze, live, serve, demo, explain, export):
    app.command()(verb)
for verb in (train, finetune, evaluate, ablate, tune, crossval, compare, reproduce):
    app.command()(verb)
for verb in (models, methods, datasets, recipes):
    app.command()(verb)
app.add_typer(data.app, name="data")


def main() -> None:
    """Run the command line; what the user can mend is one line and exit code 2.

    With ``MIEN_DEBUG`` set, errors keep their traceback.
    """
    try:
        app()
    except KeyboardInterrupt:
        complain("stopped")
        sys.exit(130)
    except (MienError, OSError) as error:
        if os.environ.get("MIEN_DEBUG"):
            raise
        complain(str(error))
        sys.exit(EXIT_WRONG_USAGE)
