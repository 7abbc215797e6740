"""`mien analyze` as functions: pictures, folders and videos to a table; one picture to its results."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mien.core.errors import MienError
from mien.core.records import Predictor
from mien.faces.detector import MIN_FACE_PX, Detector, create_detector
from mien.faces.model_store import sha256_of
from mien.runtime.annotate import Annotator
from mien.runtime.columns import Layout, TableFormat, table_layout
from mien.runtime.compound import CompoundReader, compound_reader, read_mixtures
from mien.runtime.depth import DepthFolder, depth_reader
from mien.runtime.engine_onnx import OnnxPredictor
from mien.runtime.model_files import find_model
from mien.runtime.pipeline import FrameResults, Pipeline
from mien.runtime.resume import ResumePoint, find_resume_point
from mien.runtime.run_record import RunRecord, read_record, write_record
from mien.runtime.sink import Sink, Summary, needs_frames
from mien.runtime.sources import Input, Inputs, expand_paths
from mien.runtime.stopping import stop_on_signals
from mien.runtime.tables import Table, make_table

DEFAULT_MODEL = "mien-base"


@dataclass(frozen=True)
class AnalyzeOptions:
    """What `run_analyze` is told.

    Attributes:
        paths: Pictures, videos, folders and globs.
        out: The table; None: only the sinks handed in.
        annotate: Folder of marked copies; None: none.
        every: Each n-th frame of a video.
        batch: Most faces classified at once; changes the speed, not the results.
        min_face_px: Narrowest face of interest, in pixels.
        detector: ``auto`` or a detector's name.
        model: An embedded model's name or an ONNX file.
        columns: The table's columns; None: all.
        table_format: ``mien`` or ``pyfeat`` column names.
        smooth_s: Time constant of smoothing a video's probabilities; 0: none.
        follow: Faces of a video are looked for only where following them needs it, not in every frame.
        compound: Compound emotions to tell: sets by name, files of mixtures, typed mixtures.
        depth: Where the depth of pictures lies, for a model that sees depth.
        resume: Go on with an existing table.
        overwrite: Replace an existing table.
        threads: Worker threads; None: one per processor.

    Raises:
        MienError: A value is out of range, or two exclude each other.
    """

    paths: tuple[str, ...]
    out: Path | None = None
    annotate: Path | None = None
    every: int = 1
    batch: int = 32
    min_face_px: int = MIN_FACE_PX
    detector: str = "auto"
    model: str = DEFAULT_MODEL
    columns: tuple[str, ...] | None = None
    table_format: TableFormat = "mien"
    smooth_s: float = 0.0
    follow: bool = True
    compound: tuple[str, ...] = ()
    depth: DepthFolder | None = None
    resume: bool = False
    overwrite: bool = False
    threads: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("--every", self.every), ("--batch", self.batch), ("--threads", self.n_threads)):
            if value < 1:
                raise MienError(f"{name} must be at least 1, got {value}")
        if not self.smooth_s >= 0:
            raise MienError(f"--smooth is a time in seconds, 0 or more, got {self.smooth_s}")
        if self.resume and self.overwrite:
            raise MienError("--resume goes on with a table and --overwrite replaces it; choose one")
        if self.resume and self.out is None:
            raise MienError("--resume needs --out, the table to go on with")
        if self.resume and self.columns is not None and not {"input"} & set(self.columns):
            raise MienError("--resume needs the column input in the table")

    @property
    def n_threads(self) -> int:
        """Worker threads: as told, else one for each processor that this process may use."""
        if self.threads is not None:
            return self.threads
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        n_inputs: All inputs.
        inputs_done: Inputs done, and the done share of the present video.
        n_frames: Frames analysed.
        n_faces: Faces found.
    """

    n_inputs: int
    inputs_done: float
    n_frames: int
    n_faces: int


