import numpy as np

from mien.data.deal import deal


def sums(profiles, fold_of, n_folds):
    return np.stack([profiles[fold_of == f].sum(0) for f in range(n_folds)])


def test_single_samples_are_dealt_evenly_in_every_class_and_in_all():
    labels = np.random.default_rng(0).choice(7, 927, p=[0.3, 0.25, 0.2, 0.1, 0.07, 0.05, 0.03])
    profiles = np.eye(7, dtype=np.int64)[labels]
    counts = sums(profiles, deal(profiles, 10, np.random.default_rng(1)), 10)
    assert (np.ptp(counts, axis=0) <= 1).all()
    assert set(counts.sum(1)) == {92, 93}


def test_like_groups_are_dealt_evenly():
    profiles = np.tile([4, 4, 4, 1], (60, 1))
    fold_of = deal(profiles, 10, np.random.default_rng(0))
    assert (np.bincount(fold_of) == 6).all()
    assert not np.array_equal(fold_of, deal(profiles, 10, np.random.default_rng(1)))


def test_unlike_groups_are_dealt_nearly_evenly():
    rng = np.random.default_rng(0)
    profiles = rng.poisson([3, 2, 1], (80, 3)) + np.array([1, 0, 0])
    counts = sums(profiles, deal(profiles, 5, rng), 5)
    expected = profiles.sum(0) / 5
    assert (abs(counts - expected) <= np.maximum(3, 0.08 * expected)).all()


def test_no_fold_stays_empty_even_beside_a_giant():
    profiles = np.array([[1000, 0], [1, 0], [1, 1], [0, 1]])
    assert set(deal(profiles, 4, np.random.default_rng(0))) == {0, 1, 2, 3}
