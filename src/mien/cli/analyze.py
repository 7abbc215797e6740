"""``mien analyze``: pictures, folders, globs and videos to one table."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli.analyze_wide import analyze_wide
from mien.cli.console import EXIT_SOME_INPUTS_FAILED, complain, say, show_table
from mien.core.errors import MienError

if TYPE_CHECKING:
    from mien.core.records import FaceResult, Frame
    from mien.runtime.analyze import AnalyzeOptions, Progress
    from mien.runtime.columns import Layout
    from mien.runtime.sink import Sink, Summary

EXIT_INTERRUPTED = 130
_BAR_AFTER_S = 2.0
_MAX_SHOWN_ROWS = 200


def analyze(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Pictures, videos, folders (with all below them) and globs."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The table: .csv, .jsonl or .parquet. Left out: to the terminal."),
    ] = None,
    annotate: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write copies with boxes, labels and bars here.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write one self-contained page of results.")
    ] = None,
    every: Annotated[int, typer.Option(min=1, metavar="N", help="Each N-th frame of a video.")] = 1,
    batch: Annotated[
        int, typer.Option(min=1, metavar="N", help="Faces classified at once. Changes the speed alone.")
    ] = 32,
    min_face: Annotated[
        int | None, typer.Option(min=1, metavar="PX", help="Narrowest face that is looked for.")
    ] = None,
    detector: Annotated[str, typer.Option(help="auto, yunet, haar or mediapipe.")] = "auto",
    model: Annotated[
        str, typer.Option(help="An embedded model (see `mien models`) or an ONNX file of `mien export`.")
    ] = "mien-base",
    columns: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Only these columns, in this order.")
    ] = None,
    table_format: Annotated[
        str, typer.Option("--format", help="Column names: mien, or pyfeat for those of py-feat.")
    ] = "mien",
    smooth: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Smooth a video's probabilities over this time.")
    ] = 0.0,
    detect_every_frame: Annotated[
        bool,
        typer.Option(
            "--detect-every-frame",
            help="Look for faces in every frame of a video, not only where following them needs it.",
        ),
    ] = False,
    compound: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SET",
            help="Compound emotions, mixed from the basic ones: rafdb11, du15, a file of mixtures, or one "
            "like nostalgia=0.5*happiness+0.5*sadness. May be given more than once.",
        ),
    ] = None,
    depth: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Depth pictures (16-bit grey), named as the pictures they lie on."),
    ] = None,
    depth_unit: Annotated[
        float, typer.Option(metavar="MM", help="One step of a depth picture in millimetres.")
    ] = 1.0,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with a stopped run's table, or add inputs to it."),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a table that exists.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress bar and no closing line.")
    ] = False,
    threads: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Worker threads; one per processor by default.")
    ] = None,
    engine: Annotated[
        str, typer.Option(help="local, or ray: many processes or machines, one thread each by default.")
    ] = "local",
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="With ray: workers at a time; all that fit.")
    ] = None,
    shard_size: Annotated[
        int, typer.Option(min=1, metavar="N", help="With ray: pictures a worker takes at once.")
    ] = 256,
    ray_address: Annotated[
        str, typer.Option(help="With ray: a cluster's address; RAY_ADDRESS, else this machine alone.")
    ] = "",
) -> None:
    """Find the faces in pictures and videos, and what they express: one row per face, in one table.

    A frame or picture without a face is a row too (`no_face`), as is an input that cannot be read (`error`):
    the run goes on. Nothing leaves this machine.

    For example:

    * `mien analyze photo.jpg`

    * `mien analyze holiday/ --out faces.csv --report faces.html`

    * `mien analyze interview.mp4 --out interview.parquet --every 5 --smooth 0.5 --annotate marked/`

    * `mien analyze "trial_*/*.mp4" --out trials.csv --resume` goes on where Ctrl-C or a power cut stopped it

    * `mien analyze photos/ --out faces.csv --compound du15 --compound "nostalgia=0.5*happiness+0.5*sadness"`

    * `mien analyze /archive --out all.parquet --engine ray` on a Ray cluster, or on all processors here

    * `mien analyze clip.mp4 --columns frame,timestamp_s,emotion | head`

    Exit code: 0 when every input was read, 3 when some were not, 2 for wrong usage, 130 when stopped.
    """
    from mien.faces.detector import MIN_FACE_PX
    from mien.runtime.analyze import AnalyzeOptions
    from mien.runtime.depth import DepthFolder

    if table_format not in ("mien", "pyfeat"):
        raise MienError(f"unknown table format {table_format!r} (known: mien, pyfeat)")
    options = AnalyzeOptions(
        paths=tuple(paths),
        out=out,
        annotate=annotate,
        every=every,
        batch=batch,
        min_face_px=MIN_FACE_PX if min_face is None else min_face,
        detector=detector,
        model=model,
        columns=None if columns is None else tuple(name.strip() for name in columns.split(",")),
        table_format="pyfeat" if table_format == "pyfeat" else "mien",
        smooth_s=smooth,
        follow=not detect_every_frame,
        compound=tuple(compound or ()),
        depth=None if depth is None else DepthFolder(depth, depth_unit),
        resume=resume,
        overwrite=overwrite,
        threads=threads,
    )
    if engine not in ("local", "ray"):
        raise MienError(f"unknown engine {engine!r} (known: local, ray)")
    try:
        if engine == "ray":
            if report is not None:
                raise MienError("--engine ray writes a table and no --report")
            summary = analyze_wide(options, workers, shard_size, ray_address, quiet)
        else:
            summary = _run(options, report, quiet)
    except BrokenPipeError:  # `| head` has seen enough; Python must not find out again when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None
    if not quiet:
        line = closing_line(summary, [path for path in (out, annotate, report) if path is not None])
        say(line) if out is not None else print(line, file=sys.stderr)
    if summary.interrupted:
        complain("stopped" + (f"; --resume goes on with {out}" if out is not None else ""))
        raise typer.Exit(EXIT_INTERRUPTED)
    if summary.n_errors:
        raise typer.Exit(EXIT_SOME_INPUTS_FAILED)


def closing_line(summary: Summary, written: Sequence[Path]) -> str:
    """Counts, speed, and where the files are."""
    counts = [
        _counted(summary.n_inputs, "input"),
        _counted(summary.n_frames, "frame"),
        _counted(summary.n_faces, "face"),
    ]
    if summary.n_no_face:
        counts.append(f"{summary.n_no_face} without a face")
    if summary.n_errors:
        counts.append(f"{summary.n_errors} with an error")
    if summary.passed_over:
        counts.append(f"{_counted(summary.passed_over, 'file')} passed over")
    if summary.n_resumed:
        counts.append(f"{_counted(summary.n_resumed, 'input')} done before")
    seconds = summary.seconds["total"]
    rate = (
        f"{seconds:.1f} s, {summary.n_frames / seconds:.1f} frames/s"
        if summary.n_frames
        else f"{seconds:.1f} s"
    )
    where = "" if not written else " -> " + ", ".join(str(path) for path in written)
    return f"{', '.join(counts)} ({rate}){where}"


def _run(options: AnalyzeOptions, report: Path | None, quiet: bool) -> Summary:
    from mien.runtime.analyze import detector_maker, load_predictor, reader_and_layout, run_analyze
    from mien.runtime.depth import without_depth_note

    predictor = load_predictor(options)
    if note := without_depth_note(predictor.spec, options.depth):
        complain(note)
    detector, make_detector = detector_maker(options)
    sinks: list[Sink] = []
    if options.out is None:
        layout = reader_and_layout(options, predictor)[1]
        sinks.append(
            TerminalTable(layout, options.columns is not None) if sys.stdout.isatty() else PipedCsv(layout)
        )
    if report is not None:
        from mien.report.analysis import AnalysisReport

        if options.resume:
            complain(f"{report} will tell of this run only, not of the rows that the table holds already")
        sinks.append(AnalysisReport(report, " ".join(options.paths), predictor.spec, detector))
    with _progress_bar(quiet) as progress:
        return run_analyze(
            options, predictor=predictor, make_detector=make_detector, sinks=sinks, progress=progress
        )


class PipedCsv:
    """Rows as csv on stdout."""

    needs_frames = False

    def __init__(self, layout: Layout) -> None:
        from mien.runtime.tables import CsvTable

        self._table = CsvTable(Path("-"), layout)
        self._put(self._table.header())

    def write(self, results: Sequence[FaceResult], frame: Frame | None) -> None:
        """Write one line per result."""
        self._put(self._table.encode([self._table.layout.row(result) for result in results]))

    def close(self, summary: Summary | None = None) -> None:
        """Nothing is held back."""

    def _put(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


class TerminalTable:
    """Rows as a table on the terminal, when the run ends; of many rows the first."""

    needs_frames = False
    _SHORT = (
        "input",
        "timestamp_s",
        "face_id",
        "emotion",
        "confidence",
        "unsure",
        "warning",
        "compound",
        "compound_intensity",
        "error",
    )

    def __init__(self, layout: Layout, all_columns: bool) -> None:
        self._layout = layout
        pairs = list(zip(layout.header, layout.sources, strict=True))
        self._places = [i for i, (_, source) in enumerate(pairs) if all_columns or source in self._SHORT]
        self._rows: list[list[str]] = []
        self._n_rows = 0

    def write(self, results: Sequence[FaceResult], frame: Frame | None) -> None:
        """Keep the first rows, count the rest."""
        self._n_rows += len(results)
        for result in results[: max(0, _MAX_SHOWN_ROWS - len(self._rows))]:
            values = self._layout.row(result)
            self._rows.append([_shown(values[i]) for i in self._places])

    def close(self, summary: Summary | None = None) -> None:
        """Show the table; columns without any value are left out."""
        filled = [place for place in range(len(self._places)) if any(row[place] for row in self._rows)]
        header = [self._layout.header[self._places[place]] for place in filled]
        if self._rows:
            show_table(header, [[row[place] for place in filled] for row in self._rows])
        if self._n_rows > len(self._rows):
            say(f"... and {self._n_rows - len(self._rows)} more rows; --out FILE keeps them all")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


@contextmanager
def _progress_bar(quiet: bool) -> Iterator[Callable[[Progress], object]]:
    """A bar on stderr that appears when a run takes more than two seconds."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )
    task = bar.add_task("")
    begun = time.monotonic()

    def show(done: Progress) -> None:
        seconds = time.monotonic() - begun
        if seconds < _BAR_AFTER_S:
            return
        bar.start()
        text = f"{done.n_frames} frames, {done.n_frames / seconds:.1f}/s, {done.n_faces} faces"
        bar.update(task, description=text, total=done.n_inputs, completed=done.inputs_done)

    try:
        yield show
    finally:
        bar.stop()
