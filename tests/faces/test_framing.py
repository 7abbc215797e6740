import csv
import io
import zipfile

import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.records import Face
from mien.faces.detector import create_detector
from mien.faces.framing import FER2013_ALIGN, measure_framing

POINTS = np.array(FER2013_ALIGN.points)


class MarkDetector:
    """Finds a white pixel block: the face's points lie around it as in FER2013."""

    name = "mark"

    def __init__(self, bias=(0.0, 0.0)):
        self.bias = np.array(bias)

    def detect(self, image):
        rows, cols = np.nonzero(image > 200)
        if not len(rows):
            return []
        side = image.shape[0] / 1.5  # the crop, without its border
        centre = np.array([cols.mean(), rows.mean()]) + 0.5
        points = (POINTS - [0.5, 0.5] + self.bias) * side + centre
        return [Face((0.0, 0.0, 1.0, 1.0), 1.0, points.astype(np.float32))]


def crop_with_mark(dx=0, dy=0):
    crop = np.zeros((48, 48), np.uint8)
    crop[20 + dy : 28 + dy, 20 + dx : 28 + dx] = 255
    return crop


def test_points_are_fractions_of_the_crop_without_border():
    framing = measure_framing([crop_with_mark()] * 3, MarkDetector())
    np.testing.assert_allclose(framing.points, POINTS, atol=1e-3)
    np.testing.assert_allclose(framing.spread, 0, atol=0.01)
    assert framing.align_spec() == FER2013_ALIGN


def test_the_median_ignores_an_outlier_and_empty_crops_are_counted():
    crops = [crop_with_mark()] * 4 + [crop_with_mark(15, 15)] + [np.zeros((48, 48), np.uint8)]
    framing = measure_framing(crops, MarkDetector())
    np.testing.assert_allclose(framing.points, POINTS, atol=1e-3)
    assert (framing.n_crops, framing.n_found) == (6, 5)


def test_spread_is_the_interquartile_range():
    crops = [crop_with_mark(dx) for dx in (-12, -6, 0, 6, 12)]
    framing = measure_framing(crops, MarkDetector(), sides_px=(96,))
    np.testing.assert_allclose(framing.spread[:, 0], 12 / 48, atol=2e-3)
    np.testing.assert_allclose(framing.spread[:, 1], 0, atol=2e-3)


def test_a_sideways_bias_of_the_detector_cancels_out():
    framing = measure_framing([crop_with_mark()], MarkDetector(bias=(0.04, 0.02)))
    np.testing.assert_allclose(framing.points, POINTS + np.array([0, 0.02]), atol=1e-3)


def test_crops_without_any_face_are_an_error():
    with pytest.raises(MienError, match="any of 2 crops"):
        measure_framing([np.zeros((48, 48), np.uint8)] * 2, MarkDetector())


@pytest.mark.data
@pytest.mark.slow
def test_fer2013_is_framed_as_committed(data_dir, model_dir):
    """Other faces than those that the constant was measured on."""
    with zipfile.ZipFile(data_dir / "data" / "fer2013" / "fer2013_train_public.zip") as archive:
        table = csv.DictReader(io.TextIOWrapper(archive.open("labels.csv"), "utf-8"))
        rows = [row["row"] for row in table if row["Usage"] == "Training"]
        unseen = [row for place, row in enumerate(rows) if place % 5][::15]
        packed = (np.frombuffer(archive.read(f"images/{row}.webp"), np.uint8) for row in unseen)
        crops = [cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) for data in packed]
    assert len(crops) >= 1500
    assert crops[0].shape == (48, 48)
    framing = measure_framing(crops, create_detector("yunet"))
    assert framing.n_found > 0.95 * framing.n_crops
    np.testing.assert_allclose(framing.points, POINTS, atol=0.01)
