"""Each statistic against a slow computation from its definition, a limit case or a published example."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_rel
from sklearn.metrics import matthews_corrcoef, precision_score

from mien.core.errors import MienError
from mien.metrics.classification import MISSED, confusion, matthews, missed_faces, precisions, uar
from mien.metrics.clusters import cluster_intervals
from mien.metrics.conformal import conformal_figures, label_scores, threshold_of
from mien.metrics.demographics import demographics
from mien.metrics.difference import Difference
from mien.metrics.headline import headline_intervals
from mien.metrics.holm import holm
from mien.metrics.intervals import wilson_interval
from mien.metrics.paired_draws import paired_draws
from mien.metrics.resampled import corrected_resampled_t
from mien.metrics.selective import aurc, risks, selective_figures
from mien.metrics.sign_flip import sign_flip_p


def answers(n=300, k=4, seed=0, skill=0.6):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    return truth, np.where(rng.random(n) < skill, truth, rng.integers(0, k, n))


# precision and MCC


def test_precision_and_mcc_are_those_of_scikit_learn():
    truth, said = answers()
    matrix = confusion(truth, said, 4)
    assert precisions(matrix) == pytest.approx(precision_score(truth, said, average=None))
    assert matthews(matrix) == pytest.approx(matthews_corrcoef(truth, said))


def test_a_missed_face_is_an_answer_that_is_never_right():
    truth, said = answers()
    said[::7] = MISSED
    found = matthews(confusion(truth, said, 4), missed_faces(truth, said, 4))
    assert found == pytest.approx(matthews_corrcoef(truth, said))


def test_constant_answers_tell_nothing_and_absent_classes_have_no_precision():
    truth = np.array([0, 1, 2, 0])
    matrix = confusion(truth, np.zeros(4, int), 3)
    assert matthews(matrix) == 0.0
    assert precisions(matrix)[0] == 0.5
    assert np.isnan(precisions(matrix)[1:]).all()
    assert matthews(confusion([0], [0], 3)) == 0.0  # a single sample


# sign-flip test


def test_fishers_analysis_of_darwins_maize():
    # The Design of Experiments, section 21: 863 of 32768 sums are as great as 314, and as many as small
    differences = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    assert sum(differences) == 314
    assert sign_flip_p(differences) == pytest.approx(2 * 863 / 32768, abs=1e-12)


def test_single_samples_make_it_mcnemars_test():
    assert sign_flip_p([1] * 12 + [-1] * 5 + [0] * 40) == pytest.approx(binomtest(12, 17).pvalue)
    assert sign_flip_p([0, 0]) == 1.0
    assert sign_flip_p([1, -1]) == 1.0
    with pytest.raises(MienError, match="whole numbers"):
        sign_flip_p([0.5])


def test_all_signs_by_hand():
    differences = np.array([3, -1, 2, 2, 0, -4])
    sums = [np.dot(signs, differences) for signs in itertools.product((-1, 1), repeat=6)]
    assert sign_flip_p(differences) == pytest.approx(np.mean(np.abs(sums) >= abs(differences.sum())))


# Holm


def test_holm_as_in_textbooks():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([0.02]) == pytest.approx([0.02])
    assert len(holm([])) == 0
    with pytest.raises(MienError, match=r"0\.\.1"):
        holm([0.1, float("nan")])


# corrected resampled t


def test_without_correction_it_is_the_paired_t_test():
    a, b = np.array([0.9, 0.8, 0.85, 0.7, 0.95]), np.array([0.85, 0.82, 0.8, 0.6, 0.9])
    plain = ttest_rel(a, b)
    many = corrected_resampled_t(a - b, [10**12] * 5, [1] * 5)
    assert many.t == pytest.approx(plain.statistic)
    assert many.p_value == pytest.approx(plain.pvalue)
    assert (many.low, many.high) == pytest.approx(tuple(plain.confidence_interval()))


def test_ten_folds_by_the_formula():
    d = np.array([0.02, 0.01, 0.03, -0.01, 0.02, 0.04, 0.0, 0.01, 0.03, 0.02])
    found = corrected_resampled_t(d, [90] * 10, [10] * 10)
    slow_variance = sum((x - d.mean()) ** 2 for x in d) / 9
    assert found.t == pytest.approx(d.mean() / math.sqrt((1 / 10 + 1 / 9) * slow_variance))
    plain = ttest_rel(d, np.zeros(10))
    assert found.p_value > plain.pvalue
    assert found.t == pytest.approx(plain.statistic * math.sqrt(0.1 / (0.1 + 1 / 9)))


def test_folds_that_all_differ_alike_and_too_few_folds():
    alike = corrected_resampled_t([0.1, 0.1, 0.1], [20] * 3, [10] * 3)
    assert (alike.t, alike.p_value, alike.low) == (None, 0.0, pytest.approx(0.1))
    nothing = corrected_resampled_t([0.0, 0.0], [20] * 2, [10] * 2)
    assert (nothing.t, nothing.p_value, nothing.high) == (None, 1.0, 0.0)
    with pytest.raises(MienError, match="at least two folds"):
        corrected_resampled_t([0.1], [20], [10])


# paired bootstrap of several models


def test_single_samples_are_drawn_as_by_a_slow_loop():
    truth, a = answers(60)
    _, b = answers(60, seed=1)
    draws = paired_draws(truth, [a, b], 4, n=4000)
    rng, slow = np.random.default_rng(3), []
    for _ in range(2000):
        rows = rng.integers(60, size=60)
        y = truth[rows]
        slow.append([uar(confusion(y, a[rows], 4)), uar(confusion(y, b[rows], 4))])
    slow = np.array(slow).T
    assert draws.uar.mean(1) == pytest.approx(slow.mean(1), abs=0.006)
    gap, slow_gap = draws.uar[0] - draws.uar[1], slow[0] - slow[1]
    assert gap.std() == pytest.approx(slow_gap.std(), rel=0.06)
    # one share has the binomial's deviation
    share = (truth == a).mean()
    assert draws.accuracy[0].std() == pytest.approx(math.sqrt(share * (1 - share) / 60), rel=0.05)


def test_clusters_are_drawn_whole():
    # three people: every draw is one of 3^3, so the distribution is known exactly
    truth, who = np.array([0, 0, 1, 1, 1, 0]), ["a", "a", "b", "b", "b", "c"]
    said = np.array([0, 0, 1, 0, 0, 1])
    slow = []
    for people in itertools.product("abc", repeat=3):
        rows = [i for p in people for i in range(6) if who[i] == p]
        slow.append((truth[rows] == said[rows]).mean())
    draws = paired_draws(truth, [said, truth], 2, who, n=9000).accuracy
    values, counts = np.unique(np.round(draws[0], 9), return_counts=True)
    known, expected = np.unique(np.round(slow, 9), return_counts=True)
    assert values == pytest.approx(known)
    assert counts / 9000 == pytest.approx(expected / 27, abs=0.015)
    assert (draws[1] == 1).all()


def test_clusters_agree_with_their_intervals():
    truth, said = answers(400)
    who = [f"p{i // 20}" for i in range(400)]
    draws = paired_draws(truth, [said], 4, who, n=6000)
    found = cluster_intervals(truth, said, who, 4, n=4000)
    assert np.quantile(draws.uar[0], (0.025, 0.975)) == pytest.approx(found.uar, abs=0.006)
    with pytest.raises(MienError, match="needs samples"):
        paired_draws([], [[]], 4)


# intervals where a bootstrap has no width


def test_a_single_sample_is_not_known_exactly():
    found = headline_intervals(np.array([1]), np.array([1]), 3)
    assert found.uar == found.accuracy == pytest.approx(wilson_interval(1, 1))
    assert found.recalls[0] is None
    difference = Difference.of_intervals(1.0, wilson_interval(1, 1), 0.0, wilson_interval(0, 1))
    assert difference.value == 1.0
    assert difference.low < 0 < difference.high == 1.0


def test_people_who_are_all_right_count_as_samples():
    truth, who = np.array([0, 0, 1, 1]), ["a", "a", "b", "b"]
    found = headline_intervals(truth, truth, 2, who)
    assert found.accuracy == pytest.approx(wilson_interval(2, 2))
    assert found.uar == pytest.approx(wilson_interval(1, 1))


def test_newcombes_published_interval():
    # Statistics in Medicine 17 (1998), table II, method 10, 56/70 and 48/80: 0.0524 to 0.3339
    found = Difference.of_intervals(56 / 70, wilson_interval(56, 70), 48 / 80, wilson_interval(48, 80))
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


# selective prediction


def test_risk_and_coverage_by_hand():
    sure = np.array([0.9, 0.8, 0.7, 0.6])
    right = np.array([True, False, True, False])
    assert risks(sure, right) == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    assert aurc(sure, right) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert risks(sure, right)[-1] == pytest.approx(1 - right.mean())


def test_equal_confidences_give_the_mean_over_all_their_orders():
    sure, right = np.array([0.9, 0.5, 0.5, 0.5]), np.array([True, False, True, True])
    curves = []
    for order in itertools.permutations([1, 2, 3]):
        wrong = [not right[i] for i in (0, *order)]
        curves.append([sum(wrong[:m]) / m for m in (1, 2, 3, 4)])
    assert risks(sure, right) == pytest.approx(np.mean(curves, axis=0))


def test_selective_figures():
    truth, _ = answers(200)
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), 200)
    p[np.arange(200), truth] += rng.random(200)
    p /= p.sum(1, keepdims=True)
    found = selective_figures(p, truth)
    assert len(found.coverage) == 20
    assert (found.coverage[0], found.coverage[-1]) == (0.05, 1.0)
    surest = np.argsort(-p.max(1))[:10]
    assert found.accuracy[0] == pytest.approx((p[surest].argmax(1) == truth[surest]).mean())
    assert found.accuracy[-1] == pytest.approx((p.argmax(1) == truth).mean())
    assert found.aurc_interval[0] < found.aurc < found.aurc_interval[1]
    n_wrong = int((p.argmax(1) != truth).sum())
    best = sum(max(0, m - (200 - n_wrong)) / m for m in range(1, 201)) / 200
    assert found.excess == pytest.approx(found.aurc - best)
    alone = selective_figures(p[:1], truth[:1])
    assert alone.aurc_interval == (0.0, 1.0)


# conformal sets


def doubtful(n, seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 5, n)
    p = rng.dirichlet(np.ones(5), n)
    p[np.arange(n), truth] += 1.5 * rng.random(n) ** 2
    return p / p.sum(1, keepdims=True), truth


def test_scores_by_their_definition():
    p, _ = doubtful(8, 0)
    assert label_scores(p, "lac") == pytest.approx(1 - p)
    part = np.random.default_rng(4).random((8, 1))
    for i, row in enumerate(label_scores(p, "aps", seed=4)):
        for k in range(5):
            likelier = sum(p[i, j] for j in range(5) if p[i, j] > p[i, k])
            assert row[k] == pytest.approx(likelier + part[i, 0] * p[i, k])


def test_the_threshold_is_an_order_statistic():
    assert threshold_of(np.arange(1, 10) / 10, 0.1) == 0.9  # rank ceil(10 * 0.9) = 9
    assert threshold_of(np.arange(1, 9) / 10, 0.1) == float("inf")  # nine are needed for 90 %
    assert threshold_of([0.3, 0.1, 0.2], 0.5) == 0.2
    with pytest.raises(MienError, match="alpha"):
        threshold_of([0.1], 0.0)


@pytest.mark.parametrize("score", ["lac", "aps"])
def test_coverage_is_what_is_promised(score):
    found = [
        conformal_figures(doubtful(99, seed), doubtful(200, 1000 + seed), score, "val", alpha=0.2, seed=seed)
        for seed in range(150)
    ]
    # with 99 calibration samples the expected coverage is 80 / 100
    assert np.mean([f.coverage for f in found]) == pytest.approx(0.8, abs=0.012)
    one = found[0]
    assert sum(one.sizes) == one.n == 200
    assert one.mean_size == pytest.approx(sum(i * m for i, m in enumerate(one.sizes)) / 200)
    assert one.coverage_interval[0] < one.coverage < one.coverage_interval[1]


def test_too_few_calibration_samples_give_sets_of_everything():
    found = conformal_figures(doubtful(5, 0), doubtful(20, 1), "lac", "val")
    assert (found.threshold, found.coverage, found.mean_size) == (None, 1.0, 5.0)
    p, truth = doubtful(30, 2)
    absent = conformal_figures(doubtful(30, 0), (p[truth != 3], truth[truth != 3]), "aps", "val")
    assert absent.class_coverage[3] is None


# demographic groups


def test_groups_have_the_figures_of_their_samples():
    truth, said = answers(400)
    gender = np.where(np.arange(400) % 2, "female", "male")
    said[gender == "male"] = truth[gender == "male"]  # never wrong about men
    names = tuple("" if i < 10 else str(g) for i, g in enumerate(gender))
    (found,) = demographics(truth, said, {"gender": names, "age_band": ("",) * 400}, 4)
    assert (found.attribute, found.n_unknown) == ("gender", 10)
    women, men = found.groups
    of = np.array(names) == "female"
    assert (women.group, women.n, women.n_subjects) == ("female", int(of.sum()), None)
    assert women.accuracy == pytest.approx((truth == said)[of].mean())
    assert women.uar == pytest.approx(uar(confusion(truth[of], said[of], 4)))
    assert men.accuracy_interval == pytest.approx(wilson_interval(195, 195))
    assert women.gap.value == pytest.approx(women.accuracy - 1)
    assert women.gap.high < 0
    assert men.gap.value == pytest.approx(-women.gap.value)
    assert men.gap.low == pytest.approx(-women.gap.high)


def test_groups_of_people_draw_people():
    truth, _ = answers(300)
    person = np.arange(300) // 10
    said = np.where(person % 3 == 0, (truth + 1) % 4, truth)  # some people are never recognised
    groups = {"gender": tuple("female" if p < 15 else "male" for p in person)}
    subjects = tuple(f"p{p}" for p in person)
    (people,) = demographics(truth, said, groups, 4, subjects)
    (pictures,) = demographics(truth, said, groups, 4)
    assert people.groups[0].n_subjects == 15
    wide, narrow = (np.diff(f.groups[0].accuracy_interval)[0] for f in (people, pictures))
    assert wide > 2 * narrow
    assert people.groups[0].gap.high - people.groups[0].gap.low > 2 * (
        pictures.groups[0].gap.high - pictures.groups[0].gap.low
    )
    ages = tuple(("70+", "20-39", "4-19")[p % 3] for p in person)
    (bands,) = demographics(truth, said, {"age_band": ages}, 4, subjects)
    assert [g.group for g in bands.groups] == ["4-19", "20-39", "70+"]
    (single,) = demographics(truth, said, {"gender": ("female",) * 300}, 4)
    assert single.groups[0].gap is None
    with pytest.raises(MienError, match="a gender for each of 300"):
        demographics(truth, said, {"gender": ("female",)}, 4)
