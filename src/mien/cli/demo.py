"""``mien demo``: the main job on the bundled pictures and clip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.core.records import FaceResult, Frame
    from mien.runtime.sink import Summary

NOTE = (
    "The astronaut is a photograph by NASA. The other faces are synthetic: altered photographs of real "
    "people, who never made these expressions."
)


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the table, the marked copies and the report.")] = Path(
        "mien-demo"
    ),
) -> None:
    """Analyse the bundled pictures and clip with the embedded model; write table, marked copies and report.

    One face is a photograph, the others are synthetic; the report says so. Nothing leaves this machine.
    """
    from mien.cli.analyze import closing_line
    from mien.cli.console import say
    from mien.report.analysis import AnalysisReport
    from mien.runtime.analyze import AnalyzeOptions, detector_maker, load_predictor, run_analyze

    table, marked, page = out / "faces.csv", out / "marked", out / "report.html"
    options = AnalyzeOptions(paths=(str(bundled_pictures()),), out=table, annotate=marked, overwrite=True)
    out.mkdir(parents=True, exist_ok=True)
    predictor = load_predictor(options)
    detector, make_detector = detector_maker(options)
    shown = _Shown()
    report = AnalysisReport(page, "mien demo", predictor.spec, detector, note=NOTE)
    summary = run_analyze(options, predictor=predictor, make_detector=make_detector, sinks=[shown, report])
    say(closing_line(summary, []))
    say(NOTE)
    say(f"model {predictor.spec.name}, detector {summary.detector}")
    for what, path in (("table", table), ("marked copies", marked), ("report (open it in a browser)", page)):
        say(f"{what}: {path}")


def bundled_pictures() -> Path:
    """The bundled pictures, from here."""
    from mien import api

    folder = api.examples_folder()
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


class _Shown:
    """Keeps a row for each face of a picture, one a second for each face of a clip; shows them at the end."""

    needs_frames = False

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str, str, str]] = []
        self._last: dict[tuple[str, int | None], float] = {}

    def write(self, results: Sequence[FaceResult], frame: Frame | None) -> None:
        """Keep what is to be shown."""
        for result in results:
            time_s, key = result.timestamp_s, (result.input, result.face_id)
            if time_s is not None and time_s < self._last.get(key, -1.0) + 1.0:
                continue
            self._last[key] = time_s or 0.0
            self._rows.append(
                (
                    Path(result.input).name,
                    "" if time_s is None else f"{time_s:.1f} s",
                    "" if result.face_id is None else str(result.face_id),
                    result.emotion or result.status,
                    "" if result.confidence is None else f"{result.confidence:.0%}",
                )
            )

    def close(self, summary: Summary | None = None) -> None:
        """Show the rows."""
        from mien.cli.console import show_table

        show_table(("input", "time", "face", "emotion", "confidence"), self._rows)
