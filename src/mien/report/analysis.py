"""The page of `mien analyze --report`: a sink that watches results go by and writes one page at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.records import Face, FaceResult, Frame
from mien.core.specs import ModelSpec
from mien.report.analysis_page import analysis_html
from mien.report.gallery import FaceCard, Gallery
from mien.report.page import check_writable, write_text
from mien.report.thumbnails import face_thumbnail
from mien.report.video_story import VideoStory

CARD_PX = 112
MOST_PICTURE_FACES = 60
MOST_VIDEOS = 40
MOST_LISTED = 200
CONFIDENT_PER_LABEL = 4
UNSURE = 12
ALIKE_WITHIN_S = 4.0
"""Moments of one face that are closer than about this count as alike in the galleries."""


class RunSummary(Protocol):
    """What the page says about a run beyond its results."""

    @property
    def interrupted(self) -> bool:
        """The run was stopped before its end."""

    @property
    def n_resumed(self) -> int:
        """Inputs that an earlier run had finished; they are in the table, not on this page."""

    @property
    def passed_over(self) -> int:
        """Files in folders that are neither pictures nor videos."""

    @property
    def seconds(self) -> Mapping[str, float]:
        """Wall time ``total`` and the time of each stage."""

    @property
    def detector(self) -> str:
        """Name of the detector that was used."""


class AnalysisReport:
    """Takes results in input order; `close` writes the page. Memory stays flat however much is analysed."""

    needs_frames = True

    def __init__(self, path: Path, title: str, model: ModelSpec, detector: str, note: str = "") -> None:
        """Prepare the page.

        Args:
            path: The html file; its folder is made.
            title: Heading.
            model: The model that judged the faces.
            detector: Name of the detector, unless the run's summary names another.
            note: What a reader must know about the pictures, below the heading.

        Raises:
            MienError: The file cannot be written; better now than after hours of work.
        """
        if path.is_dir():
            raise MienError(f"--report {path} is a folder: name a file, such as {path / 'report.html'}")
        check_writable(path)
        self.path = path
        self.title = title
        self.model = model
        self.detector = detector
        self.note = note
        self.n_inputs = self.n_pictures = self.n_videos = 0
        self.n_frames = self.n_no_face = self.n_errors = self.n_unsure = self.n_warned = 0
        self.counts = np.zeros(len(model.labels), dtype=np.int64)
        self.videos: list[VideoStory] = []
        self.picture_faces: list[FaceCard] = []
        self.n_picture_faces = 0
        self.failures: list[tuple[str, str]] = []
        self.without_face: list[str] = []
        self.confident = {label: Gallery(CONFIDENT_PER_LABEL) for label in model.labels}
        self.unsure = Gallery(UNSURE)
        self._input: str | None = None
        self._video: VideoStory | None = None

    def write(self, results: Sequence[FaceResult], frame: Frame | None) -> None:
        """Take in one frame, picture or unreadable input (then without a frame)."""
        if not results:
            return
        if results[0].input != self._input:
            self._start_input(results[0].input, frame)
        for result in (r for r in results if r.status == "error"):
            self.n_errors += 1
            if len(self.failures) < MOST_LISTED:
                self.failures.append((result.input, result.error))
        if frame is None:
            return
        self._count_frame(results, frame)
        for result in results:
            if result.face is not None and result.probabilities is not None:
                self._take_face(result, result.face, result.probabilities, frame)

    def close(self, summary: RunSummary | None = None) -> None:
        """Write the page, of whatever was seen so far.

        Raises:
            MienError: The file cannot be written.
        """
        if self._video is not None:
            self._video.finish()
        write_text(self.path, analysis_html(self, summary))

    def _start_input(self, name: str, frame: Frame | None) -> None:
        self._input = name
        self.n_inputs += 1
        if self._video is not None:
            self._video.finish()
        self._video = None
        if frame is None:
            return
        if frame.timestamp_s is None:
            self.n_pictures += 1
            return
        self.n_videos += 1
        self._video = VideoStory(name, len(self.model.labels))
        if len(self.videos) < MOST_VIDEOS:
            self.videos.append(self._video)

    def _count_frame(self, results: Sequence[FaceResult], frame: Frame) -> None:
        self.n_frames += 1
        nobody = all(r.status == "no_face" for r in results)
        self.n_no_face += nobody
        if self._video is not None:
            self._video.write(results, frame)
        elif nobody and len(self.without_face) < MOST_LISTED:
            self.without_face.append(frame.input)

    def _take_face(
        self, result: FaceResult, face: Face, probabilities: NDArray[np.float32], frame: Frame
    ) -> None:
        top = int(np.argmax(probabilities))
        confidence, emotion = float(probabilities[top]), result.labels[top]
        self.counts[self.model.labels.index(emotion)] += 1
        self.n_unsure += bool(result.unsure)
        self.n_warned += bool(result.warnings)

        def card() -> FaceCard:
            shares = sorted(
                zip(result.labels, probabilities.tolist(), strict=True), key=lambda pair: -pair[1]
            )
            picture = face_thumbnail(frame.image, face.box, CARD_PX)
            return FaceCard(picture, result.input, result.timestamp_s, tuple(shares), result.warnings)

        key = (result.input, result.face_id, int((result.timestamp_s or 0.0) / ALIKE_WITHIN_S))
        if not result.unsure:
            self.confident[emotion].offer(confidence, key, card)
        if result.unsure or self.model.unsure_below is None:
            self.unsure.offer(-confidence, key, card)
        if self._video is None:
            self.n_picture_faces += 1
            if len(self.picture_faces) < MOST_PICTURE_FACES:
                self.picture_faces.append(card())
