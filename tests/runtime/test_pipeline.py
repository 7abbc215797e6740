import threading
import time

import cv2
import numpy as np
import pytest

from mien.core.errors import MienError
from mien.core.records import Face
from mien.runtime import pipeline as module
from mien.runtime import units
from mien.runtime.pipeline import Pipeline
from mien.runtime.resume import ResumePoint
from mien.runtime.sources import expand_paths


def rows(sink):
    return [
        (r.input, r.frame, r.timestamp_s, r.face_id, r.status, r.face.box, r.probabilities.tobytes())
        for r in sink.results
    ]


@pytest.mark.parametrize(
    "options", [{"batch": 1}, {"batch": 7}, {"batch": 32}, {"threads": 1}, {"threads": 5}]
)
def test_results_do_not_depend_on_batch_or_threads(
    tmp_path, analyze, sink, save_picture, save_video, moving_faces, options
):
    save_video(tmp_path / "in/b.mp4", moving_faces)
    save_picture(tmp_path / "in/a.png")
    save_picture(tmp_path / "in/c.png")
    analyze(tmp_path / "in", sinks=[sink], smooth_s=0.2)
    other = type(sink)()
    analyze(tmp_path / "in", sinks=[other], smooth_s=0.2, **options)
    assert rows(sink) == rows(other)
    assert len(sink.results) == 1 + (37 + 19) + 1


def test_rows_come_in_the_order_of_inputs_although_workers_finish_out_of_order(
    tmp_path, predictor, save_picture, picture
):
    for i in range(12):
        save_picture(tmp_path / f"{i:02}.png", picture([(10 * i, 40)]))

    class Uneven:
        name = "uneven"

        def detect(self, image):
            time.sleep(0.03 if image[50, 12, 0] > 200 else 0.001)
            return []

    run = Pipeline(predictor, Uneven, n_threads=4)
    done = list(run.run(expand_paths([str(tmp_path)]).items, ResumePoint(), threading.Event()))
    assert [item.results[0].input for item in done] == [str(tmp_path / f"{i:02}.png") for i in range(12)]
    assert [item.position for item in done] == list(range(12))


def test_faces_are_batched_across_frames(tmp_path, analyze, predictor, save_video, moving_faces):
    save_video(tmp_path / "a.mp4", moving_faces)
    analyze(tmp_path / "a.mp4", batch=16)
    assert max(predictor.batches) == 16
    assert sum(predictor.batches) == 37 + 19


def test_inference_is_in_the_calling_thread_and_detection_is_not(tmp_path, analyze, predictor, save_picture):
    save_picture(tmp_path / "a.png")
    analyze(tmp_path / "a.png")
    assert predictor.threads == {threading.current_thread().name}


def test_what_waits_is_bounded(tmp_path, predictor, save_video, picture, monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING_FRAMES", 16)
    monkeypatch.setattr(units, "MAX_WAITING_FRAMES", 16)
    n_seen = 0

    class Counting:
        name = "counting"

        def detect(self, image):
            nonlocal n_seen
            n_seen += 1
            return []

    save_video(tmp_path / "a.mp4", [picture([])] * 60)
    run = Pipeline(predictor, Counting, n_threads=2, follow=False)
    results = run.run(expand_paths([str(tmp_path / "a.mp4")]).items, ResumePoint(), threading.Event())
    next(results)
    time.sleep(0.3)
    assert n_seen <= 40  # 16 given out with the first, 16 waiting, and the eight in hand
    assert len(list(results)) == 59


def test_one_frame_larger_than_the_bound_passes(tmp_path, analyze, sink, save_picture, monkeypatch):
    monkeypatch.setattr(units, "_MAX_WAITING_BYTES", 10)
    for i in range(3):
        save_picture(tmp_path / f"{i}.png")
    assert analyze(tmp_path, sinks=[sink]).n_faces == 3


def test_a_detector_that_fails_on_one_frame_costs_that_frame(
    tmp_path, predictor, sink, save_video, moving_faces
):
    class Fragile:
        name = "fragile"
        seen = 0

        def detect(self, image):
            type(self).seen += 1
            if type(self).seen == 5:
                raise cv2.error("something\nwith two lines")
            return [
                Face(
                    (1, 2, 30, 30), 0.5, np.array([[5, 5], [25, 5], [15, 15], [8, 25], [22, 25]], np.float32)
                )
            ]

    save_video(tmp_path / "a.mp4", moving_faces[:9])
    run = Pipeline(predictor, Fragile, n_threads=1, follow=False)
    done = list(run.run(expand_paths([str(tmp_path / "a.mp4")]).items, ResumePoint(), threading.Event()))
    results = [item.results[0] for item in done]
    assert [r.status for r in results] == ["ok"] * 4 + ["error"] + ["ok"] * 4
    assert results[4].error == "error: something with two lines"
    assert results[4].frame == 4
    assert {r.face_id for r in results if r.face_id is not None} == {0}


def test_a_failing_model_ends_the_run(tmp_path, analyze, predictor, sink, save_picture, monkeypatch):
    def fail(batch):
        raise MienError("the model is broken")

    monkeypatch.setattr(predictor, "logits", fail)
    save_picture(tmp_path / "a.png")
    with pytest.raises(MienError, match="the model is broken"):
        analyze(tmp_path / "a.png", sinks=[sink])
    assert sink.summaries == [None]


def test_stopping_gives_out_what_is_in_hand_and_ends(tmp_path, predictor, save_video, picture, detector):
    save_video(tmp_path / "a.mp4", [picture([(10, 10)])] * 200)
    stop = threading.Event()
    run = Pipeline(predictor, lambda: detector, n_threads=1, batch=1)
    frames = []
    for item in run.run(expand_paths([str(tmp_path / "a.mp4")]).items, ResumePoint(), stop):
        frames.append(item.results[0].frame)
        stop.set()
    assert frames == list(range(len(frames)))
    assert 1 <= len(frames) < 150
    assert not [t for t in threading.enumerate() if t.name.startswith("mien-")]


def test_opencv_threads_are_put_back(tmp_path, analyze, save_picture):
    before = cv2.getNumThreads()
    save_picture(tmp_path / "a.png")
    analyze(tmp_path / "a.png")
    assert cv2.getNumThreads() == before


def test_following_looks_less_often_and_finds_the_same(tmp_path, predictor, detector, save_video, picture):
    looks = []

    def run(follow):
        class Counting(type(detector)):
            def detect(self, image):
                looks.append(follow)
                return super().detect(image)

        run = Pipeline(predictor, Counting, follow=follow)
        done = run.run(expand_paths([str(tmp_path / "a.mp4")]).items, ResumePoint(), threading.Event())
        return [(row.frame, row.face_id, row.face.box) for item in done for row in item.results]

    save_video(tmp_path / "a.mp4", [picture([(20 + i // 2, 30)]) for i in range(40)])
    every, followed = run(False), run(True)
    assert [row[:2] for row in followed] == [row[:2] for row in every]
    assert max(abs(a[2][0] - b[2][0]) for a, b in zip(every, followed, strict=True)) <= 1.5
    assert looks.count(False) == 40
    assert looks.count(True) == 15  # of each eight frames the first, the fifth and the last


def test_dark_faces_are_told_and_make_the_answer_unsure(
    tmp_path, analyze, sink, save_picture, picture, monkeypatch
):
    monkeypatch.setattr("mien.faces.quality.DARK_BELOW", 100.0)
    analyze(save_picture(tmp_path / "a.png", picture([(40, 40)])), sinks=[sink])
    (row,) = sink.results
    assert "dark" in row.warnings
    assert row.unsure is True
