"""The pipeline with YuNet on the two synthetic clips, against their truth."""

import csv
import os
from collections import defaultdict
from pathlib import Path

import pytest

from mien.faces.detector import create_detector
from mien.runtime.analyze import AnalyzeOptions, run_analyze

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif("MIEN_TEST_DATA" not in os.environ, reason="MIEN_TEST_DATA is not set"),
]


def overlap(a, b):
    """Intersection over union of two boxes x, y, width, height."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(0, across) * max(0, down)
    return common / (a[2] * a[3] + b[2] * b[3] - common)


@pytest.mark.parametrize(("clip", "n_faces"), [("clip1_one_face", 1), ("clip2_two_faces", 2)])
def test_each_face_is_found_in_each_frame_under_one_number(clip, n_faces, sink, predictor, monkeypatch):
    data = Path(os.environ["MIEN_TEST_DATA"])
    monkeypatch.setenv("MIEN_MODEL_DIR", str(data / "models"))
    video = data / "data/synthetic_rgbd/video" / f"{clip}.mp4"
    with video.with_suffix(".csv").open(newline="") as file:
        truth = {(int(row["frame"]), row["face"]): row for row in csv.DictReader(file)}
    sink.needs_frames = False
    every = 5
    run_analyze(
        AnalyzeOptions((str(video),), every=every, threads=2),
        predictor=predictor,
        make_detector=lambda: create_detector("yunet"),
        sinks=[sink],
    )
    assert len(sink.results) == n_faces * 250 // every
    known_as = defaultdict(set)
    for result in sink.results:
        assert result.timestamp_s == pytest.approx(result.frame / 25, abs=1e-6)
        boxes = {
            face: tuple(float(v) for v in row["box"].split())
            for (frame, face), row in truth.items()
            if frame == result.frame
        }
        face = max(boxes, key=lambda face: overlap(result.face.box, boxes[face]))
        assert overlap(result.face.box, boxes[face]) > 0.5
        known_as[face].add(result.face_id)
    assert sorted(known_as.values(), key=min) == [{i} for i in range(n_faces)]
