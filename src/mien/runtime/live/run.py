"""`mien live` as a function: opens everything, runs with or without a window, closes everything."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mien.core.errors import InputError, MienError
from mien.core.records import Predictor
from mien.core.specs import ModelSpec
from mien.faces.detector import Detector, create_detector
from mien.faces.opencv_threads import single_threaded_opencv
from mien.runtime.columns import table_layout
from mien.runtime.compound import CompoundReader, compound_reader, read_mixtures
from mien.runtime.engine_onnx import OnnxPredictor
from mien.runtime.live.grabber import Slot
from mien.runtime.live.meter import Meter
from mien.runtime.live.options import LiveOptions, LiveSummary
from mien.runtime.live.reconnect import Reconnecting
from mien.runtime.live.recorder import Recorder, RecordingError
from mien.runtime.live.session import LiveResult, LiveSession
from mien.runtime.live.source import LiveSource, open_source
from mien.runtime.live.window_library import need_window_library
from mien.runtime.model_files import find_model
from mien.runtime.stopping import stop_on_signals
from mien.runtime.stream import FaceStream

if TYPE_CHECKING:
    from mien.runtime.live.window import LiveWindow

_JOIN_S = 5.0


@dataclass(frozen=True, eq=False)
class Judge:
    """Model, detector and compounds of a live run."""

    predictor: Predictor
    detector: Detector
    compounds: CompoundReader | None = None

    @property
    def spec(self) -> ModelSpec:
        """The model's spec."""
        return self.predictor.spec


