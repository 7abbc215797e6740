import os
import signal
import threading

import pytest

from mien.runtime.stopping import stop_on_signals


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_handlers_are_put_back(name):
    before = signal.getsignal(name)
    stop = threading.Event()
    with stop_on_signals(stop):
        os.kill(os.getpid(), name)
        assert stop.wait(1)
    assert signal.getsignal(name) is before


def test_the_second_ctrl_c_interrupts():
    def press_twice():
        with stop_on_signals(threading.Event()):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(1)

    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # ignored where tests run in the background
    try:
        with pytest.raises(KeyboardInterrupt):
            press_twice()
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_are_left_alone():
    before = signal.getsignal(signal.SIGINT)
    inside = []

    def work():
        with stop_on_signals(threading.Event()):
            inside.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [before]
