"""``mien compare``: scored runs side by side, and which differences are beyond chance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Two or more folders of `mien evaluate --report`, runs of `mien ablate`, or `mien crossval`."
        ),
    ],
    report: Annotated[
        Path | None, typer.Option(help="Folder for comparison.html, .md, .tex, .csv, .json and pairs.csv.")
    ] = None,
    common: Annotated[
        bool,
        typer.Option("--common", help="Compare on the samples that all runs share, if these are not all."),
    ] = False,
    against_first: Annotated[
        bool,
        typer.Option("--against-first", help="Only the first run against each other one: fewer comparisons."),
    ] = False,
) -> None:
    """Put scored runs side by side, and say which differences are beyond chance.

    All runs must have been scored on the same samples: where one model is right and another wrong tells them
    apart (whether their own intervals overlap does not). For each pair the table gives the difference in
    accuracy and UAR with a paired-bootstrap 95 % interval, and p of one test:

    - McNemar's exact test, of samples that only one of the two has right;

    - where the data set knows the people, a sign-flip test over people instead, since pictures of a person go
      together;

    - of two cross-validations with the same folds, the corrected resampled t-test (Nadeau and Bengio, 2003).

    p is corrected for the number of pairs (Holm). Recipes and protocols are compared too: what differs is
    listed, and what forbids a comparison, such as other samples or another label space, is refused.

    Where all were scored with --robustness, a table tells what each loses when faces are small, blurred,
    turned, dark, compressed or covered, and how much of what the first run loses.

    For example:

    mien evaluate runs/arm --data fer2013 --split PrivateTest --report reports/arm

    mien evaluate runs/base --data fer2013 --split PrivateTest --report reports/base

    mien compare reports/arm reports/base --report comparison

    mien compare runs/ablate-arm/full-seed0 runs/ablate-arm/baseline-seed0
    """
    from mien import api
    from mien.cli.console import say, show_table
    from mien.report.comparison import robustness_cells, robustness_columns, run_cells, write_comparison
    from mien.report.comparison_words import RUN_COLUMNS, summary, verdict

    found = api.compare(runs, common=common, against_first=against_first)
    say(f"{len(found.runs)} runs on the same {found.n:,} samples")
    show_table(RUN_COLUMNS, [run_cells(run) for run in found.runs])
    for pair in found.pairs:
        say(verdict(pair, found))
    say(summary(found))
    for line in found.warnings:
        say(f"note: {line}")
    if found.robustness:
        show_table(robustness_columns(found), [robustness_cells(row) for row in found.robustness])
    if found.settings:
        rows = [(s.key, *("-" if value is None else value for value in s.values)) for s in found.settings]
        show_table(("what differs", *(run.name for run in found.runs)), rows)
    if report is not None:
        write_comparison(found, report)
        say(f"report: {report / 'comparison.html'}")
