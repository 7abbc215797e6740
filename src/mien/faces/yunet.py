"""YuNet (Wu, Peng and Yu, Machine Intelligence Research, 2023): the standard detector."""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime as ort

from mien.core.records import Face, ImageArray
from mien.faces.box import clip_box
from mien.faces.detector import DetectorOptions, detector_version
from mien.faces.model_store import YUNET, model_path
from mien.faces.picture import Part, RgbPicture
from mien.faces.reduced_copy import copy_size
from mien.faces.yunet_network import YuNetNetwork

# Measured on the 204 photographs of the Face Research Lab London Set, reduced until the face is w pixels
# wide: 27 % are found at w = 10, 69 % at 12, 89 % at 14, 94 % at 16, 100 % at 20 and more.
_RELIABLE_FACE_PX = 16
_SCORE_THRESHOLD = 0.6
_NMS_IOU = 0.3
_MAX_SIDE_PX = 640


class YuNetDetector:
    """Boxes and five points from YuNet, searched on a reduced copy of the picture.

    The points of a face that is below about 100 px on that copy hardly follow a head that leans to a side
    (measured: 3 of 10 degrees at 70 px, 9 of 10 at 140 px). A smaller `min_face_px` reduces the picture less.
    """

    name = "yunet"

    def __init__(self, options: DetectorOptions) -> None:
        self._options = options
        self._max_side_px = options.detect_px or _MAX_SIDE_PX
        threshold = _SCORE_THRESHOLD if options.score_threshold is None else options.score_threshold
        limits = (_RELIABLE_FACE_PX, _SCORE_THRESHOLD, _NMS_IOU, _MAX_SIDE_PX)
        self.version = detector_version(options, YUNET.sha256, limits, cv2.__version__, ort.__version__)
        self._network = YuNetNetwork(model_path(YUNET).read_bytes(), threshold, _NMS_IOU)

    def detect(self, image: ImageArray) -> list[Face]:
        """Find the faces of a picture; see `Detector.detect`."""
        height, width = image.shape[:2]
        everything = (0, 0, width, height)
        copy = RgbPicture(image).rgb_of(everything, self.copy_size(width, height))
        return self.detect_copy(copy, everything, (width, height))

    def copy_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the copy on which a whole picture is searched."""
        return copy_size(
            width,
            height,
            min_face_px=self._options.min_face_px,
            reliable_face_px=_RELIABLE_FACE_PX,
            max_side_px=self._max_side_px,
        )

    def detect_copy(self, copy: ImageArray, part: Part, size: tuple[int, int]) -> list[Face]:
        """Find faces on a copy of a part of a picture; see `PartDetector.detect_copy`."""
        span = np.array([part[2] / copy.shape[1], part[3] / copy.shape[0]])
        corner = np.array(part[:2], dtype=np.float64)
        faces = []
        for row in self._network.detect(copy):
            x, y = (float(v) for v in row[:2] * span + corner)
            width, height = (float(v) for v in row[2:4] * span)
            box = clip_box((x, y, width, height), *size)
            if box is not None and width >= self._options.min_face_px:
                points = (row[4:14].reshape(5, 2) * span + corner).astype(np.float32)
                faces.append(Face(box, float(row[14]), points))
        return sorted(faces, key=lambda face: -face.score)
