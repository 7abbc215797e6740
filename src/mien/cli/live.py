"""``mien live``: a camera, a stream or a recording, face by face as it happens."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli.console import complain, say

if TYPE_CHECKING:
    from rich.live import Live

    from mien.runtime.live.meter import Meter
    from mien.runtime.live.options import LiveOptions, LiveSummary
    from mien.runtime.live.session import LiveResult

EXIT_BROKE_OFF = 3
_BAR_CELLS = 24


def live(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A camera's number, a video file, an rtsp:// or http:// address, realsense (or "
            "realsense:SERIAL), or a folder with color/ and depth/ pictures of equal names.",
        ),
    ] = "0",
    model: Annotated[
        str, typer.Option(help="An embedded model (see `mien models`) or an ONNX file of `mien export`.")
    ] = "mien-base",
    compound: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SET",
            help="Compound emotions, mixed from the basic ones: rafdb11, du15, a file of mixtures, or one "
            "like nostalgia=0.5*happiness+0.5*sadness. May be given more than once.",
        ),
    ] = None,
    smooth: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="Smooth over this time; what is shown is as much late (63 % of a change shows after it). "
            "0: none.",
        ),
    ] = 0.3,
    detector: Annotated[str, typer.Option(help="auto, yunet, haar or mediapipe.")] = "auto",
    min_face: Annotated[
        int | None, typer.Option(min=1, metavar="PX", help="Narrowest face that is looked for.")
    ] = None,
    mirror: Annotated[
        bool,
        typer.Option("--mirror", help="Show the picture as a mirror does; tables and videos are not."),
    ] = False,
    record: Annotated[
        Path | None, typer.Option(metavar="TABLE", help="Write the table: .csv, .jsonl or .parquet.")
    ] = None,
    record_video: Annotated[
        Path | None, typer.Option(metavar="FILE.mp4", help="Write the marked video.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    headless: Annotated[
        bool, typer.Option("--headless", help="No window: the table alone, or lines on the terminal.")
    ] = False,
    no_pacing: Annotated[
        bool,
        typer.Option("--no-pacing", help="Each frame of a recording, as fast as it goes; none is dropped."),
    ] = False,
    seconds: Annotated[float | None, typer.Option(metavar="N", help="End after N seconds.")] = None,
    patience: Annotated[
        float,
        typer.Option(min=0, metavar="SECONDS", help="How long a lost camera or stream is tried again."),
    ] = 15.0,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Ask the camera for this size, such as 1280x720.")
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(metavar="N", help="Ask the camera for this rate; the rate of pictures without times."),
    ] = None,
    depth_unit: Annotated[
        float | None,
        typer.Option(
            metavar="MM", help="One step of recorded depth in millimetres. [default: as recorded, or 1]"
        ),
    ] = None,
) -> None:
    """See faces and what they express as it happens: boxes, bars, a timeline of the last 20 seconds.

    Each face keeps its number and colour. When the machine is too slow, frames are dropped (and counted),
    never delayed. Nothing leaves this machine, and nothing is stored unless you say --record or
    --record-video, or press s.

    For example:

    * `mien live` looks through the first camera

    * `mien live 1 --mirror --compound du15`

    * `mien live rtsp://192.168.1.7/stream --record visit.csv --record-video visit.mp4`

    * `mien live realsense --model my_rgbd.onnx`

    * `mien live take3 --model my_rgbd.onnx`, a folder with `color/0001.png`, `depth/0001.png` and so on

    * `mien live clip.mp4 --headless --no-pacing --record clip.csv`

    Keys: q or Escape ends, Space pauses, Tab or a click chooses a face, m mirrors, s saves the window as a
    picture, r stops and goes on recording, h shows the keys.

    Exit code: 0 when you ended it or the recording is over, 3 when the source broke off or the disk is full
    (what was recorded is whole), 2 for wrong usage.
    """
    from mien.faces.detector import MIN_FACE_PX
    from mien.runtime.live.options import LiveOptions, parse_size

    options = LiveOptions(
        source=source,
        model=model,
        detector=detector,
        min_face_px=MIN_FACE_PX if min_face is None else min_face,
        smooth_s=smooth,
        compound=tuple(compound or ()),
        record=record,
        record_video=record_video,
        overwrite=overwrite,
        mirrored=mirror,
        paced=not no_pacing,
        seconds=seconds,
        patience_s=patience,
        size=None if size is None else parse_size(size),
        fps=fps,
        depth_unit_mm=depth_unit,
    )
    try:
        summary = _run(options, headless)
    except BrokenPipeError:  # `| head` has seen enough; Python must not find out again when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None
    if headless and record is None:
        print(closing_line(summary), file=sys.stderr)  # stdout is for the lines
    else:
        say(closing_line(summary))
    if summary.ending in ("lost", "unwritable"):
        complain(summary.reason)
        raise typer.Exit(EXIT_BROKE_OFF)


def closing_line(summary: LiveSummary) -> str:
    """What was done, how fast, why it ended, and where the files are."""
    parts = [f"{summary.n_frames} frames", f"{summary.n_with_face} with a face"]
    if summary.n_dropped:
        parts.append(f"{summary.n_dropped} dropped")
    if summary.n_errors:
        parts.append(f"{summary.n_errors} broken")
    middle, most, _ = summary.latency_ms
    speed = f"{summary.rate_fps:.1f} frames/s, latency {middle:.0f} ms, 95 % within {most:.0f} ms"
    why = {
        "stopped": "stopped",
        "time": "the time is over",
        "end": "to the end",
        "lost": "the source broke off",
        "unwritable": "recording failed",
    }[summary.ending]
    where = "" if not summary.written else " -> " + ", ".join(str(path) for path in summary.written)
    return f"{summary.source}: {', '.join(parts)} ({speed}); {why}{where}"


def _run(options: LiveOptions, headless: bool) -> LiveSummary:
    from mien.runtime.live.run import run_live

    if not headless:
        return run_live(options)
    if sys.stdout.isatty():
        with _screen() as screen:
            return run_live(options, in_window=False, on_result=screen, say=complain)
    if options.record is not None:
        return run_live(options, in_window=False, say=complain)
    return run_live(options, in_window=False, on_result=print_line, say=complain)


def print_line(seen: LiveResult, meter: Meter) -> None:
    """A frame with a face as one line: its time, then each face's number, emotion and probability."""
    if not seen.faces:
        return
    cells = [f"{seen.rows[0].timestamp_s:.3f}"]
    for row in seen.faces:
        cells.append(f"{row.face_id} {row.emotion} {row.confidence:.3f}")
        if row.compound is not None:
            cells[-1] += f" {row.compound} {row.compound_intensity:.3f}"
    print("\t".join(cells), flush=True)


class _Screen:
    """The faces of the newest frame as a table that is drawn over, a few times a second."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def __call__(self, seen: LiveResult, meter: Meter) -> None:
        """Show a frame's faces."""
        from rich.table import Table

        speed = f"{meter.rate_fps:.1f} frames/s, {meter.latency_ms:.0f} ms    Ctrl-C ends"
        table = Table("face", "emotion", "", "share", "compound", caption=speed, caption_justify="left")
        for row in seen.faces:
            share = row.confidence or 0.0
            compound = "" if row.compound is None else f"{row.compound} {row.compound_intensity:.2f}"
            bar = "█" * round(share * _BAR_CELLS)
            table.add_row(str(row.face_id), row.emotion, f"{bar:{_BAR_CELLS}}", f"{share:.0%}", compound)
        self._live.update(table)


@contextmanager
def _screen() -> Iterator[_Screen]:
    from rich.live import Live

    with Live(refresh_per_second=8, transient=True) as live:
        yield _Screen(live)
