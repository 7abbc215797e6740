import numpy as np
import pytest

from mien.report.timeline import Strip, Timeline


def test_means_are_kept_while_resolution_halves():
    timeline = Timeline(2)
    times = np.arange(0, 400, 0.05)
    for t in times:
        timeline.add(t, np.array([t / 400, 1 - t / 400]))
    points = timeline.points()

    assert Timeline.N_BINS / 2 < len(points.times) <= Timeline.N_BINS
    np.testing.assert_allclose(points.shares[:, 0], points.times / 400, atol=1e-9)
    np.testing.assert_allclose(points.shares.sum(axis=1), 1)
    assert points.times[-1] == pytest.approx(400, abs=2)
    assert points.runs == [slice(0, len(points.times))]


def test_short_clip_keeps_every_frame():
    timeline = Timeline(1)
    for i in range(100):
        timeline.add(i / 25, np.array([i / 100]))
    np.testing.assert_allclose(timeline.points().shares[:, 0], np.arange(100) / 100)


def test_pause_parts_two_runs():
    timeline = Timeline(1)
    for t in [0, 0.1, 0.2, 0.3, 2.0, 2.1]:
        timeline.add(t, np.ones(1))
    assert timeline.points().runs == [slice(0, 4), slice(4, 6)]


def test_sparse_frames_are_one_run():
    timeline = Timeline(1)
    for t in range(0, 600, 10):
        timeline.add(float(t), np.ones(1))
    assert len(timeline.points().runs) == 1


def test_empty_and_lone_moments():
    timeline = Timeline(1)
    assert timeline.points().runs == []
    timeline.add(-0.5, np.ones(1))  # some containers start before 0
    assert timeline.points().times.tolist() == [0.0]
    assert timeline.points().runs == [slice(0, 1)]


def test_strip_stays_short_and_even():
    strip = Strip()
    for t in np.arange(0, 500, 0.04):
        if strip.wants(t):
            strip.add(t, f"{t:.2f}")
    times = [t for t, _ in strip.pictures]

    assert Strip.MOST / 2 <= len(times) <= Strip.MOST
    steps = np.diff(times)
    assert steps.max() / steps.min() < 1.2
    assert times[0] == 0
    assert times[-1] > 400
