import logging

import pytest

from mien.core.errors import MienError
from mien.faces.detector import DETECTORS, create_detector
from mien.faces.model_store import YUNET, ModelUnavailableError


def test_the_detectors():
    assert list(DETECTORS) == ["yunet", "haar", "mediapipe"]


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(MienError, match=r"unknown detector 'yunett'.*auto, yunet, haar, mediapipe"):
        create_detector("yunett")


@pytest.mark.parametrize(
    ("option", "value"),
    [("min_face_px", 0), ("score_threshold", 1.5), ("score_threshold", -0.1), ("detect_px", 8)],
)
def test_values_out_of_range_are_refused(option, value):
    with pytest.raises(MienError, match=str(value)):
        create_detector("haar", **{option: value})


def test_auto_falls_back_to_haar_and_says_so_in_one_line(no_models, caplog):
    with caplog.at_level(logging.WARNING):
        assert create_detector().name == "haar"
    (record,) = caplog.records
    assert record.name == "mien"
    assert "YuNet" in record.getMessage()
    assert "\n" not in record.getMessage()


def test_yunet_by_name_does_not_fall_back(no_models):
    with pytest.raises(ModelUnavailableError, match=r"face_detection_yunet_2023mar\.onnx"):
        create_detector("yunet")


def test_a_damaged_file_is_an_error_also_with_auto(no_models):
    (no_models / YUNET.name).write_bytes(b"not the file")
    with pytest.raises(MienError, match="wrong checksum"):
        create_detector()


@pytest.mark.data
def test_auto_takes_yunet_where_its_file_is(model_dir):
    assert create_detector().name == "yunet"
