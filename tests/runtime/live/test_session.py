"""A session: each frame answered once, the newest first, and an ending that says why."""

from __future__ import annotations

import threading
import time

import pytest

from mien.core.errors import InputError
from mien.runtime.live.source import SourceLostError


def test_every_frame_of_a_recording_without_pacing(session, fake_source, moving_faces):
    source = fake_source(moving_faces, can_wait=True, first_s=50.0)
    live = session(source, paced=False)
    results = list(live.results())
    assert [seen.frame.index for seen in results] == list(range(40))
    assert results[3].frame.timestamp_s == pytest.approx(50.12)  # a recording keeps its times
    assert results[0].rows[0].input == "fake"
    assert {row.face_id for seen in results for row in seen.faces} == {0, 1}
    assert [row.face_id for row in results[19].rows] == [1]  # the first is missed
    assert (live.ending, live.n_dropped, source.n_closed) == ("end", 0, 1)


def test_a_slow_model_drops_frames_and_stays_with_the_newest(session, fake_source, moving_faces, detector):
    detector.delay_s = 0.03
    live = session(fake_source(moving_faces, pause_s=0.005))
    results = list(live.results())
    assert live.n_dropped == 40 - len(results)
    assert live.n_dropped > 10
    indices = [seen.frame.index for seen in results]
    assert indices == sorted(set(indices))
    assert indices[-1] == 39


def test_a_cameras_time_begins_at_its_first_frame(session, fake_source, moving_faces):
    results = list(session(fake_source(moving_faces, first_s=1e5, pause_s=0.003)).results())
    assert results[0].frame.timestamp_s == 0.0
    assert all(seen.frame.timestamp_s == pytest.approx(seen.frame.index / 25, abs=1e-5) for seen in results)


def test_a_broken_frame_is_a_row_and_the_session_goes_on(session, fake_source, picture):
    source = fake_source([picture([(40, 40)]), None, picture([(41, 40)])], can_wait=True)
    results = list(session(source, paced=False).results())
    assert [seen.rows[0].status for seen in results] == ["ok", "error", "ok"]
    assert results[1].rows[0].error == "torn"
    assert results[1].frame is None


def test_a_source_that_breaks_off_is_told_after_its_frames(session, fake_source, moving_faces, drain):
    live = session(fake_source(moving_faces[:9], breaks=True, can_wait=True), paced=False)
    seen, said = drain(live.results(), SourceLostError)
    assert (len(seen), said) == (9, "fake is gone")
    assert live.ending == "lost"


def test_time_is_over_and_the_user_stops(session, fake_source, moving_faces):
    live = session(fake_source(moving_faces, can_wait=True), paced=False, seconds=0.4)
    assert len(list(live.results())) == 10
    assert live.ending == "time"
    halt = threading.Event()
    live = session(fake_source(moving_faces * 50, can_wait=True, breaks=True), paced=False, halt=halt)
    for seen in live.results():
        if seen.frame.index == 5:
            halt.set()
    assert live.ending == "stopped"


def test_leaving_early_lets_go_of_the_source(session, fake_source, moving_faces):
    source = fake_source(moving_faces, can_wait=True)
    results = session(source, paced=False).results()
    next(results)
    results.close()
    assert source.n_closed == 1


def test_a_pause_holds_a_camera_and_nothing_is_counted(session, fake_source, moving_faces):
    live = session(fake_source(moving_faces * 10, pause_s=0.002))
    results = live.results()
    next(results)
    live.pause(True)
    before = live.n_dropped
    time.sleep(0.1)
    assert live.n_dropped <= before + 1
    live.pause(False)
    # the first may have been waiting when the pause began
    assert max(next(results).frame.index for _ in range(2)) > 10
    results.close()


@pytest.mark.parametrize(("pictures", "says"), [([], "no frames"), ([None], "first frame is broken: torn")])
def test_a_source_without_a_whole_first_frame_is_refused(session, fake_source, pictures, says):
    with pytest.raises(InputError, match=says):
        session(fake_source(pictures))
