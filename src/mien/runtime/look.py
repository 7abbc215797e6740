"""A worker's part of an analysis: from decoded frames to faces and their crops."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mien.core.errors import MienError
from mien.core.records import Face, ImageArray, Plane, RgbdArray
from mien.core.specs import InputSpec
from mien.faces.depth import align_with_depth
from mien.faces.detector import Detector
from mien.faces.follow import follow_faces
from mien.faces.picture import Picture
from mien.faces.quality import face_warnings
from mien.runtime.columns import published
from mien.runtime.sources import Input, LocatedFrame
from mien.runtime.stage_times import StageTimes

logger = logging.getLogger("mien")


@dataclass(frozen=True, eq=False)
class Seen:
    """What a worker made of a frame.

    Attributes:
        image: The picture, RGB, where it is wanted.
        faces: As published.
        crops: Of each face, what the model wants.
        warnings: Of each face, see `mien.faces.quality`.
        error: Why there are none; empty otherwise.
    """

    image: ImageArray | None
    faces: tuple[Face, ...] = ()
    crops: tuple[ImageArray | RgbdArray, ...] = ()
    warnings: tuple[tuple[str, ...], ...] = ()
    error: str = ""


@dataclass(frozen=True, eq=False)
class Looker:
    """Looks at frames, in any thread.

    Attributes:
        spec: What the model wants to see.
        make_detector: Makes one detector for each thread.
        follow: Faces of a video are looked for only where following them needs it.
        keep_frames: Pictures are wanted with what is seen in them.
        read_depth: A picture's path, None for a video -> its depth, for a model that sees depth.
        times: Where the stages' times are added.
    """

    spec: InputSpec
    make_detector: Callable[[], Detector]
    follow: bool
    keep_frames: bool
    read_depth: Callable[[Path | None], Plane | None] | None
    times: StageTimes
    _own: threading.local = field(default_factory=threading.local, init=False, repr=False)

    def look(self, item: Input, frames: Sequence[LocatedFrame]) -> list[Seen]:
        """Find the faces of consecutive frames of one input and cut them out.

        Returns:
            One for each frame; what is wrong with a frame is its error.
        """
        if len(frames) > 1 and not self.follow:
            return [self._look_at_one(item, located) for located in frames]
        seen: dict[int, Seen] = {}
        pictures: dict[int, Picture] = {}
        for i, located in enumerate(frames):
            try:
                with self.times.measure("decode"):
                    pictures[i] = located.read()
            except Exception as error:
                seen[i] = Seen(None, error=one_line(error))
        try:
            with self.times.measure("detect"):
                times_s = [frames[i].timestamp_s for i in pictures]
                faces = follow_faces(list(pictures.values()), times_s, self._detector())
        except Exception as error:
            if len(frames) > 1:  # which of them it was is found one by one
                return [self._look_at_one(item, located) for located in frames]
            return [Seen(None, error=one_line(error))]
        for (i, picture), of_frame in zip(pictures.items(), faces, strict=True):
            try:
                seen[i] = self._cut_out(item, frames[i], picture, of_frame)
            except Exception as error:
                seen[i] = Seen(None, error=one_line(error))
        return [seen[i] for i in range(len(frames))]

    def _look_at_one(self, item: Input, located: LocatedFrame) -> Seen:
        return self.look(item, [located])[0]

    def _cut_out(self, item: Input, located: LocatedFrame, picture: Picture, found: Sequence[Face]) -> Seen:
        """Crops of a frame's faces; the frame is converted no further than that takes."""
        faces = tuple(published(face) for face in found)
        with self.times.measure("decode"):
            depth = None if self.read_depth is None else self.read_depth(None if located.video else item.path)
            image = picture.rgb() if self.keep_frames else None
        with self.times.measure("align"):
            gray = self.spec.channels == "gray"
            pixels = (picture.gray() if gray else picture.rgb()) if faces else None
            crops = tuple(
                align_with_depth(pixels, depth, face.points, self.spec)
                for face in faces
                if pixels is not None
            )
            align, detector = self.spec.align, self._detector().name
            warnings = tuple(
                face_warnings(face, crop, align, picture, detector)
                for face, crop in zip(faces, crops, strict=True)
            )
        return Seen(image, faces, crops, warnings)

    def _detector(self) -> Detector:
        """This thread's detector."""
        if not hasattr(self._own, "detector"):
            self._own.detector = self.make_detector()
        detector: Detector = self._own.detector
        return detector


def one_line(error: BaseException) -> str:
    """An input's error as a row tells it; anything that is not an InputError also says what kind it is."""
    logger.debug("while analysing an input", exc_info=error)
    text = " ".join(str(error).split())
    return text if isinstance(error, MienError) else f"{type(error).__name__}: {text}"
