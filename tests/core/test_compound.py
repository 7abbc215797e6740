from fractions import Fraction

import numpy as np
import pytest

from mien.core.compound import (
    DU15,
    RAFDB11,
    Mixture,
    MixtureSet,
    compound_scores,
    coupling_matrix,
    join_mixtures,
    logit_statistics,
    parse_mixture,
    parse_mixtures,
)
from mien.core.errors import MienError
from mien.core.labels import BASIC6, COMPOUND11

RAFDB_BASICS = ("surprise", "fear", "disgust", "happiness", "sadness", "anger")
COLUMNS = "HaSu HaDi SaFe SaAn SaSu SaDi FeAn FeSu AnSu AnDi DiSu".split()
SHORT = {"Su": "surprise", "Fe": "fear", "Di": "disgust", "Ha": "happiness", "Sa": "sadness", "An": "anger"}


def test_the_coupling_matrix_of_the_paper():
    matrix = coupling_matrix(RAFDB11, RAFDB_BASICS)
    assert matrix.shape == (6, 11)
    assert np.count_nonzero(matrix) == 22
    assert set(matrix[matrix > 0]) == {0.5}
    assert matrix.sum(0).tolist() == [1] * 11
    for column, name in enumerate(COLUMNS):
        mixed = {RAFDB_BASICS[row] for row in np.flatnonzero(matrix[:, column])}
        assert mixed == {SHORT[name[:2]], SHORT[name[2:]]}
    present = {frozenset(np.flatnonzero(column)) for column in matrix.T}
    absent = {("happiness", "sadness"), ("happiness", "fear"), ("happiness", "anger"), ("fear", "disgust")}
    assert len(present) == 11
    assert not present & {frozenset(RAFDB_BASICS.index(e) for e in pair) for pair in absent}


def test_rafdb_names_are_those_of_the_label_space():
    assert sorted(RAFDB11.names) == list(COMPOUND11.names)
    assert RAFDB11.names[:2] == ("happily_surprised", "happily_disgusted")
    assert RAFDB11.chosen == frozenset()


def test_rows_follow_the_order_of_the_labels():
    alphabetical = coupling_matrix(RAFDB11, BASIC6.names)
    rows = [BASIC6.index(name) for name in RAFDB_BASICS]
    np.testing.assert_array_equal(alphabetical[rows], coupling_matrix(RAFDB11, RAFDB_BASICS))


def test_the_categories_of_du():
    matrix = coupling_matrix(DU15, BASIC6.names)
    assert matrix.shape == (6, 15)
    np.testing.assert_allclose(matrix.sum(0), 1, atol=1e-15)
    assert len({tuple(column) for column in matrix.T}) == 15  # no two are the same mixture
    assert DU15.chosen == {"appalled", "hatred", "awed"}
    weights = {mixture.name: mixture.weights for mixture in DU15.mixtures}
    assert max(weights["appalled"], key=weights["appalled"].get) == "disgust"
    assert max(weights["hatred"], key=weights["hatred"].get) == "anger"
    assert max(weights["awed"], key=weights["awed"].get) == "surprise"
    assert dict(weights["fearfully_disgusted"]) == {"fear": 0.5, "disgust": 0.5}
    assert set(RAFDB11.names) < set(DU15.names)


