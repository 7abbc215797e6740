import numpy as np
import pytest

from mien.core.errors import MienError
from mien.metrics.classification import MISSED, accuracy, confusion, missed_faces, recalls, uar
from mien.metrics.clusters import cluster_intervals, cluster_tables, draws_of
from mien.metrics.intervals import bootstrap_interval


def people(n=40, each=25, seed=0):
    """Some people are easy, some hard: answers of one person go together."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n * each)
    who = np.repeat(np.arange(n), each)
    right = rng.random(n * each) < rng.beta(2, 2, n)[who]
    said = np.where(right, truth, (truth + 1) % 3)
    return truth, said, [f"p{i}" for i in who]


def test_tables_add_up_to_the_confusion_matrix():
    truth, said, who = people()
    said[:7] = MISSED
    tables = cluster_tables(truth, said, who, 3)
    assert tables.shape == (40, 3, 4)
    assert np.array_equal(tables.sum(0)[:, :3], confusion(truth, said, 3))
    assert np.array_equal(tables.sum(0)[:, 3], missed_faces(truth, said, 3))


def test_the_same_as_drawing_the_rows_of_whole_clusters():
    truth, said, who = people()
    found = cluster_intervals(truth, said, who, 3, n=4000)

    def slow(stat):
        draw = draws_of(who)
        return bootstrap_interval(
            lambda y, p: stat(confusion(y, p, 3)), truth, said, n=1000, seed=5, draw=draw
        )

    assert found.accuracy == pytest.approx(slow(accuracy), abs=0.015)
    assert found.uar == pytest.approx(slow(uar), abs=0.015)
    assert found.recalls[1] == pytest.approx(slow(lambda m: float(recalls(m)[1])), abs=0.02)


def test_people_give_wider_intervals_than_pictures():
    truth, said, who = people()
    low, high = cluster_intervals(truth, said, who, 3).accuracy
    alone_low, alone_high = cluster_intervals(truth, said, [str(i) for i in range(len(truth))], 3).accuracy
    assert high - low > 1.7 * (alone_high - alone_low)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    hits = 0
    for seed in range(200):
        low, high = cluster_intervals(*people(seed=seed), 3, n=300).accuracy
        hits += low <= 0.5 <= high
    assert 0.88 <= hits / 200 <= 0.99


def test_repeating_every_sample_changes_nothing():
    truth, said, _ = people(n=10, each=10)
    ids = [str(i) for i in range(100)]
    once = cluster_intervals(truth, said, ids, 3)
    ten = cluster_intervals(np.tile(truth, 10), np.tile(said, 10), ids * 10, 3)
    assert once == ten


def test_a_class_without_samples_and_too_few_clusters():
    found = cluster_intervals([0, 0, 1], [0, 1, 1], ["a", "b", "a"], 3)
    assert found.recalls[2] is None
    with pytest.raises(MienError, match="at least two"):
        cluster_intervals([0, 1], [0, 1], ["a", "a"], 2)
    with pytest.raises(MienError, match="got 1 for 2"):
        cluster_intervals([0, 1], [0, 1], ["a"], 2)
