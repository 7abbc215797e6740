"""A video with a map laid on every face, frame by frame, in the time base of its source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import InputError
from mien.core.records import Frame, ImageArray, Plane
from mien.core.specs import InputSpec
from mien.faces.align import place_plane
from mien.faces.detector import Detector
from mien.runtime.annotate import VideoWriter, named_errors
from mien.runtime.face_crops import FaceCrop, faces_of
from mien.runtime.sources import Input, locate_frames
from mien.runtime.video import read_time_base


@dataclass(frozen=True, eq=False)
class FrameMap:
    """The map of one face in one frame.

    Attributes:
        frame: Number of the frame.
        timestamp_s: Its time; NaN where it is not known.
        face: Number of the face in the frame, from the left.
        values: [h, w], covers the face's crop.
    """

    frame: int
    timestamp_s: float
    face: int
    values: Plane


@dataclass(frozen=True, eq=False)
class MapPainter:
    """How maps are made and drawn.

    Attributes:
        maps_of: The faces of a frame -> their maps, each [h, w].
        scale: A map -> the same on the scale 0..1.
        draw: (picture [H, W, 3], values [H, W] with NaN beside faces) -> the marked picture.
    """

    maps_of: Callable[[Sequence[FaceCrop]], Sequence[Plane]]
    scale: Callable[[Plane], Plane]
    draw: Callable[[ImageArray, Plane], ImageArray]


def write_map_video(
    item: Input,
    target: Path,
    spec: InputSpec,
    detector: Detector,
    painter: MapPainter,
    every: int = 1,
    on_frame: Callable[[], object] = lambda: None,
) -> list[FrameMap]:
    """Write an overlaid copy of a video, without sound.

    Args:
        item: The video.
        target: ``.mp4``.
        spec: The model's input.
        detector: Finds the faces.
        painter: Makes and draws the maps.
        every: Each n-th frame.
        on_frame: Called after each frame.

    Returns:
        The maps, in the order of frames; a frame without a face has none.

    Raises:
        InputError: The video cannot be read, or is a picture.
        MienError: The copy cannot be written, or the model has no framing.
    """
    found: list[FrameMap] = []
    writer: VideoWriter | None = None
    try:
        for located in locate_frames(item, every=every):
            if located.video is None:
                raise InputError("it is a picture; a map for each frame is for videos")
            frame = Frame(item.name, located.read().rgb(), located.index, located.timestamp_s)
            faces = faces_of(frame, spec, detector)
            maps = painter.maps_of(faces) if faces else []
            time_s = np.nan if frame.timestamp_s is None else frame.timestamp_s
            found += [FrameMap(frame.index, time_s, f.number, m) for f, m in zip(faces, maps, strict=True)]
            with named_errors(target):
                if writer is None:
                    writer = VideoWriter(item.name, target, read_time_base(item.path), frame.image)
                writer.write(_painted(frame.image, faces, maps, spec, painter), frame)
            on_frame()
    finally:  # of a video that breaks off, the part before is kept
        if writer is not None:
            with named_errors(target):
                writer.close()
    return found


def _painted(
    image: ImageArray,
    faces: Sequence[FaceCrop],
    maps: Sequence[Plane],
    spec: InputSpec,
    painter: MapPainter,
) -> ImageArray:
    """The frame with the maps of its faces; where two crops overlap the larger value counts."""
    values: NDArray[np.float32] = np.full(image.shape[:2], np.nan, np.float32)
    for crop, plane in zip(faces, maps, strict=True):
        if crop.face is not None:
            placed = place_plane(painter.scale(plane), crop.face.points, spec, image.shape[:2])
            values = np.fmax(values, placed)
    return painter.draw(image, values)