def test_scores_against_a_loop():
    rng = np.random.default_rng(0)
    similarity = rng.normal(size=(4, 6)).astype(np.float32)
    matrix = coupling_matrix(DU15, BASIC6.names)
    scores = compound_scores(similarity, matrix)
    assert scores.shape == (4, 15)
    for b in range(4):
        for c, mixture in enumerate(DU15.mixtures):
            expected = sum(w * float(similarity[b, BASIC6.index(e)]) for e, w in mixture.weights.items())
            assert scores[b, c] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "name", "weights"),
    [
        ("nostalgia=0.5*happiness+0.5*sadness", "nostalgia", {"happiness": 0.5, "sadness": 0.5}),
        (
            "  sweet sorrow = 0.25 * sadness + 0.75*happiness ",
            "sweet sorrow",
            {"sadness": 0.25, "happiness": 0.75},
        ),
        (
            "thirds=1/3*fear+2/3*surprise",
            "thirds",
            {"fear": float(Fraction(1, 3)), "surprise": float(Fraction(2, 3))},
        ),
        ("joy=happiness", "joy", {"happiness": 1.0}),
    ],
)
def test_a_mixture_as_it_is_typed(text, name, weights):
    mixture = parse_mixture(text)
    assert mixture.name == name
    assert dict(mixture.weights) == weights


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nostalgia", "'nostalgia' is no mixture: write name=weight"),
        ("=0.5*fear+0.5*anger", "'' cannot name a compound"),
        ("a,b=fear", "'a,b' cannot name a compound"),
        ("x=", "the mixture x is empty"),
        ("x=0.5*fear+0.4*anger", "x: its weights must sum to 1, they sum to 0.9"),
        ("x=0.5*fear+0.5", "x: '0.5' is no term: write weight*emotion"),
        ("x=1.5*fear+-0.5*anger", "x: the weight of anger must be above 0, got -0.5"),
        ("x=0*fear+1*anger", "x: the weight of fear must be above 0, got 0"),
        ("x=half*fear", "x: 'half' is no weight; write 0.5 or 1/2"),
        ("x=1/0*fear", "x: '1/0' is no weight"),
        ("x=nan*fear", "x: 'nan' is no weight"),
        ("x=0.5*fear+0.5*fear", "x: fear stands in it twice"),
        ("x=0.5*fear++0.5*anger", "x: '' is no term"),
        ("x=*fear", "is no term"),
        ("x=0.5*sadnes+0.5*anger", "x: unknown emotion 'sadnes'; did you mean 'sadness'"),
        ("x=0.5*neutral+0.5*anger", "x: unknown emotion 'neutral'"),
    ],
)
def test_what_is_wrong_with_a_mixture_is_told_in_one_line(text, said):
    with pytest.raises(MienError) as caught:
        coupling_matrix(MixtureSet("test", (parse_mixture(text),)), BASIC6.names)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


FILES = {
    "lines.txt": "# ours\nnostalgia=0.5*happiness+0.5*sadness\n\ndread = 0.8*fear + 0.2*sadness\n",
    "list.yaml": "- nostalgia=0.5*happiness+0.5*sadness\n- dread=0.8*fear+0.2*sadness\n",
    "formulas.yaml": "nostalgia: 0.5*happiness+0.5*sadness\ndread: 0.8*fear + 0.2*sadness\n",
    "weights.yaml": "nostalgia: {happiness: 0.5, sadness: 1/2}\ndread:\n  fear: 0.8\n  sadness: 0.2\n",
}


@pytest.mark.parametrize("form", list(FILES))
def test_mixtures_in_any_form(form):
    mixtures = parse_mixtures(FILES[form], form)
    assert mixtures.name == form
    assert [(m.name, dict(m.weights)) for m in mixtures.mixtures] == [
        ("nostalgia", {"happiness": 0.5, "sadness": 0.5}),
        ("dread", {"fear": 0.8, "sadness": 0.2}),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mine: there is no mixture in it"),
        ("a: [", "mine: not YAML"),
        ("- a=fear\n- a=anger", "mine: the compound a stands in it twice"),
        ("- a", "mine: 'a' is no mixture"),
        ("a:", "mine: the mixture a is empty"),
        ("a: {fear: 0.7}", "mine: a: its weights must sum to 1, they sum to 0.7"),
        ("a: {fear: [1]}", "mine: a: '[1]' is no weight"),
        ("7", "mine: expected mixtures"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_in_one_line(text, said):
    with pytest.raises(MienError) as caught:
        parse_mixtures(text, "mine")
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_sets_are_joined():
    own = MixtureSet("own", (Mixture("dread", {"fear": 1.0}),))
    both = join_mixtures([DU15, own])
    assert both.names == (*DU15.names, "dread")
    assert both.name == "du15+own"
    assert both.chosen == DU15.chosen
    with pytest.raises(MienError, match="the compound happily_surprised stands in it twice"):
        join_mixtures([RAFDB11, DU15])


def test_statistics_bring_logits_to_one_scale():
    logits = np.random.default_rng(0).normal([1, -2, 5], [1, 3, 0.5], (400, 3)).astype(np.float32)
    known = logit_statistics(logits, "400 samples of test")
    standard = (logits.astype(np.float64) - known.mean) / known.std
    np.testing.assert_allclose(standard.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(standard.std(0), 1, atol=1e-12)
    assert known.fitted_on == "400 samples of test"
    assert logit_statistics(np.ones((5, 2)), "constant").std == (1e-6, 1e-6)
