import itertools
import threading

import cv2
import pytest

from mien.core.errors import MienError
from mien.data.parallel import mapped_chunks, processors


def test_results_come_in_order_from_several_threads():
    threads, gate = set(), threading.Barrier(3)

    def work(items):
        if items[0] < 3 * 16:
            gate.wait(10)  # three chunks at once, or it never ends
        threads.add(threading.get_ident())
        return [item * item for item in items]

    assert list(mapped_chunks(work, range(1000), 3)) == [i * i for i in range(1000)]
    assert len(threads) == 3


def test_little_is_taken_ahead_of_what_was_asked_for():
    taken = []

    def source():
        for i in itertools.count():
            taken.append(i)
            yield i

    results = mapped_chunks(lambda items: items, source(), 2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    assert len(taken) <= 16 * 4 * 2 + 16
    results.close()


def test_an_error_is_raised_in_its_place_and_opencv_gets_its_threads_back():
    before = cv2.getNumThreads()

    def work(items):
        if 40 in items:
            raise MienError("forty")
        return items

    results = mapped_chunks(work, range(100), 2)
    assert [next(results) for _ in range(32)] == list(range(32))
    assert cv2.getNumThreads() == 1
    with pytest.raises(MienError, match="forty"):
        list(results)
    assert cv2.getNumThreads() == before
    assert processors() >= 1
    assert list(mapped_chunks(work, [], 2)) == []
