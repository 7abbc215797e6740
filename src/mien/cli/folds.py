"""``mien data folds``: a protocol as a table one can read, frozen to a file one can keep."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

MANY = 20
"""More folds than these are shown by their first repetition alone."""

if TYPE_CHECKING:
    from mien.core.records import Sample
    from mien.data.folds import FoldSet


def folds(
    name: Annotated[str, typer.Argument(help="A data set's name (see `mien datasets`).")],
    folder: Annotated[Path, typer.Argument(help="Its folder as its authors hand it out.")],
    protocol: Annotated[
        str,
        typer.Option(
            help="fixed, kfold, leave_one_out, repeated_split, bu3dfe_60, or a paper's: mff_image_folds, "
            "thesis_sample_folds, thesis_60_40, thesis_60_subjects; or frozen, with --set file=folds.json."
        ),
    ] = "kfold",
    folds: Annotated[int | None, typer.Option(help="How many; the protocol's own when left out.")] = None,
    group: Annotated[
        str | None, typer.Option(help="What never stands in two parts: image, copies, sequence or subject.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same folds.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Another parameter, e.g. --set repeats=10 or --set val_fraction=0."),
    ] = None,
    split: Annotated[str, typer.Option(help="What is divided: one of the set's splits, or all.")] = "all",
    out: Annotated[Path | None, typer.Option(help="Freeze the folds to this .json file.")] = None,
) -> None:
    """Show who is where in each fold: samples, people and classes of each part, and what the protocol leaks.

    Nothing is trained. The file of --out goes into a recipe as `data.protocol: {name: frozen, file: FILE}`;
    it is refused when the data set has changed since.

    Example: mien data folds synthetic-rgbd ~/synthetic_rgbd --protocol kfold --folds 10 --group subject
    """
    from mien.cli.console import say
    from mien.core.errors import MienError
    from mien.core.protocol_choice import parse_protocol
    from mien.data.datasets import load_dataset
    from mien.data.fold_file import folds_for, folds_json, folds_sha256
    from mien.data.fold_leaks import leak_lines
    from mien.data.folds import absent_from_tests

    if out is not None and out.suffix.lower() != ".json":
        raise MienError(f"--out {out}: folds are written as .json")
    given = {"folds": folds, "group": group, "seed": seed}
    tree = {key: value for key, value in given.items() if value is not None} | _parameters(set_ or [])
    choice = parse_protocol({"name": protocol, **tree})
    dataset = load_dataset(name, folder)
    samples = [s for s in dataset.split(split) if s.label >= 0]
    made = folds_for(samples, dataset.labels.names, choice)
    say(f"{name} {split}: {made.choice.in_words()}")
    _show_parts(made)
    for line in leak_lines(made) or ("none: nothing of a test picture's person or sequence is in training",):
        say(f"leaks: {line}")
    for line in absent_from_tests(made):
        say(f"note: {line}")
    say(f"sha256: {folds_sha256(made)}")
    if out is not None:
        from mien.report.page import write_text

        write_text(out, folds_json(made))
        say(f"written: {out}")


def _parameters(items: list[str]) -> dict[str, Any]:
    import yaml

    from mien.core.errors import MienError

    tree = {}
    for item in items:
        key, equals, value = item.partition("=")
        try:
            tree[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise MienError(f"--set {item}: {value!r} is not YAML") from error
        if not equals or not key:
            raise MienError(f"--set {item}: expected key=value, for example repeats=10")
    return tree


def _show_parts(made: FoldSet) -> None:
    """One row per part of every fold; of many repetitions only the first is shown."""
    from mien.cli.console import say, show_table

    shown = [f for f in made.folds if f.repeat == 0 or len(made.folds) <= MANY]
    rows: list[list[object]] = []
    for fold in shown:
        for part, members in made.members(fold).items():
            by_class = Counter(s.label for s in members)
            counts = [by_class.get(k, 0) for k in range(len(made.labels))]
            rows.append([made.name(fold), part, len(members), *_groups(members), *counts])
    show_table(["fold", "part", "samples", "subjects", "sequences", *made.labels], rows)
    hidden = f", the first {len(shown)} shown" if len(shown) < len(made.folds) else ""
    say(f"{len(made.folds)} folds of {len(made.samples):,} samples{hidden}")


def _groups(members: list[Sample]) -> tuple[object, object]:
    """How many people and sequences there are; nothing where they are not known."""
    subjects, sequences = ({getattr(s, key) for s in members} - {None} for key in ("subject", "sequence"))
    return len(subjects) or "", len(sequences) or ""
