"""The drawing as pictures: what is where, in which colour, how much of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pygame = pytest.importorskip("pygame")

from mien.core.labels import BASIC7  # noqa: E402
from mien.core.palette import EMOTION_COLORS, rgb  # noqa: E402
from mien.core.records import Face, FaceResult  # noqa: E402
from mien.runtime.live.colours import AMBER, PANEL, RED, face_color  # noqa: E402
from mien.runtime.live.layout import box_in_window, lay_out  # noqa: E402
from mien.runtime.live.lettering import Lettering  # noqa: E402
from mien.runtime.live.paint import paint  # noqa: E402
from mien.runtime.live.scene import Scene  # noqa: E402

SIZE = (1120, 660)


@pytest.fixture(scope="module")
def lettering():
    return Lettering()


def face(face_id, box, **shares):
    rest = (1 - sum(shares.values())) / (7 - len(shares)) if len(shares) < 7 else 0
    probabilities = np.array([shares.get(name, rest) for name in BASIC7.names], np.float32)
    found = Face(box, 0.9, np.zeros((5, 2), np.float32))
    return FaceResult("c", 0, 0.0, "ok", "", face_id, found, BASIC7.names, probabilities)


def scene(rows=(), **more):
    chosen = rows[0].face_id if rows else None
    picture = np.full((360, 640, 3), 90, np.uint8)
    return Scene(picture, rows, "camera 0", "mien-base", BASIC7.names, chosen, **more)


def pixels(shown, lettering, size=SIZE):
    surface = pygame.Surface(size)
    paint(surface, shown, lettering)
    return pygame.surfarray.array3d(surface).swapaxes(0, 1)


def count(image, color, area=None):
    part = image if area is None else image[area.y : area.y + area.height, area.x : area.x + area.width]
    return int((part == color).all(axis=2).sum())


def test_a_bar_is_as_long_as_its_probability(lettering):
    panel = lay_out(SIZE, (640, 360)).panel
    found = {}
    for share in (0.3, 0.6, 0.9):
        image = pixels(scene([face(0, (10, 40, 90, 90), happiness=share)]), lettering)
        found[share] = count(image, rgb(EMOTION_COLORS["happiness"]), panel)
    step = found[0.6] - found[0.3]
    assert step > 300
    assert found[0.9] - found[0.6] == pytest.approx(step, rel=0.1)


def test_boxes_lie_on_their_faces_in_their_colours_also_mirrored(lettering):
    rows = [face(0, (50, 60, 120, 140)), face(3, (400, 100, 100, 120))]
    layout = lay_out(SIZE, (640, 360))
    for mirrored in (False, True):
        image = pixels(scene(rows, mirrored=mirrored), lettering)
        for row in rows:
            area = box_in_window(row, layout, mirrored)
            middle = image[area.y + area.height // 2, area.x : area.x + area.width]
            ends = [tuple(middle[1]), tuple(middle[-2])]
            assert ends == [face_color(row.face_id)] * 2
            assert tuple(middle[area.width // 2]) == (90, 90, 90)


def test_the_picture_is_shown_where_it_belongs(lettering):
    shown = scene()
    shown.picture[:, :320] = (200, 10, 10)
    area = lay_out(SIZE, (640, 360)).picture
    at = lambda image, x: tuple(image[area.y + area.height // 2, area.x + x])  # noqa: E731
    plain, mirror = pixels(shown, lettering), pixels(replace(shown, mirrored=True), lettering)
    assert at(plain, 50) == at(mirror, area.width - 50) == (200, 10, 10)
    assert at(plain, area.width - 50) == at(mirror, 50) == (90, 90, 90)


def test_the_timeline_shows_the_chosen_face(lettering):
    times = np.arange(0, 20.01, 0.04)
    shares = np.tile(np.eye(7)[BASIC7.names.index("surprise")], (len(times), 1))
    shown = scene([face(0, (10, 40, 90, 90))], times_s=times, shares=shares, now_s=20.0)
    strip = lay_out(SIZE, (640, 360)).timeline
    full = count(pixels(shown, lettering), rgb(EMOTION_COLORS["surprise"]), strip)
    assert full > 0.5 * strip.width * strip.height
    early = pixels(replace(shown, times_s=times - 10, now_s=20.0), lettering)
    assert count(early, rgb(EMOTION_COLORS["surprise"]), strip) == pytest.approx(full / 2, rel=0.06)


def test_what_has_to_be_said_is_seen(lettering):
    plain, stage = scene([face(0, (10, 40, 90, 90))]), lay_out(SIZE, (640, 360)).stage
    calm = pixels(plain, lettering)
    assert count(calm, AMBER, stage) == count(calm, RED, stage) == 0
    assert count(pixels(replace(plain, status="trying again"), lettering), AMBER, stage) > 15
    assert count(pixels(replace(plain, recording=True), lettering), RED, stage) > 50
    assert count(pixels(replace(plain, recording=False), lettering), RED, stage) == 0
    for change in ({"paused": True}, {"toast": "saved"}, {"helps": True}):
        assert (pixels(replace(plain, **change), lettering) != calm).any()


def test_words_stay_in_the_panel(lettering):
    rows = [face(i, (10 + 30 * i, 40, 20, 20)) for i in range(19)]
    rows[0] = replace(
        rows[0], compounds=("disgustedly_surprised_beyond_words",), intensities=np.float32([1.5])
    )
    shown = replace(
        scene(rows, smooth_s=0.3, n_dropped=123456, n_errors=77, rate_fps=123.4), source="x" * 300
    )
    for size in ((720, 480), (1120, 660), (700, 1000), (2240, 1320)):
        image, panel = pixels(shown, lettering, size), lay_out(size, (640, 360)).panel
        margin = image[: panel.height, -round(6 * lay_out(size, (640, 360)).unit) :]
        assert (margin == PANEL).all()


def test_a_line_is_shortened_at_either_end(lettering):
    text = "a long line of words that has no room"
    for keep in ("begin", "end"):
        short = lettering.shortened(text, 14, 120, keep=keep)
        assert lettering.width(short, 14) <= 120
        kept = short.strip(".")
        assert text.startswith(kept) if keep == "begin" else text.endswith(kept)
    assert lettering.shortened("ok", 14, 120) == "ok"
