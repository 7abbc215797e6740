"""The timeline: stacked shares, now at the right, holes where the face was missed."""

from __future__ import annotations

import numpy as np

from mien.runtime.live.timeline import timeline_picture

COLORS = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
BACK = (9, 9, 9)


def drawn(times, shares, now=20.0):
    return timeline_picture(
        np.array(times), np.array(shares), (400, 60), now_s=now, span_s=20, colors=COLORS, background=BACK
    )


def share_of(column, color):
    return (column == color).all(axis=1).mean()


def test_shares_are_heights_first_label_at_the_bottom():
    times = np.arange(0, 20.01, 0.04)
    picture = drawn(times, np.tile([0.5, 0.2, 0.3], (len(times), 1)))
    column = picture[:, 200]
    assert [round(share_of(column, c), 2) for c in COLORS] == [0.5, 0.2, 0.3]
    assert tuple(column[-1]) == COLORS[0]
    assert tuple(column[0]) == COLORS[2]


def test_now_is_at_the_right_and_what_is_not_known_is_empty():
    picture = drawn([15.0, 15.4, 19.6, 20.0], [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]])
    assert (picture[:, -1] == COLORS[1]).all()
    assert (picture[:, 300:306] == COLORS[0]).all()  # 15.0 to 15.3 s
    assert (picture[:, :298] == BACK).all()
    assert (picture[:, 330:380] == BACK).all()  # missed for four seconds: no line is drawn through


def test_a_rounding_error_leaves_no_hole_and_no_history_is_empty():
    times = np.arange(0, 20.01, 0.04)
    full = drawn(times, np.tile([0.3333, 0.3333, 0.3333], (len(times), 1)))
    assert not (full == BACK).all(axis=2).any()
    assert (drawn([], np.empty((0, 0))) == BACK).all()