def load_predictor(options: AnalyzeOptions) -> OnnxPredictor:
    """The model that the options name.

    Its threads are few: workers keep the processors busy meanwhile.

    Raises:
        MienError: Unknown or damaged.
    """
    return OnnxPredictor(find_model(options.model), threads=max(1, options.n_threads // 4))


def reader_and_layout(options: AnalyzeOptions, predictor: Predictor) -> tuple[CompoundReader | None, Layout]:
    """How compounds are told, None where the options name none, and the table's columns.

    Raises:
        MienError: A set, file or mixture is not valid or does not fit the model, or a column is unknown.
    """
    mixtures = read_mixtures(options.compound)
    reader = None if mixtures is None else compound_reader(mixtures, predictor)
    compounds = () if reader is None else reader.names
    return reader, table_layout(predictor.spec.labels, options.table_format, options.columns, compounds)


def detector_maker(options: AnalyzeOptions) -> tuple[str, Callable[[], Detector]]:
    """The detector that the options come to, by name, and what makes one for each thread.

    ``auto`` is decided, and a fallback told, once.

    Raises:
        MienError: Unknown, or its file or library is missing.
    """
    first = create_detector(options.detector, min_face_px=options.min_face_px)
    return first.name, _reusing(first, partial(create_detector, first.name, min_face_px=options.min_face_px))


def run_analyze(
    options: AnalyzeOptions,
    *,
    predictor: Predictor | None = None,
    make_detector: Callable[[], Detector] | None = None,
    sinks: Sequence[Sink] = (),
    progress: Callable[[Progress], object] = lambda _: None,
    stop: threading.Event | None = None,
) -> Summary:
    """Analyse everything the options name.

    Ctrl-C and SIGTERM stop it after the frames in hand; what is done is kept.

    Args:
        options: What to analyse and where to.
        predictor: The model; None loads the one that the options name.
        make_detector: Makes a detector; called once per worker thread. None: by the options.
        sinks: Further takers of results; closed here.
        progress: Called after each frame.
        stop: Once set, the run stops as on Ctrl-C.

    Returns:
        Counts and times.

    Raises:
        MienError: Nothing can be analysed (options, model, detector), or results cannot be written.
    """
    predictor = predictor or load_predictor(options)
    make_detector = make_detector or detector_maker(options)[1]
    first_detector = make_detector()
    inputs = expand_paths(options.paths, leave_out=options.annotate)
    compounds, layout = reader_and_layout(options, predictor)
    made_by = what_matters(options, predictor, first_detector.name, layout)
    scores = (*predictor.spec.labels, *(() if compounds is None else compounds.names))
    table, point = _open_table(options, layout, made_by, scores)
    outputs: list[Sink] = [*([] if table is None else [table]), *sinks]
    stop = stop or threading.Event()
    started = time.perf_counter()
    try:
        if options.annotate is not None:
            outputs.append(Annotator(options.annotate, {item.name: item.path for item in inputs.items}))
        detectors, wants_frames = _reusing(first_detector, make_detector), any(map(needs_frames, outputs))
        pipeline = _make_pipeline(options, predictor, detectors, compounds, wants_frames)
        with stop_on_signals(stop):
            counts = _drive(pipeline, _still_to_do(inputs, point), point, outputs, progress, stop)
            counts = replace(
                _with_resumed(counts, point, inputs),
                interrupted=stop.is_set(),
                seconds={**pipeline.times.seconds, "total": time.perf_counter() - started},
                detector=first_detector.name,
            )
            _close_all(outputs, counts)
    except BaseException:
        with suppress(MienError, OSError):  # the first error is the one to tell
            _close_all(outputs, None)
        raise
    if options.out is not None and not stop.is_set():
        write_record(options.out, RunRecord(made_by, finished=True))
    return counts


def _make_pipeline(
    options: AnalyzeOptions,
    predictor: Predictor,
    make_detector: Callable[[], Detector],
    compounds: CompoundReader | None,
    keep_frames: bool,
) -> Pipeline:
    """The pipeline that the options describe."""
    return Pipeline(
        predictor,
        make_detector,
        every=options.every,
        batch=options.batch,
        smooth_s=options.smooth_s,
        follow=options.follow,
        n_threads=options.n_threads,
        keep_frames=keep_frames,
        compounds=compounds,
        read_depth=depth_reader(predictor.spec, options.depth),
    )


def _with_resumed(counts: Summary, point: ResumePoint, inputs: Inputs) -> Summary:
    """The counts with those of the run that this one goes on with, and of the files that were passed over."""
    return replace(
        counts,
        n_errors=counts.n_errors + point.n_errors,
        n_resumed=len(point.done & {item.name for item in inputs.items}),
        passed_over=inputs.passed_over,
    )


def _drive(
    pipeline: Pipeline,
    inputs: Sequence[Input],
    point: ResumePoint,
    outputs: Sequence[Sink],
    progress: Callable[[Progress], object],
    stop: threading.Event,
) -> Summary:
    """Pass results on, and count them."""
    n_frames = n_faces = n_no_face = n_errors = n_inputs = 0
    for done in pipeline.run(inputs, point, stop):
        with pipeline.times.measure("write"):
            for sink in outputs:
                sink.write(done.results, done.frame if needs_frames(sink) else None)
        n_inputs = done.position + 1
        statuses = [result.status for result in done.results]
        n_faces += statuses.count("ok")
        n_no_face += statuses.count("no_face")
        n_errors += statuses.count("error")
        n_frames += "error" not in statuses
        progress(Progress(len(inputs), done.position + _share_done(done), n_frames, n_faces))
    return Summary(n_inputs, n_frames, n_faces, n_no_face, n_errors)


def _share_done(done: FrameResults) -> float:
    """How much of its input a frame ends: all for a picture."""
    time_s = done.results[0].timestamp_s
    if done.video is None or not done.video.duration_s or time_s is None:
        return 0.0 if done.video else 1.0
    return min(1.0, time_s / done.video.duration_s)


def _open_table(
    options: AnalyzeOptions, layout: Layout, made_by: Mapping[str, Any], scores: Sequence[str]
) -> tuple[Table | None, ResumePoint]:
    """The table, open for rows, and where it goes on."""
    if options.out is None:
        return None, ResumePoint()
    table = make_table(options.out, layout)
    point = ResumePoint()
    if table.exists() and not options.overwrite:
        if not options.resume:
            raise MienError(f"{options.out} exists; --resume goes on with it, --overwrite replaces it")
        record = read_record(options.out)
        record.check_same(made_by)
        point = find_resume_point(
            table,
            finished=record.finished,
            smoothed_labels=scores if options.smooth_s else (),
            restart_video=options.annotate is not None,
        )
    write_record(options.out, RunRecord(made_by))
    table.open(point.keep_bytes)
    return table, point


def what_matters(
    options: AnalyzeOptions, predictor: Predictor, detector: str, layout: Layout
) -> dict[str, Any]:
    """Every option that changes rows, as plain JSON.

    Args:
        options: What was asked for.
        predictor: The model.
        detector: Name of the detector that it came to.
        layout: The table's columns.
    """
    weights = find_model(options.model) if isinstance(predictor, OnnxPredictor) else None
    mixtures = read_mixtures(options.compound)
    return {
        "model": json.loads(predictor.spec.to_json()),
        "model_sha256": None if weights is None else sha256_of(weights),
        "detector": detector,
        "min_face_px": options.min_face_px,
        "every": options.every,
        "smooth_s": options.smooth_s,
        "follow": options.follow,
        "format": options.table_format,
        "columns": list(layout.header),
        "depth": options.depth and [str(options.depth.folder), options.depth.unit_mm],
        "compound": mixtures and {mixture.name: dict(mixture.weights) for mixture in mixtures.mixtures},
    }


def _still_to_do(inputs: Inputs, point: ResumePoint) -> list[Input]:
    """The inputs that are not in the table yet; the one to go on with comes first, as its rows are last."""
    todo = [item for item in inputs.items if item.name not in point.done]
    return sorted(todo, key=lambda item: item.name != point.current)


def _reusing(first: Detector, make: Callable[[], Detector]) -> Callable[[], Detector]:
    """Gives the detector that is there already to whoever asks first."""
    ready = [first]

    def get() -> Detector:
        try:
            return ready.pop()
        except IndexError:
            return make()

    return get


def _close_all(outputs: Sequence[Sink], summary: Summary | None) -> None:
    """Close each output whatever happens to the others; the first error is raised at the end."""
    with ExitStack() as stack:
        for sink in reversed(outputs):
            stack.callback(sink.close, summary)
