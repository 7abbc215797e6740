"""Frames to results: decoding, detection with alignment, and inference at the same time, results in order.

Three kinds of threads share the processor, unless one is all that is allowed. One reader decodes videos
and reads files; `n_threads` workers detect and cut the crops out, each with a detector of its own; the
calling thread tracks, classifies in batches across frames and hands the results on. Each library is held to
one thread of its own meanwhile (OpenCV here, the decoder and onnxruntime where they are made): the work is
already spread over frames, and nested pools only push each other off the processor.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.records import Face, FaceResult, Frame, ImageArray, Plane, Predictor, RgbdArray
from mien.core.specs import ModelSpec
from mien.faces.detector import Detector
from mien.faces.opencv_threads import single_threaded_opencv
from mien.runtime.compound import CompoundReader
from mien.runtime.look import Looker, Seen
from mien.runtime.resume import ResumePoint
from mien.runtime.scores import face_row, face_scores
from mien.runtime.smoothing import Smoother
from mien.runtime.sources import Input
from mien.runtime.stage_times import StageTimes
from mien.runtime.track import FaceTracker, number_left_to_right
from mien.runtime.units import MAX_WAITING_FRAMES, Job, Room, Unit, units_of
from mien.runtime.video import VideoInfo

_MAX_KEPT_BYTES = 64 * 2**20
_MAX_DELAY_S = 1.0


@dataclass(frozen=True, eq=False)
class FrameResults:
    """All rows of one frame, picture or broken input.

    Attributes:
        results: By face_id; one row without a face where there is none.
        frame: The picture, where pictures are wanted and there is one.
        video: The video it belongs to; None for pictures and inputs that could not be opened.
        position: Number of the input among the inputs.
    """

    results: tuple[FaceResult, ...]
    frame: Frame | None
    video: VideoInfo | None
    position: int


@dataclass(eq=False)
class _Waiting:
    """A frame whose faces are not classified yet."""

    job: Job
    frame: Frame | None
    video: _VideoState
    faces: list[tuple[int, Face]] = field(default_factory=list)
    crops: list[ImageArray | RgbdArray] = field(default_factory=list)
    warnings: list[tuple[str, ...]] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True, eq=False)
class _VideoState:
    """What is remembered from one frame of an input to the next."""

    position: int
    tracker: FaceTracker
    smoother: Smoother


_Looked = tuple[Unit, Future[list[Seen]] | None]


@dataclass(frozen=True, eq=False)
class Pipeline:
    """Everything that turns inputs into results.

    Attributes:
        predictor: The model.
        make_detector: Makes one detector for each worker.
        every: Each n-th frame of a video.
        batch: Most faces that are classified at once; changes the speed, not the results.
        smooth_s: Time constant of smoothing over time; 0: none.
        follow: Faces of a video are looked for only where following them needs it, not in every frame.
        n_threads: Workers; 1: all in the calling thread.
        keep_frames: Results come with their pictures.
        compounds: How the model tells compound emotions; None: they are not asked for.
        read_depth: A picture's path, None for a video -> its depth, for a model that sees depth.
        times: Where the stages' times are added.
    """

    predictor: Predictor
    make_detector: Callable[[], Detector]
    every: int = 1
    batch: int = 32
    smooth_s: float = 0.0
    follow: bool = True
    n_threads: int = 2
    keep_frames: bool = False
    compounds: CompoundReader | None = None
    read_depth: Callable[[Path | None], Plane | None] | None = None
    times: StageTimes = field(default_factory=StageTimes)

    def run(
        self, inputs: Sequence[Input], start: ResumePoint, stop: threading.Event
    ) -> Iterator[FrameResults]:
        """Analyse inputs.

        Args:
            inputs: In the order of the results.
            start: Where an earlier run stopped.
            stop: Once set, the frames in hand are finished and the run ends.

        Yields:
            Results in the order of inputs and frames. What is wrong with an input is a result of status
            ``error``.
        """
        looker = Looker(
            self.predictor.spec.input,
            self.make_detector,
            self.follow,
            self.keep_frames,
            self.read_depth,
            self.times,
        )
        units = units_of(
            inputs,
            start,
            every=self.every,
            decoder_threads=min(4, max(1, self.n_threads // 2)),
            times=self.times,
        )
        with single_threaded_opencv():
            looks = self._alone if self.n_threads == 1 else self._beside
            yield from self._classified(looks(looker, units, stop), start)

    def _alone(
        self, looker: Looker, units: Iterable[Unit], stop: threading.Event
    ) -> Iterator[tuple[Job, Seen]]:
        """Frames in order, each with what is seen in it, all in the calling thread."""
        for unit in units:
            if stop.is_set():
                return
            yield from unit.jobs(looker.look(unit.item, unit.frames) if unit.frames else ())

    def _beside(
        self, looker: Looker, units: Iterable[Unit], stop: threading.Event
    ) -> Iterator[tuple[Job, Seen]]:
        """The same, read by one thread and seen by others, while the calling thread does the rest."""
        room, halt = Room(), threading.Event()
        looked: queue.SimpleQueue[_Looked | BaseException | None] = queue.SimpleQueue()
        workers = ThreadPoolExecutor(self.n_threads, thread_name_prefix="mien-detect")

        def read() -> None:
            try:
                for unit in units:
                    room.take(unit, halt)
                    if stop.is_set() or halt.is_set():
                        break
                    seen = workers.submit(looker.look, unit.item, unit.frames) if unit.frames else None
                    looked.put((unit, seen))
                looked.put(None)
            except BaseException as error:  # handed to the caller's thread, which raises it
                looked.put(error)

        reader = threading.Thread(target=read, name="mien-read", daemon=True)
        reader.start()
        try:
            yield from _taken(looked, room)
        finally:
            halt.set()
            workers.shutdown(wait=True, cancel_futures=True)
            reader.join(timeout=5)

    def _classified(self, taken: Iterable[tuple[Job, Seen]], start: ResumePoint) -> Iterator[FrameResults]:
        """Number the faces of frames in order, and give them out once their crops are classified."""
        waiting: list[_Waiting] = []
        n_faces = n_bytes = 0
        since = time.monotonic()
        video: _VideoState | None = None
        for job, seen in taken:
            if video is None or video.position != job.position:
                video = self._begin(job, start)
            waiting.append(_numbered(job, seen, video))
            n_faces += len(seen.crops)
            n_bytes += 0 if seen.image is None else seen.image.nbytes
            late = time.monotonic() - since > _MAX_DELAY_S
            if (
                n_faces >= self.batch
                or n_bytes > _MAX_KEPT_BYTES
                or len(waiting) >= MAX_WAITING_FRAMES
                or late
            ):
                yield from self._finish(waiting)
                waiting, n_faces, n_bytes, since = [], 0, 0, time.monotonic()
        yield from self._finish(waiting)

    def _begin(self, job: Job, start: ResumePoint) -> _VideoState:
        """The state of a new input; of a resumed video, what its rows tell."""
        info = job.located.video if job.located else None
        rate = None if info is None or info.rate_fps is None else info.rate_fps / self.every
        video = _VideoState(job.position, FaceTracker(rate), Smoother(self.smooth_s))
        if job.input == start.current:
            for past in start.history:
                video.tracker.update([face.box for face in past.faces])
                for face in past.faces:
                    if (
                        face.face_id is not None
                        and face.timestamp_s is not None
                        and face.probabilities is not None
                    ):
                        video.smoother.remember(face.face_id, face.timestamp_s, face.probabilities)
        return video

    def _finish(self, waiting: Sequence[_Waiting]) -> Iterator[FrameResults]:
        """Classify the faces of some frames, a batch at a time, and make their rows."""
        crops = [crop for item in waiting for crop in item.crops]
        scores: list[NDArray[np.float32]] = []
        with self.times.measure("infer"):
            for begin in range(0, len(crops), self.batch):
                scores.extend(face_scores(crops[begin : begin + self.batch], self.predictor, self.compounds))
        rest = iter(scores)
        compounds = () if self.compounds is None else self.compounds.names
        for item in waiting:
            yield FrameResults(
                tuple(_rows(item, [next(rest) for _ in item.faces], self.predictor.spec, compounds)),
                item.frame,
                item.job.located.video if item.job.located else None,
                item.job.position,
            )


def _numbered(job: Job, seen: Seen, video: _VideoState) -> _Waiting:
    """Give the faces of a frame their numbers and put them in that order."""
    located = job.located
    if located is None or seen.error:
        return _Waiting(job, None, video, error=job.error or seen.error)
    boxes = [face.box for face in seen.faces]
    numbers = number_left_to_right(boxes) if located.video is None else video.tracker.update(boxes)
    order = sorted(range(len(numbers)), key=lambda i: numbers[i])
    frame = None
    if seen.image is not None:
        frame = Frame(job.input, seen.image, located.index, located.timestamp_s)
    return _Waiting(
        job,
        frame,
        video,
        [(numbers[i], seen.faces[i]) for i in order],
        [seen.crops[i] for i in order],
        [seen.warnings[i] for i in order],
    )


def _rows(
    item: _Waiting,
    scores: Sequence[NDArray[np.float32]],
    spec: ModelSpec,
    compounds: tuple[str, ...],
) -> Iterator[FaceResult]:
    """The rows of one frame, scores smoothed where it belongs to a video."""
    located = item.job.located
    frame = None if located is None else located.index
    time_s = None if located is None else located.timestamp_s
    if item.error:
        yield FaceResult(item.job.input, frame, time_s, "error", item.error)
    elif not item.faces:
        yield FaceResult(item.job.input, frame, time_s, "no_face")
    for (number, face), warnings, of_face in zip(item.faces, item.warnings, scores, strict=True):
        yield face_row(
            (item.job.input, frame, time_s),
            number,
            face,
            item.video.smoother.smooth(number, time_s, of_face),
            spec.labels,
            compounds,
            warnings=warnings,
            unsure_below=spec.unsure_below,
        )


def _taken(
    units: queue.SimpleQueue[_Looked | BaseException | None], room: Room
) -> Iterator[tuple[Job, Seen]]:
    """Frames in order, each with what its worker saw."""
    while (got := units.get()) is not None:
        if isinstance(got, BaseException):
            raise got
        unit, future = got
        seen = () if future is None else future.result()
        room.give_back(unit)
        yield from unit.jobs(seen)
