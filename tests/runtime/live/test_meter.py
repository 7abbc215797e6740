"""Latency is reckoned from grab to overlay, frame by frame."""

from __future__ import annotations

import numpy as np
import pytest

from mien.runtime.live.meter import Meter


def test_rate_and_latency_of_the_last_two_seconds():
    meter = Meter()
    for i in range(300):  # 50 a second for four seconds, then 10 a second, later and later
        shown = i * 0.02 if i < 200 else 4 + (i - 200) * 0.1
        meter.add(shown - (0.010 if i < 200 else 0.060), shown)
    assert meter.rate_fps == pytest.approx(10, abs=0.01)
    assert meter.latency_ms == pytest.approx(60)
    assert meter.n_frames == 300
    assert meter.overall_fps == pytest.approx(299 / 13.9, rel=1e-6)


def test_percentiles_are_those_of_all_frames():
    rng = np.random.default_rng(3)
    latencies = rng.gamma(3, 0.01, 5_000)
    meter = Meter()
    for i, latency in enumerate(latencies):
        meter.add(i / 30 - latency, i / 30)
    for percent in (50, 95, 99):
        assert meter.percentile_ms(percent) == pytest.approx(
            1000 * np.percentile(latencies, percent), abs=1.1
        )


def test_before_the_first_frame_all_is_zero_and_a_stall_is_counted_at_the_end():
    meter = Meter()
    assert (meter.rate_fps, meter.latency_ms, meter.overall_fps, meter.percentile_ms(95)) == (0, 0, 0, 0)
    meter.add(0.0, 3600.0)
    assert meter.percentile_ms(50) == 10_000
