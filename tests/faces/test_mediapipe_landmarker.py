import subprocess
import sys

import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.faces.box import iou
from mien.faces.detector import create_detector


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(MienError, match=r"mien\[mediapipe\]"):
        create_detector("mediapipe")


@pytest.mark.data
@pytest.mark.parametrize(("name", "least_iou"), [("haar", 0.75), ("mediapipe", 0.8)])
def test_agrees_with_yunet(name, least_iou, model_dir, photographs):
    if name == "mediapipe":
        pytest.importorskip("mediapipe")
    detector, yunet = create_detector(name), create_detector("yunet")
    distances = []
    for path in photographs[::10]:
        image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        (face,), (reference,) = detector.detect(image), yunet.detect(image)
        assert iou(face.box, reference.box) > least_iou, path.name
        between_eyes = np.linalg.norm(reference.points[1] - reference.points[0])
        distances.append(np.linalg.norm(face.points - reference.points, axis=1) / between_eyes)
    assert np.mean(distances) < 0.08  # of the distance between the eyes
    assert np.max(np.mean(distances, axis=1)) < 0.15


@pytest.mark.data
def test_mediapipe_and_the_other_detectors_share_one_cv2(model_dir, photographs):
    """Both OpenCV wheels write the same folder; the process ends without a word."""
    pytest.importorskip("mediapipe")
    program = f"""
import cv2
from mien.faces.detector import create_detector
image = cv2.cvtColor(cv2.imread({str(photographs[0])!r}), cv2.COLOR_BGR2RGB)
print([len(create_detector(name).detect(image)) for name in ("mediapipe", "haar", "yunet", "mediapipe")])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[1, 1, 1, 1]"
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr


@pytest.mark.data
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 400, 3), (48, 48), (10, 33_000, 3)])
def test_odd_shapes_have_no_face(shape, model_dir):
    pytest.importorskip("mediapipe")
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert create_detector("mediapipe").detect(noise) == []
