"""MediaPipe's face landmarker (its Tasks API), an extra: five of its 478 mesh points."""

from __future__ import annotations

import contextlib
import weakref

import numpy as np

from mien.core.errors import MienError
from mien.core.records import Face, ImageArray
from mien.faces.align import as_channels
from mien.faces.box import clip_box
from mien.faces.detector import DetectorOptions, detector_version
from mien.faces.model_store import FACE_LANDMARKER, model_path
from mien.faces.reduced_copy import reduced_copy

_MAX_FACES = 20
_MAX_SIDE_PX = 1920  # it looks at far less itself, and ends the whole process on a side above 32,766
_DETECTION_CONFIDENCE = 0.5
# Mesh points whose mean is each of the five: right iris, left iris, nose tip (between two rows of the mesh),
# right and left mouth corner.
_MESH_POINTS = ((468,), (473,), (1, 4), (61,), (291,))
# The mesh ends at the middle of the forehead, YuNet's box above it: by 0.153 of the mesh's height (median
# over every fourth photograph of the Face Research Lab London Set); the other three sides agree within 0.01.
_FOREHEAD = 0.153


class MediaPipeDetector:
    """Boxes and five points from MediaPipe's face mesh.

    It gives no score for a face; those that pass its own threshold have score 1. It is made for faces that
    fill a good part of the picture.
    """

    name = "mediapipe"

    def __init__(self, options: DetectorOptions) -> None:
        # Left to itself, the landmarker closes too late when the process ends, and prints a traceback. What
        # is registered first runs last: before the import, so as to close after MediaPipe's own handler.
        open_until_end = contextlib.ExitStack()
        weakref.finalize(self, open_until_end.close)
        try:
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision
        except ImportError as error:
            raise MienError(
                "the detector mediapipe needs an extra library: pip install 'mien[mediapipe]'"
            ) from error
        threshold = options.score_threshold
        self._options = options
        self._max_side_px = options.detect_px or _MAX_SIDE_PX
        self._mediapipe = mediapipe
        limits = (_MAX_FACES, _MAX_SIDE_PX, _DETECTION_CONFIDENCE, _MESH_POINTS, _FOREHEAD)
        self.version = detector_version(options, FACE_LANDMARKER.sha256, limits, mediapipe.__version__)
        self._landmarker = vision.FaceLandmarker.create_from_options(
            vision.FaceLandmarkerOptions(
                base_options=BaseOptions(model_asset_buffer=model_path(FACE_LANDMARKER).read_bytes()),
                num_faces=_MAX_FACES,
                min_face_detection_confidence=_DETECTION_CONFIDENCE if threshold is None else threshold,
            )
        )
        open_until_end.enter_context(self._landmarker)

    def detect(self, image: ImageArray) -> list[Face]:
        """Find the faces of a picture, largest first; see `Detector.detect`."""
        min_face_px = self._options.min_face_px
        copy, _ = reduced_copy(
            image, min_face_px=min_face_px, reliable_face_px=min_face_px, max_side_px=self._max_side_px
        )
        rgb = np.ascontiguousarray(as_channels(copy, gray=False))
        height, width = image.shape[:2]
        picture = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=rgb)
        faces = []
        for landmarks in self._landmarker.detect(picture).face_landmarks:
            mesh = np.array([(point.x, point.y) for point in landmarks]) * [width, height]  # [478, 2]
            left, top = (float(v) for v in mesh.min(axis=0))
            wide, high = (float(v) for v in np.ptp(mesh, axis=0))
            raised = _FOREHEAD * high
            box = clip_box((left, top - raised, wide, high + raised), width, height)
            if box is not None and wide >= min_face_px:
                points = np.stack([mesh[list(indices)].mean(axis=0) for indices in _MESH_POINTS])
                faces.append(Face(box, 1.0, points.astype(np.float32)))
        return sorted(faces, key=lambda face: -face.box[2] * face.box[3])
