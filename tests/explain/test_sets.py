"""Layouts, latent groups and similarities of a labelled set."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from mien.core.errors import MienError
from mien.explain.embedding import to_plane
from mien.explain.latents import class_means, group_counts, latent_groups
from mien.explain.similarity import similarity_histograms


def test_groups_stay_groups_and_a_seed_repeats():
    rng = np.random.default_rng(0)
    features = rng.normal(0, 0.1, (40, 6))
    features[20:] += 5
    points = to_plane(features, "tsne", seed=3)
    assert points.shape == (40, 2)
    apart = np.linalg.norm(points[:20].mean(0) - points[20:].mean(0))
    assert apart > 2 * max(points[:20].std(0).max(), points[20:].std(0).max())
    np.testing.assert_array_equal(points, to_plane(features, "tsne", seed=3))


@pytest.mark.parametrize(
    ("features", "how", "said"),
    [
        (np.zeros((4, 3)), "tsne", "at least 5 samples, got 4"),
        (np.ones((9, 3)), "tsne", "all the same"),
        (np.full((9, 3), np.nan), "tsne", "not finite"),
        (np.eye(9), "pca", "known: tsne, umap"),
    ],
)
def test_what_cannot_be_laid_out(features, how, said):
    with pytest.raises(MienError, match=said):
        to_plane(features, how)


def test_umap_that_is_not_installed_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MienError, match=r"mien\[umap\]"):
        to_plane(np.eye(9), "umap")


def test_umap_gets_the_seed_and_no_more_neighbours_than_there_are(monkeypatch):
    """UMAP itself compiles for half a minute."""
    told = {}

    class Umap:
        def __init__(self, **options: object) -> None:
            told.update(options)

        def fit_transform(self, features: np.ndarray) -> np.ndarray:
            return features[:, :2]

    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=Umap))
    assert to_plane(np.eye(9), "umap", seed=4).shape == (9, 2)
    assert (told["n_neighbors"], told["random_state"]) == (8, 4)


def test_each_sample_belongs_to_its_heaviest_latent():
    weights = np.array([[0.1, 0.9, 0], [0.8, 0.2, 0], [0.3, 0.95, 0], [0.85, 0, 0.1]])
    groups = latent_groups(weights)
    assert [g.tolist() for g in groups] == [[3, 1], [2, 0], []]
    assert group_counts(weights, np.array([0, 1, 1, 1]), 2).tolist() == [[0, 2], [1, 1], [0, 0]]


def test_class_means_by_a_slow_loop():
    rng = np.random.default_rng(1)
    values, truth = rng.normal(size=(20, 4)), rng.integers(0, 3, 20)
    found = class_means(values, truth, 4)
    for k in range(3):
        own = [row for row, label in zip(values, truth, strict=True) if label == k]
        np.testing.assert_allclose(found[k], sum(own) / len(own))
    assert np.isnan(found[3]).all()


def test_histograms_count_every_sample_once_for_each_vector():
    similarity = np.array([[0.0, 1.0], [0.1, 0.9], [1.0, 0.0], [0.95, 0.3]])
    truth = np.array([1, 1, 0, 0])
    found = similarity_histograms(similarity, truth, n_bins=4)
    np.testing.assert_allclose(found.edges, [0, 0.25, 0.5, 0.75, 1])
    assert found.counts[0].tolist() == [[0, 0, 0, 2], [2, 0, 0, 0]]
    assert found.counts[1].tolist() == [[1, 1, 0, 0], [0, 0, 0, 2]]
