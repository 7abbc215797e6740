"""What the page tells of one video: its faces over time, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mien.core.records import FaceResult, Frame
from mien.report.thumbnails import face_thumbnail
from mien.report.timeline import Strip, Timeline

MOST_TRACKS = 16
"""Faces followed at a time."""
SHOWN_TRACKS = 6
"""Faces that are drawn: those in most frames."""
STRIP_PX = 64
FORGET_AFTER_S = 5.0
"""A face that has been away for so long makes room for a new one, if room is needed."""


@dataclass
class Track:
    """One face of a video.

    Attributes:
        face_id: As in the table.
        timeline: Its probabilities over time.
        strip: Its pictures over time.
        sums: Sum of its probabilities, [K].
        n: Frames it is in.
        last_s: When it was last seen.
    """

    face_id: int
    timeline: Timeline
    sums: NDArray[np.float64]
    strip: Strip = field(default_factory=Strip)
    n: int = 0
    last_s: float = 0.0


class VideoStory:
    """Takes a video's frames in order."""

    def __init__(self, name: str, n_labels: int) -> None:
        self.name = name
        self.n_frames = 0
        self.n_no_face = 0
        self.n_faces = 0
        self.end_s = 0.0
        self.tracks: dict[int, Track] = {}
        self._n_labels = n_labels

    def write(self, results: Sequence[FaceResult], frame: Frame) -> None:
        """Take in one frame."""
        time_s = frame.timestamp_s or 0.0
        self.n_frames += 1
        self.end_s = max(self.end_s, time_s)
        faces = [r for r in results if r.face is not None]
        self.n_no_face += not faces
        for result in faces:
            self._follow(result, frame, time_s)

    def finish(self) -> None:
        """Keep only what is shown."""
        longest = sorted(self.tracks.values(), key=lambda track: -track.n)[:SHOWN_TRACKS]
        self.tracks = {track.face_id: track for track in sorted(longest, key=lambda track: track.face_id)}

    def _follow(self, result: FaceResult, frame: Frame, time_s: float) -> None:
        face_id, face, probabilities = result.face_id or 0, result.face, result.probabilities
        self.n_faces = max(self.n_faces, face_id + 1)
        track = self.tracks.get(face_id)
        if track is None and self._has_room(time_s):
            track = self.tracks[face_id] = Track(face_id, Timeline(self._n_labels), np.zeros(self._n_labels))
        if track is None or face is None or probabilities is None:
            return
        track.n += 1
        track.last_s = time_s
        track.sums += probabilities
        track.timeline.add(time_s, probabilities)
        if track.strip.wants(time_s):
            track.strip.add(time_s, face_thumbnail(frame.image, face.box, STRIP_PX))

    def _has_room(self, time_s: float) -> bool:
        """Whether one more face can be followed; the rarest of those that are gone may have to give way."""
        if len(self.tracks) < MOST_TRACKS:
            return True
        gone = [track for track in self.tracks.values() if track.last_s < time_s - FORGET_AFTER_S]
        if gone:
            del self.tracks[min(gone, key=lambda track: track.n).face_id]
        return bool(gone)