def load_judge(options: LiveOptions) -> Judge:
    """What the options name.

    Raises:
        MienError: Unknown or damaged model, no such detector here, or a mixture that is not valid.
    """
    n_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # grabbing and drawing keep a processor busy meanwhile
    predictor = OnnxPredictor(find_model(options.model), threads=max(1, n_threads // 2))
    mixtures = read_mixtures(options.compound)
    compounds = None if mixtures is None else compound_reader(mixtures, predictor)
    return Judge(predictor, create_detector(options.detector, min_face_px=options.min_face_px), compounds)


def live_session(
    options: LiveOptions,
    judge: Judge,
    *,
    halt: threading.Event | None = None,
    say: Callable[[str], object] = lambda _: None,
) -> LiveSession:
    """Open the source and read its first frame.

    Args:
        options: What is looked at, and how.
        judge: Who judges the faces.
        halt: Ends the session when set.
        say: Told what is wrong with the source, and "" when all is well again.

    Raises:
        MienError: There is no such source, or it does not fit the model or the options.
    """
    halt, spec = halt or threading.Event(), judge.spec
    sees_depth = spec.input.channels == "rgbd"

    def open_again() -> LiveSource:
        return open_source(options.source, options.source_options(sees_depth))

    source = open_again()
    try:
        if sees_depth and not spec.depth_optional and not source.has_depth:
            raise MienError(
                f"{spec.name} sees colour and depth and was not trained to do without, and {source.name} has "
                "no depth: take a RealSense camera or a recorded RGB-D folder, or a model of colour alone"
            )
        if not options.paced and not source.can_wait:
            raise MienError(f"--no-pacing is for recordings; {source.name} gives its frames when they happen")
        stream = FaceStream(
            judge.predictor,
            judge.detector,
            name=source.name,
            rate_fps=source.rate_fps,
            smooth_s=options.smooth_s,
            compounds=judge.compounds,
        )
        lasting = Reconnecting(source, open_again, options.patience_s, wait=halt.wait, say=say)
        return LiveSession(lasting, stream, paced=options.paced, seconds=options.seconds, halt=halt)
    except BaseException:
        source.close()
        raise


def run_live(
    options: LiveOptions,
    *,
    judge: Judge | None = None,
    in_window: bool = True,
    on_result: Callable[[LiveResult, Meter], object] = lambda seen, meter: None,
    say: Callable[[str], object] = lambda _: None,
) -> LiveSummary:
    """Run until the source ends or the user has had enough.

    Args:
        options: What to do.
        judge: Model and detector; None loads those that the options name.
        in_window: Show a window; must be the main thread.
        on_result: Without a window: called after each frame.
        say: Without a window: told when something is wrong with the source.

    Returns:
        What was done; files are closed and whole.

    Raises:
        MienError: Nothing can be begun: no such source, model, detector, library, display or file.
    """
    if in_window:
        need_window_library()
    judge = judge or load_judge(options)
    halt = threading.Event()
    with single_threaded_opencv(), stop_on_signals(halt):
        return _Run(options, judge, halt, say).go(in_window, on_result)


class _Run:
    """One run, from the open source to the summary."""

    def __init__(
        self, options: LiveOptions, judge: Judge, halt: threading.Event, say: Callable[[str], object]
    ) -> None:
        self._options, self._judge, self._halt, self._say = options, judge, halt, say
        self._status = ""
        self._meter = Meter()
        self._n_frames = self._n_with_face = self._n_errors = 0
        self._error: BaseException | None = None
        self._session = live_session(options, judge, halt=halt, say=self._take_status)

    def go(self, in_window: bool, on_result: Callable[[LiveResult, Meter], object]) -> LiveSummary:
        """Record and show all results."""
        written: tuple[Path, ...] = ()
        with ExitStack() as stack:
            stack.callback(self._session.close)
            window = self._open_window(stack) if in_window else None  # no display: nothing is written yet
            recorder = self._open_recorder()
            try:
                if window is None:
                    self._headless(recorder, on_result)
                else:
                    self._in_window(recorder, window)
            except (InputError, RecordingError) as error:
                self._error = error
            finally:
                self._session.close()
                try:
                    written = recorder.close()
                except RecordingError as error:
                    self._error = self._error or error
        return self._summary(written)

    def _open_window(self, stack: ExitStack) -> LiveWindow:
        from mien.runtime.live.window import LiveWindow

        window = LiveWindow(f"mien live - {self._session.source.name}")
        stack.callback(window.close)
        return window

    def _open_recorder(self) -> Recorder:
        told = self._options
        compounds = () if self._judge.compounds is None else self._judge.compounds.names
        layout = table_layout(self._judge.spec.labels, compounds=compounds)
        return Recorder(layout, told.record, told.record_video, overwrite=told.overwrite)

    def _headless(self, recorder: Recorder, on_result: Callable[[LiveResult, Meter], object]) -> None:
        for seen in self._results(recorder):
            on_result(seen, self._meter)
            self._meter.add(seen.grabbed_at_s, self._session.clock())

    def _in_window(self, recorder: Recorder, window: LiveWindow) -> None:
        """The window in this thread, the analysis in another; the newest result is shown."""
        from mien.runtime.live.view import LiveView

        newest: Slot[LiveResult] = Slot()

        def analyse() -> None:
            try:
                for _ in self._results(recorder, newest.put):
                    pass
            except BaseException as error:  # raised in the window's thread
                self._error = error
            finally:
                newest.close()

        worker = threading.Thread(target=analyse, name="mien-analyse", daemon=True)
        view = LiveView(
            self._session,
            recorder,
            self._meter,
            self._judge.spec,
            smooth_s=self._options.smooth_s,
            mirrored=self._options.mirrored,
            status=lambda: self._status,
        )
        worker.start()
        try:
            window.run(newest, view, self._meter, self._halt.is_set)
        finally:
            self._halt.set()
            worker.join(_JOIN_S)
        if self._error is not None:
            raise self._error

    def _results(
        self, recorder: Recorder, first_to: Callable[[LiveResult], object] = lambda _: None
    ) -> Iterator[LiveResult]:
        """Count and record all results; `first_to` has each before it is recorded."""
        with closing(self._session.results()) as results:
            for seen in results:
                self._n_frames += seen.frame is not None
                self._n_with_face += bool(seen.faces)
                self._n_errors += seen.frame is None
                first_to(seen)
                recorder.write(seen)
                yield seen

    def _take_status(self, text: str) -> None:
        if text and not self._status:
            self._say(text)
        self._status = text

    def _summary(self, written: tuple[Path, ...]) -> LiveSummary:
        meter, is_unwritable = self._meter, isinstance(self._error, RecordingError)
        return LiveSummary(
            self._session.source.name,
            n_frames=self._n_frames,
            n_shown=meter.n_frames,
            n_with_face=self._n_with_face,
            n_dropped=self._session.n_dropped,
            n_errors=self._n_errors,
            rate_fps=meter.overall_fps,
            latency_ms=(meter.percentile_ms(50), meter.percentile_ms(95), meter.percentile_ms(99)),
            ending="unwritable" if is_unwritable else self._session.ending or "stopped",
            reason="" if self._error is None else str(self._error),
            written=written,
        )
