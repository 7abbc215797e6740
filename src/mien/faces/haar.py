"""Haar cascades (Viola and Jones, CVPR 2001), inside OpenCV 4: for machines that cannot have YuNet's file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.records import Face, ImageArray
from mien.faces.align import as_channels, similarity
from mien.faces.box import Box, clip_box
from mien.faces.detector import DetectorOptions, detector_version
from mien.faces.reduced_copy import reduced_copy

_RELIABLE_FACE_PX = 24  # the cascade was trained on 20 px
_MAX_SIDE_PX = 640
_SCALE_STEP = 1.2
_MIN_NEIGHBOURS = 4
# A cascade gives no probability, only how many overlapping windows agree on a face: n score n / (n + 8).
# Faces of the Face Research Lab London Set have 7 and more, half of them 16 and more.
_HALF_SCORE_WINDOWS = 8

# The means of YuNet's five points, and the median of its box, in the cascade's square (its side is 1), over
# the 204 photographs of the London set, made mirror-symmetric. The points scatter by 0.02.
_MEAN_POINTS = np.array([[0.294, 0.382], [0.706, 0.382], [0.5, 0.621], [0.323, 0.81], [0.677, 0.81]])
_BOX_IN_SQUARE = (0.065, -0.066, 0.869, 1.187)

# Eyes are looked for in these parts of the square, enlarged or reduced to one size.
_EYE_ROWS = (0.18, 0.60)
_EYE_COLUMNS = ((0.08, 0.50), (0.50, 0.92))
_EYE_SEARCH_PX = 160
_MIN_EYE = 0.15
# Two findings that are eyes stand about as far apart as in the mean face, and nearly level.
_EYE_DISTANCE = (0.30, 0.55)
_MAX_TILT = 0.36  # tangent of 20 degrees; the cascade finds no face that is tilted more


class HaarDetector:
    """Boxes from the frontal-face cascade; the points follow the eyes where the eye cascade finds both."""

    name = "haar"

    def __init__(self, options: DetectorOptions) -> None:
        self._options = options
        self._max_side_px = options.detect_px or _MAX_SIDE_PX
        limits = (_RELIABLE_FACE_PX, _MAX_SIDE_PX, _SCALE_STEP, _MIN_NEIGHBOURS, _EYE_DISTANCE, _MAX_TILT)
        self.version = detector_version(options, limits, cv2.__version__)
        self._faces = _cascade("haarcascade_frontalface_alt2.xml")
        self._eyes = _cascade("haarcascade_eye.xml")

    def detect(self, image: ImageArray) -> list[Face]:
        """Find the faces of a picture; see `Detector.detect`."""
        copy, span = reduced_copy(
            image,
            min_face_px=self._options.min_face_px,
            reliable_face_px=_RELIABLE_FACE_PX,
            max_side_px=self._max_side_px,
        )
        gray = as_channels(copy, gray=True)
        # the reported box is narrower than the cascade's square
        smallest = round(self._options.min_face_px / _BOX_IN_SQUARE[2] / float(span[0]))
        squares, windows = self._faces.detectMultiScale2(
            gray, scaleFactor=_SCALE_STEP, minNeighbors=_MIN_NEIGHBOURS, minSize=(smallest, smallest)
        )
        faces = []
        for (x, y, side, _), count in zip(squares, windows, strict=True):
            score = float(count) / (float(count) + _HALF_SCORE_WINDOWS)
            points = self._points(gray[y : y + side, x : x + side]) * side + [x, y]
            box = clip_box(_box(x, y, side, span), image.shape[1], image.shape[0])
            if box is not None and score >= (self._options.score_threshold or 0.0):
                faces.append(Face(box, score, (points * span).astype(np.float32)))
        return sorted(faces, key=lambda face: -face.score)

    def _points(self, square: ImageArray) -> NDArray[np.float64]:
        """Five points [5, 2] in fractions of a face's square."""
        size = (_EYE_SEARCH_PX, _EYE_SEARCH_PX)
        square = np.asarray(cv2.resize(square, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        right, left = (self._eye(square, columns) for columns in _EYE_COLUMNS)
        if right is None or left is None:
            return _MEAN_POINTS
        across, down = left - right
        if not _EYE_DISTANCE[0] <= across <= _EYE_DISTANCE[1] or abs(down) > _MAX_TILT * across:
            return _MEAN_POINTS
        matrix = similarity(_MEAN_POINTS[:2], np.stack([right, left]))
        return np.asarray(_MEAN_POINTS @ matrix[:, :2].T + matrix[:, 2])

    def _eye(self, square: ImageArray, columns: tuple[float, float]) -> NDArray[np.float64] | None:
        """Centre (x, y) of the most certain eye in one part of a face's square, in fractions of its side."""
        top, bottom = (int(row * _EYE_SEARCH_PX) for row in _EYE_ROWS)
        start, end = (int(column * _EYE_SEARCH_PX) for column in columns)
        smallest = int(_MIN_EYE * _EYE_SEARCH_PX)
        boxes, windows = self._eyes.detectMultiScale2(
            square[top:bottom, start:end], scaleFactor=1.1, minNeighbors=3, minSize=(smallest, smallest)
        )
        if not len(boxes):
            return None
        x, y, width, height = boxes[int(np.argmax(windows))]
        return np.array([start + x + width / 2, top + y + height / 2]) / _EYE_SEARCH_PX


def _box(x: int, y: int, side: int, span: NDArray[np.float64]) -> Box:
    """YuNet's box for a cascade's square, in pixels of the picture."""
    left, top, width, height = _BOX_IN_SQUARE
    across, down = float(span[0]), float(span[1])
    return (
        (x + left * side) * across,
        (y + top * side) * down,
        width * side * across,
        height * side * down,
    )


def _cascade(name: str) -> cv2.CascadeClassifier:
    """A cascade out of OpenCV's own files.

    Raises:
        MienError: This OpenCV has none (from version 5 on).
    """
    path = Path(cv2.__file__).parent / "data" / name
    if not path.is_file():
        raise MienError(
            f"OpenCV {cv2.__version__} has no Haar cascades; mien needs opencv-python-headless below 5"
        )
    return cv2.CascadeClassifier(str(path))
