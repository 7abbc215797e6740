"""Keys and clicks change what is shown."""

from __future__ import annotations

import pytest

from mien.core.labels import BASIC7
from mien.runtime.columns import table_layout
from mien.runtime.live.history import FaceHistory
from mien.runtime.live.layout import box_in_window, lay_out
from mien.runtime.live.meter import Meter
from mien.runtime.live.recorder import Recorder
from mien.runtime.live.view import LiveView


@pytest.fixture
def made(session, fake_source, moving_faces, predictor, clock, tmp_path):
    live = session(fake_source(moving_faces, can_wait=True), paced=False)
    results = list(live.results())
    recorder = Recorder(table_layout(BASIC7.names), tmp_path / "t.csv")
    view = LiveView(live, recorder, Meter(), predictor.spec, smooth_s=0.3, clock=clock)
    yield view, results, recorder
    recorder.close()


def test_before_the_first_picture_there_is_nothing_to_show(made):
    assert made[0].scene() is None


def test_a_face_is_chosen_by_itself_by_tab_and_by_click(made):
    view, results, _ = made
    for seen in results[:16]:
        view.see(seen)
    assert view.scene().chosen == 0
    view.act("next")
    assert view.scene().chosen == 1
    layout = lay_out((1120, 660), (160, 120))
    area = box_in_window(results[15].faces[0], layout, False)
    view.click((area.x + 3, area.y + 3), layout)
    shown = view.scene()
    assert shown.chosen == 0
    assert len(shown.times_s) == 16
    assert shown.shares.shape == (16, 7)
    view.click((1.0, 1.0), layout)
    assert view.scene().chosen == 0


def test_a_face_that_left_stays_chosen_until_it_is_forgotten(made):
    view, results, _ = made
    for seen in results[:20]:  # 18 to 20: the first face is missed
        view.see(seen)
    assert view.scene().chosen == 0
    assert view.scene().chosen_row is None


def test_keys(made, clock):
    view, results, recorder = made
    view.see(results[0])
    for action, told in (("mirror", "mirrored"), ("help", "helps")):
        view.act(action)
        assert getattr(view.scene(), told)
        view.act(action)
        assert not getattr(view.scene(), told)
    view.act("record")
    assert recorder.is_on is False
    assert view.scene().recording is False
    view.act("pause")
    assert view.scene().paused
    view.act("snapshot")
    assert view.wants_snapshot
    view.tell("saved")
    assert view.scene().toast == "saved"
    clock.now_s += 5
    assert view.scene().toast == ""
    view.act("end")
    assert view.wants_end


def test_recording_that_was_not_asked_for_is_explained(made, session, predictor, clock):
    view, results, _ = made
    view._recorder = Recorder(table_layout(BASIC7.names))
    view.see(results[0])
    view.act("record")
    assert "--record" in view.scene().toast
    assert view.scene().recording is None


def test_history_forgets(made):
    history = FaceHistory(span_s=0.5)
    for seen in made[1]:
        history.add(seen.rows)
    times, shares = history.of(0)
    assert times[0] >= history.now_s - 0.5
    assert len(times) == len(shares) == 13
    assert history.face_ids == [0, 1]
    assert len(history.of(1)[0]) == 4  # it left at frame 30
    assert history.of(None)[0].size == history.of(9)[0].size == 0
