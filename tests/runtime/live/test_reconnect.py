"""A source that went away is tried again with growing pauses, for as long as patience lasts."""

from __future__ import annotations

import pytest

from mien.core.errors import InputError
from mien.runtime.live.reconnect import Reconnecting
from mien.runtime.live.source import SourceLostError


def wrapped(source, open_again, clock, patience_s=10.0, stopped=False):
    pauses, said = [], []

    def wait(seconds):
        pauses.append(seconds)
        clock.now_s += seconds
        return stopped

    lasting = Reconnecting(source, open_again, patience_s, wait=wait, say=said.append, clock=clock)
    return lasting, pauses, said


def test_it_comes_back(fake_source, picture, clock):
    first = fake_source([picture([])] * 3, breaks=True)
    tries = []

    def open_again():
        tries.append(clock.now_s)
        if len(tries) < 3:
            raise InputError("not there yet")
        return fake_source([picture([])] * 2)

    lasting, pauses, said = wrapped(first, open_again, clock)
    assert len(list(lasting)) == 5
    assert first.n_closed == 1
    assert pauses == [0.5, 1.0, 2.0]
    assert any("trying again" in line and "fake is gone" in line for line in said)
    assert said[-1] == ""


def test_patience_ends(fake_source, picture, clock):
    def open_again():
        raise InputError("gone for good")

    lasting, pauses, _ = wrapped(fake_source([picture([])], breaks=True), open_again, clock)
    with pytest.raises(SourceLostError, match="fake is gone"):
        list(lasting)
    assert pauses == [0.5, 1.0, 2.0, 4.0, 2.5]


def test_a_stopped_run_and_a_recording_are_not_tried_again(fake_source, picture, clock):
    def open_again():
        raise AssertionError("must not be opened")

    for how, stopped in (({"can_wait": True}, False), ({}, True)):
        source = fake_source([picture([])], breaks=True, **how)
        lasting, _, _ = wrapped(source, open_again, clock, stopped=stopped)
        with pytest.raises(SourceLostError):
            list(lasting)
