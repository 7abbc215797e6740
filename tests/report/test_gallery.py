import pytest

from mien.report.gallery import FaceCard, Gallery


def card(score):
    return FaceCard("data:", "a.jpg", None, (("anger", score),))


def test_keeps_the_best_of_each_key():
    gallery = Gallery(3)
    scores = [("a", 0.2), ("b", 0.5), ("a", 0.9), ("c", 0.1), ("d", 0.6), ("b", 0.4), ("e", 0.05)]
    for key, score in scores:
        gallery.offer(score, key, lambda score=score: card(score))

    assert [c.confidence for c in gallery.cards()] == [0.9, 0.6, 0.5]
    assert gallery.cards()[0].emotion == "anger"


def test_cuts_out_only_what_it_keeps():
    gallery = Gallery(1)
    gallery.offer(0.9, "a", lambda: card(0.9))
    gallery.offer(0.8, "b", lambda: pytest.fail("a face that is not kept was cut out"))
    gallery.offer(0.8, "a", lambda: pytest.fail("a face that is not kept was cut out"))
    assert len(gallery.cards()) == 1
