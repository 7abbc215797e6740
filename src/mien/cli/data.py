"""``mien data``: check a data set, index it, find what would spoil results on it, join several."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli.data_depth import depth
from mien.cli.folds import folds
from mien.cli.merge import merge

if TYPE_CHECKING:
    from mien.data.audit import Audit
    from mien.data.prepare import FoundFaces

app = typer.Typer(
    help="Check a data set, index it, find duplicates and leaks, join sets.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

app.command()(depth)
app.command()(folds)
app.command()(merge)

Name = Annotated[str, typer.Argument(help="A data set's name (see `mien datasets`), e.g. fer2013 or folder.")]
Folder = Annotated[
    Path, typer.Argument(help="Its folder as its authors hand it out; for fer2013 the one with fer2013.csv.")
]
N_LISTED = 5


@app.command()
def prepare(
    name: Name,
    folder: Folder,
    faces: Annotated[
        str,
        typer.Option(
            help="find faces and keep them, take pictures as ready crops, or auto: what fits the set."
        ),
    ] = "auto",
    detector: Annotated[str, typer.Option(help="auto, yunet, haar or mediapipe.")] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Worker threads; one per processor by default.")
    ] = None,
) -> None:
    """Read every picture once, compare the counts with the published ones, find the faces, write an index.

    The index (id, split, label, path, size, content hash, face, error) and the faces go into the cache folder
    (MIEN_CACHE), never beside the data. Training and evaluation work without them; with them, pictures that
    the same detector has searched are not searched again.

    Example: mien data prepare fer2013 ~/fer2013
    """
    from mien.cli.console import progress_bar, say
    from mien.data.datasets import load_dataset
    from mien.data.prepare import prepare_dataset
    from mien.data.published import published_classes

    dataset = load_dataset(name, folder)
    with progress_bar("reading pictures", len(dataset.samples)) as tick:
        found = prepare_dataset(dataset, tick, faces=faces, detector=detector, n_threads=threads)
    published = found.dataset.published
    _show_counts(found.counts, published, published_classes(name, published))
    _show_notes(found.differences, found.unreadable, bool(found.dataset.published))
    if found.faces is not None:
        _show_faces(found.faces)
    say(f"index: {found.index}")


@app.command()
def audit(
    name: Name,
    folder: Folder,
    near: Annotated[
        bool,
        typer.Option("--near/--no-near", help="Look for near copies too: recompressed, recropped, mirrored."),
    ] = True,
    faces: Annotated[
        bool,
        typer.Option(
            "--faces/--no-faces",
            help="Look for the face in every picture of a set that does not come as ready crops.",
        ),
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write everything found, with all ids, to this .json file.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write a page with the pictures beside one another to this .html file."),
    ] = None,
) -> None:
    """Find copies, leaks between splits, conflicting labels, odd colours, blank and unreadable pictures.

    An exact copy has the very same pixels. A near copy is another print of the same photograph: recompressed,
    recropped by a few pixels, relit, captioned or mirrored. A test picture with a copy among the training
    pictures is a leak: the model has seen it. The same holds for people and sequences where the set names
    them. Near copies take half a minute for 30,000 pictures, and four times as long for twice as many.

    Example: mien data audit fer2013 ~/fer2013 --report audit.html --out audit.json
    """
    from mien.cli.console import progress_bar, say
    from mien.core.errors import MienError
    from mien.data.audit import audit as audit_data
    from mien.data.datasets import load_dataset
    from mien.faces.detector import create_detector
    from mien.report.audit import write_audit
    from mien.report.page import check_writable, write_text

    for path, option, ending in ((out, "--out", ".json"), (report, "--report", ".html")):
        if path is not None and path.suffix.lower() != ending:
            raise MienError(f"{option} {path}: expected a {ending} file")
        if path is not None:
            check_writable(path)
    dataset = load_dataset(name, folder)
    detector = create_detector() if faces and not dataset.info.crops else None
    with progress_bar("comparing pictures") as tick:
        found = audit_data(dataset, near, tick, detector)
    _show_audit(found)
    if faces and detector is None:
        say(f"faces: not looked for, since {name} comes as ready crops")
    if out is not None:
        write_text(out, json.dumps(found.to_dict(), indent=1) + "\n")
        say(f"written: {out}")
    if report is not None:
        write_audit(found, dataset, report)
        say(f"written: {report}")


def _show_faces(faces: FoundFaces) -> None:
    """What looking for faces came to: misses by label, and the first few."""
    from mien.cli.console import say, show_table

    n_missed = len(faces.missed)
    notes = [
        f"{n:,} {what}" for n, what in ((faces.n_given, "given by the set"), (faces.n_known, "known")) if n
    ]
    say(
        f"faces: {faces.n - n_missed:,} of {faces.n:,} pictures have one, by {faces.detector}"
        + (f" ({', '.join(notes)})" if notes else "")
    )
    if n_missed:
        show_table(
            ["label", "pictures", "no face found"],
            [[label, n, missed] for label, (n, missed) in faces.by_label.items() if missed],
        )
        say(f"no face found: {n_missed:,}{_some(faces.missed)}; each counts as an error in a score")
    if faces.n and n_missed == faces.n:
        say("no face at all: if these pictures are face crops already, use --faces ready")
    say(f"faces kept: {faces.table}")


def _show_audit(found: Audit) -> None:
    from mien.cli.console import say

    _show_counts(found.counts, found.published, found.published_classes)
    _show_notes(found.differences, found.unreadable, bool(found.published))
    say(f"pictures: {found.n:,} samples, {found.n_distinct:,} different pictures")
    say(f"blank pictures: {len(found.blank):,}{_some(found.blank)}")
    say(
        f"exact copies: {found.n_extra:,} samples repeat an earlier one, in {len(found.exact):,} groups; "
        f"{len(found.exact_conflicts):,} groups have conflicting labels"
    )
    _show_across("with an exact copy in", found.exact_across)
    if found.near is not None and found.near_across is not None:
        mirrored = sum(pair.mirrored for pair in found.near)
        conflicts = sum(not pair.same_label for pair in found.near)
        say(
            f"near copies: {len(found.near):,} pairs of different pictures show one photograph, "
            f"{mirrored:,} of them mirrored; {conflicts:,} pairs have conflicting labels"
        )
        _show_across("with an exact or near copy in", found.near_across)
    for what, spread in (("people", found.subjects), ("sequences", found.sequences)):
        if spread.n:
            names = tuple(spread.across)
            say(f"{what}: {spread.n:,}, of which {len(names):,} stand in several splits{_some(names)}")
    _show_colours(found)
    if found.without_face is not None:
        say(f"no face found: {len(found.without_face):,}{_some(found.without_face)}")


def _show_colours(found: Audit) -> None:
    from mien.cli.console import say

    colours = found.colours
    for split, n in colours.n.items():
        verdict = ""
        if split in colours.exchanged:
            verdict = ": red and blue seem to be exchanged in this split"
        elif split in colours.mixed:
            verdict = ": more than light explains; some pictures may have red and blue exchanged"
        blue = colours.n_blue[split]
        say(f"skin more blue than red: {blue:,} of {n:,} coloured pictures of {split}{verdict}")


def _show_counts(
    counts: Mapping[str, Mapping[str, int]],
    published: Mapping[str, int],
    classes: Mapping[str, Mapping[str, int]],
) -> None:
    """One row per split and label, then one for the whole split, each beside its published number."""
    from mien.cli.console import show_table

    rows: list[list[object]] = []
    for split, by_label in counts.items():
        rows += [[split, label, n, classes.get(split, {}).get(label, "")] for label, n in by_label.items()]
        rows.append([split, "all", sum(by_label.values()), published.get(split, "")])
    show_table(["split", "label", "samples", "published"], rows)


def _show_across(title: str, table: Mapping[str, Mapping[str, int]]) -> None:
    from mien.cli.console import show_table

    rows = [[split, other, n] for split, row in table.items() for other, n in row.items()]
    show_table(["samples of", title, "number"], rows)


def _show_notes(differences: tuple[str, ...], unreadable: Mapping[str, str], published: bool) -> None:
    from mien.cli.console import say

    for line in differences:
        say(f"differs: {line}")
    if published and not differences:
        say("counts: as published")
    say(f"unreadable pictures: {len(unreadable):,}")
    for error in list(unreadable.values())[:N_LISTED]:
        say(f"  {error}")


def _some(ids: tuple[str, ...]) -> str:
    if not ids:
        return ""
    more = ", ..." if len(ids) > N_LISTED else ""
    return f" ({', '.join(ids[:N_LISTED])}{more})"
