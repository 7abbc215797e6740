"""The newest frame is kept, the others are counted; a recording is held to its own speed."""

from __future__ import annotations

import threading
import time

import pytest

from mien.runtime.live.grabber import Grabber, Pacer, Slot
from mien.runtime.live.source import Shot


def shots(n):
    return [Shot(None, i / 100) for i in range(n)]


def test_a_slot_keeps_the_newest_and_counts_the_lost():
    slot: Slot[int] = Slot()
    for i in range(4):
        slot.put(i)
    assert (slot.take(0), slot.n_replaced) == (3, 3)
    assert slot.take(0.01) is None
    slot.put(9)
    slot.close()
    assert not slot.is_over
    assert slot.take(0) == 9
    assert slot.is_over


def test_a_camera_never_waits_for_who_is_slow():
    grabber = Grabber(shots(20), can_wait=False, paced=False, halt=threading.Event())
    grabber.start()
    assert grabber.join(2)
    assert grabber.slot.take(0).index == 19
    assert grabber.slot.n_replaced == 19


def test_without_pacing_no_frame_of_a_recording_is_lost():
    grabber, got = Grabber(shots(20), can_wait=True, paced=False, halt=threading.Event()), []
    grabber.start()
    while (grabbed := grabber.slot.take(1)) is not None:
        got.append(grabbed.index)
        time.sleep(0.002)
    assert got == list(range(20))
    assert grabber.slot.n_replaced == 0


def test_frames_are_due_when_the_recording_says(clock):
    pacer = Pacer(clock)
    assert pacer.delay_s(5.0) == 0  # the first is due at once
    assert pacer.delay_s(5.4) == pytest.approx(0.4)
    clock.now_s += 0.3
    assert pacer.delay_s(5.4) == pytest.approx(0.1)
    clock.now_s += 1
    assert pacer.delay_s(5.4) == 0  # late: no waiting, and the next are due by the same clock
    assert pacer.delay_s(6.5) == pytest.approx(0.2)
    pacer.put_off(10)
    assert pacer.delay_s(6.5) == pytest.approx(10.2)


def test_a_paced_recording_takes_its_time():
    begun = time.monotonic()
    grabber = Grabber(shots(21), can_wait=True, paced=True, halt=threading.Event())
    grabber.start()
    assert grabber.join(5)
    assert time.monotonic() - begun >= 0.19  # 20 steps of 10 ms


def test_a_pause_stops_a_recording_and_lets_a_cameras_frames_go():
    recording = Grabber(shots(5), can_wait=True, paced=True, halt=threading.Event())
    recording.pause(True)
    recording.start()
    assert not recording.join(0.1)
    assert recording.slot.take(0) is None
    recording.pause(False)
    assert recording.join(5)
    camera = Grabber(shots(5), can_wait=False, paced=False, halt=threading.Event())
    camera.pause(True)
    camera.start()
    assert camera.join(2)
    assert camera.slot.take(0) is None
    assert camera.slot.n_replaced == 0


def test_a_halt_ends_a_waiting_grabber_and_an_error_is_kept():
    halt = threading.Event()
    waiting = Grabber([Shot(None, 0.0), Shot(None, 60.0)], can_wait=True, paced=True, halt=halt)
    waiting.start()
    time.sleep(0.05)
    halt.set()
    assert waiting.join(2)

    def broken():
        yield Shot(None, 0.0)
        raise OSError("torn out")

    grabber = Grabber(broken(), can_wait=False, paced=False, halt=threading.Event())
    grabber.start()
    assert grabber.join(2)
    assert str(grabber.error) == "torn out"
    assert grabber.slot.take(0) is not None
