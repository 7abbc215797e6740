"""YuNet's network through ONNX Runtime, decoded as `cv2.FaceDetectorYN` does.

OpenCV's own engine takes 4.3 ms for a picture of 320 x 192 on one core, ONNX Runtime 1.6 ms for the same
result; a test holds both together. Detection would else take the largest part of a video's analysis.
"""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from mien.core.errors import MienError
from mien.core.records import ImageArray

STRIDES = (8, 16, 32)
_ALIGN_PX = 32  # sides that the network takes are multiples of its largest stride
_SIDE_640 = b"\x0a\x03\x08\x80\x05"  # protobuf: Dimension { dim_value: 640 }
_SIDES_FREE = b"\x0a\x03\x12\x01h" + b"\x0a\x03\x12\x01w"  # Dimension { dim_param: "h" }, { dim_param: "w" }


def with_free_sides(weights: bytes) -> bytes:
    """The published file with its input's fixed 640 x 640 made free; the network itself has no fixed size.

    The file is known by its checksum, so the two dimensions are replaced where they stand, byte for byte.

    Raises:
        MienError: The input is not 640 x 640, so this is another file.
    """
    if weights.count(_SIDE_640 * 2) != 1:
        raise MienError("this is not the YuNet file of 2023mar: its input is not 640 x 640")
    return weights.replace(_SIDE_640 * 2, _SIDES_FREE)


def padded_planes(rgb: ImageArray) -> NDArray[np.float32]:
    """[H, W, 3] -> [1, 3, h, w], blue first, the sides padded by zeros to multiples of the largest stride."""
    height, width = rgb.shape[:2]
    x = np.zeros((1, 3, -(-height // _ALIGN_PX) * _ALIGN_PX, -(-width // _ALIGN_PX) * _ALIGN_PX), np.float32)
    for channel, plane in enumerate(reversed(cv2.split(rgb))):  # half the time of one transposed assignment
        x[0, channel, :height, :width] = plane
    return x


class YuNetNetwork:
    """Runs the network on pictures of any size.

    Args:
        weights: Bytes of the published ONNX file.
        score_threshold: Least score, 0..1.
        nms_iou: Boxes that overlap a better one by more are dropped.
    """

    def __init__(self, weights: bytes, score_threshold: float, nms_iou: float) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1  # pictures run side by side instead
        options.log_severity_level = 3  # it warns of every output whose declared shape was for 640 x 640
        self._session = ort.InferenceSession(
            with_free_sides(weights), options, providers=["CPUExecutionProvider"]
        )
        self._names = [output.name for output in self._session.get_outputs()]
        self._threshold = score_threshold
        self._nms_iou = nms_iou

    def detect(self, rgb: ImageArray) -> NDArray[np.float64]:
        """Find faces.

        Args:
            rgb: [H, W, 3], 0..255.

        Returns:
            [n, 15]: x, y, width, height, five points (x, y), score, in pixels; best score first.
        """
        x = padded_planes(rgb)
        outputs = dict(zip(self._names, self._session.run(None, {"input": x}), strict=True))
        rows = self._candidates(outputs, x.shape[3])
        if not len(rows):
            return rows
        kept = cv2.dnn.NMSBoxes(rows[:, :4].tolist(), rows[:, 14].tolist(), self._threshold, self._nms_iou)
        return rows[np.asarray(kept, dtype=np.int64).reshape(-1)]

    def _candidates(self, outputs: dict[str, NDArray[np.float32]], width: int) -> NDArray[np.float64]:
        """Boxes and points of all scales, [n, 15]."""
        return np.concatenate([self._of_stride(outputs, stride, width // stride) for stride in STRIDES])

    def _of_stride(
        self, outputs: dict[str, NDArray[np.float32]], stride: int, columns: int
    ) -> NDArray[np.float64]:
        """Boxes and points of one scale: offsets from the cell's corner in strides, sizes as logarithms."""
        classes, objects = outputs[f"cls_{stride}"][0, :, 0], outputs[f"obj_{stride}"][0, :, 0]
        # both lie in 0..1 but for rounding; few cells pass the first, so the rest works on those alone
        cells = np.flatnonzero(classes >= self._threshold**2)
        scores = np.sqrt(np.clip(classes[cells], 0, 1) * np.clip(objects[cells], 0, 1))
        passed = scores >= self._threshold
        cells, scores = cells[passed], scores[passed]
        if not len(cells):
            return np.empty((0, 15))
        corner = np.stack([cells % columns, cells // columns], axis=1)
        box = outputs[f"bbox_{stride}"][0, cells].astype(np.float64)
        points = outputs[f"kps_{stride}"][0, cells].reshape(-1, 5, 2)
        size = np.exp(box[:, 2:]) * stride
        upper_left = (corner + box[:, :2]) * stride - size / 2
        places = (points + corner[:, None]) * stride
        return np.concatenate([upper_left, size, places.reshape(-1, 10), scores[:, None]], axis=1)
