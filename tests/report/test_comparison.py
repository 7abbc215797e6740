"""`mien compare` on folders as mien writes them, and on everything that can be wrong with one."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from mien.core.errors import MienError
from mien.core.recipe import parse_recipe
from mien.metrics.comparison import Comparison
from mien.metrics.difference import Difference
from mien.metrics.folds import FoldFigures, fold_table
from mien.metrics.predictions import Predictions
from mien.metrics.provenance import ProtocolFacts, Provenance
from mien.metrics.report import Clusters, build_report
from mien.metrics.resampled import corrected_resampled_t
from mien.report.comparison import compare, write_comparison
from mien.report.comparison_words import gap_words, p_words, summary, verdict
from mien.report.evaluation import write_report

LABELS = ("anger", "happiness", "sadness")
RECIPE = """
name: tiny
method: {name: baseline, params: {backbone: {name: resnet18}}}
data: {name: fer2013, train_split: Training, test_split: PublicTest}
train: {epochs: 3, lr: 0.1}
"""
Write = Callable[..., Path]


def truth_of(n: int) -> np.ndarray:
    return np.arange(n) % 3


def answers(n: int, wrong: range | list[int]) -> np.ndarray:
    said = truth_of(n).copy()
    said[list(wrong)] = (said[list(wrong)] + 1) % 3
    return said


def scores_of(said: np.ndarray, k: int = 3) -> np.ndarray:
    p = np.full((len(said), k), 0.2 / k)
    p[np.arange(len(said)), said] += 0.8
    return p


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the folder of a scored run."""

    def folder(
        name: str,
        said: np.ndarray,
        *,
        labels: tuple[str, ...] = LABELS,
        truth: np.ndarray | None = None,
        ids: list[str] | None = None,
        people: int = 0,
        folds: int = 0,
        recipe: str = "",
        **facts: object,
    ) -> Path:
        y = truth_of(len(said)) if truth is None else truth
        subjects = tuple(f"p{i % people}" for i in range(len(said))) if people else ()
        protocol = {
            "name": "fixed",
            "split": "test",
            "select_on": "val",
            "report_on": "test",
            "sha256": "abc",
        }
        protocol |= {key: facts.pop(key) for key in list(facts) if key in protocol or key == "leaks"}
        told = {"model": name, "data": "fake", "selected_on": "val", "created": date(2026, 1, 2)} | facts
        table = None
        if folds:
            parts = np.array_split(np.arange(len(said)), folds)
            table = fold_table(
                [
                    FoldFigures(name=f"fold {i + 1} of {folds}", n_train=len(said) - len(part), n_val=0,
                                n=len(part), accuracy=float((said == y)[part].mean()),
                                uar=0.5, best_epoch=1, epochs=1, minutes=0.1)
                    for i, part in enumerate(parts)
                ],
                folds,
            )  # fmt: skip
        p = scores_of(said, len(labels))
        report = build_report(
            labels, y, p, Provenance(protocol=ProtocolFacts(**protocol), **told),
            clusters=Clusters(subjects, "subjects") if people else None, folds=table,
        )  # fmt: skip
        names = tuple(ids or (f"s{i}" for i in range(len(said))))
        write_report(report, tmp_path / name, Predictions(labels, names, y, p, subjects))
        if recipe:
            loaded = parse_recipe(RECIPE, "tiny.yaml", recipe.split())
            (tmp_path / name / "recipe.json").write_text(loaded.model_dump_json())
        return tmp_path / name

    return folder


def no_nan(folder: Path) -> None:
    for path in folder.iterdir():
        assert not re.search(r"\b(nan|inf|infinity)\b", path.read_text(encoding="utf-8"), re.I), path


def test_three_runs_and_their_differences(write: Write, tmp_path: Path) -> None:
    n = 300
    paths = [
        write("good", answers(n, range(0, 30)), recipe="train.lr=0.1"),
        write("same_level", answers(n, range(5, 37)), recipe="train.lr=0.2"),
        write("bad", answers(n, range(0, 120)), recipe="train.lr=0.1 train.epochs=7"),
    ]
    found = compare(paths)
    assert [run.accuracy for run in found.runs] == pytest.approx([0.9, 1 - 32 / 300, 0.6])
    good_level, good_bad, _ = found.pairs
    assert (good_level.only_a, good_level.only_b) == (7, 5)
    assert good_level.accuracy.value == pytest.approx(2 / 300)
    assert good_level.p_value == pytest.approx(binomtest(5, 12).pvalue)
    assert not good_level.beyond_chance
    assert good_bad.decided_by == "mcnemar"
    assert good_bad.accuracy.low < 0.3 < good_bad.accuracy.high
    # the binomial deviation of 90 discordant pairs of 300
    assert good_bad.accuracy.high - 0.3 == pytest.approx(1.96 * np.sqrt(0.3 * 0.7 / 300), rel=0.1)
    smallest = min(pair.p_value for pair in found.pairs)
    assert min(pair.p_adjusted for pair in found.pairs) == pytest.approx(min(1, 3 * smallest))
    assert (
        summary(found)
        == "Of 3 differences in accuracy, 2 are beyond chance (p below 0.05, adjusted by Holm)."
    )
    assert verdict(good_bad, found).startswith(
        "good is right more often than bad, by 30.0 percentage points (95 % interval +2"
    )
    assert "may be chance (McNemar's exact test, 7 samples against 5, adjusted p = 0.774)" in verdict(
        good_level, found
    )
    settings = {s.key: s.values for s in found.settings}
    assert settings["train.lr"] == ("0.1", "0.2", "0.1")
    assert settings["train.epochs"] == ("3", "3", "7")
    assert "data" not in settings
    assert found.warnings == ()

    files = write_comparison(found, tmp_path / "out")
    assert {f.name for f in files} == {
        "comparison.html", "comparison.md", "comparison.tex", "comparison.csv", "comparison.json",
        "pairs.csv",
    }  # fmt: skip
    no_nan(tmp_path / "out")
    assert Comparison.from_json((tmp_path / "out" / "comparison.json").read_text()) == found
    with (tmp_path / "out" / "pairs.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["beyond_chance"] for row in rows] == ["0", "1", "1"]
    assert float(rows[1]["accuracy_difference"]) == pytest.approx(0.3)
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//|@import|url\(""", page)
    assert page.count('class="better"') == page.count('class="worse"') == 2
    assert r"same\_level" in (tmp_path / "out" / "comparison.tex").read_text()
    first = compare(paths, first_only=True)
    assert [(p.a, p.b) for p in first.pairs] == [("good", "same_level"), ("good", "bad")]
    assert first.pairs[1].p_adjusted == pytest.approx(2 * good_bad.p_value)


def test_people_are_judged_as_people(write: Write) -> None:
    # a is better on 2 of 6 people only, but on all their 50 pictures: by pictures sure, by people not
    n = 300
    worse = [i for i in range(n) if i % 6 in (0, 1)]
    found = compare([write("a", answers(n, []), people=6), write("b", answers(n, worse), people=6)])
    (pair,) = found.pairs
    assert (found.drawn, found.n_drawn, pair.decided_by) == ("subjects", 6, "units")
    assert pair.mcnemar_p < 1e-9
    assert pair.units_p == pair.p_adjusted == pytest.approx(0.5)  # two heads or two tails
    assert not pair.beyond_chance
    assert pair.accuracy.low == pytest.approx(0.0, abs=0.01)
    assert any("only 6 subjects" in line for line in found.warnings)


def test_folds_that_differ_alike_are_not_certain(write: Write) -> None:
    a, b = answers(100, ()), answers(100, (3, 23, 43, 63, 83))
    (pair,) = compare([write("a", a, folds=5), write("b", b, folds=5)]).pairs
    assert pair.folds is None
    assert pair.decided_by == "mcnemar"
    assert not pair.beyond_chance


def test_folds_are_judged_by_the_corrected_t_test(write: Write) -> None:
    a, b = answers(100, range(0, 100, 7)), answers(100, range(0, 100, 3))
    found = compare([write("a", a, folds=5), write("b", b, folds=5)])
    (pair,) = found.pairs
    y = truth_of(100)
    d = [((a == y)[i : i + 20].mean() - (b == y)[i : i + 20].mean()) for i in range(0, 100, 20)]
    expected = corrected_resampled_t(d, [80] * 5, [20] * 5)
    assert pair.decided_by == "folds"
    assert pair.folds.p_value == pytest.approx(expected.p_value)
    assert pair.p_adjusted == pair.p_value == pair.folds.p_value
    assert "corrected resampled t-test over 5 folds" in verdict(pair, found)
    assert found.runs[0].folds.mean == pytest.approx((a == y).mean())

    assert "percentage points on the mean of the folds" in verdict(pair, found)

    other = compare([write("a", a, folds=5), write("c", b, folds=5, sha256="other")])
    assert other.pairs[0].decided_by == "mcnemar"
    assert any("other folds" in line for line in other.warnings)


def test_identical_runs_are_no_difference(write: Write, tmp_path: Path) -> None:
    path = write("a", answers(60, range(9)))
    found = compare([path, path])
    (pair,) = found.pairs
    assert [run.name for run in found.runs] == ["a", "a (2)"]
    assert (pair.accuracy.value, pair.accuracy.low, pair.accuracy.high) == (0, 0, 0)
    assert (pair.p_adjusted, pair.only_a, pair.n_other_answer) == (1.0, 0, 0)
    assert verdict(pair, found) == "a and a (2) give the same answer to every sample."
    assert any("perhaps one model" in line for line in found.warnings)
    write_comparison(found, tmp_path / "out")
    no_nan(tmp_path / "out")


def test_a_single_sample_tells_nothing(write: Write, tmp_path: Path) -> None:
    found = compare([write("right", answers(1, [])), write("wrong", answers(1, [0]))])
    (pair,) = found.pairs
    assert pair.accuracy.value == 1.0
    assert pair.accuracy.low < 0.2
    assert pair.uar.low < 0.2
    assert pair.p_adjusted == 1.0
    assert "may be chance" in verdict(pair, found)
    assert any("single sample" in line for line in found.warnings)
    write_comparison(found, tmp_path / "out")
    no_nan(tmp_path / "out")


def test_one_class_absent_and_all_answers_equal(write: Write, tmp_path: Path) -> None:
    truth = np.arange(40) % 2  # no sadness
    found = compare(
        [
            write("constant", np.zeros(40, int), truth=truth),
            write("fair", np.where(np.arange(40) < 30, truth, 1 - truth), truth=truth),
        ]
    )
    constant, fair = found.runs
    assert (constant.accuracy, constant.uar, constant.mcc) == (0.5, 0.5, 0.0)
    assert constant.recalls == (1.0, 0.0, None)
    assert constant.macro_f1 == pytest.approx((2 * 20 / 60 + 0) / 2)
    assert fair.uar == pytest.approx(0.75)
    assert any("no sample of sadness: UAR is over the other 2 classes" in line for line in found.warnings)
    assert any(line == "constant answers anger to every sample" for line in found.warnings)
    write_comparison(found, tmp_path / "out")
    no_nan(tmp_path / "out")


def test_missed_faces_are_wrong_answers(write: Write, tmp_path: Path) -> None:
    a = write("a", answers(30, range(3)))
    b = write("b", answers(30, range(3)))
    table = Predictions.from_csv((b / "predictions.csv").read_text())
    table.probabilities[:] = np.nan
    provenance = Provenance(
        model="b", data="fake", protocol=ProtocolFacts(name="p", split="test", report_on="test"),
        created=date(2026, 1, 2),
    )  # fmt: skip
    write_report(build_report(LABELS, table.truth, table.probabilities, provenance), b, table)
    found = compare([a, b])
    assert found.runs[1].n_missed == 30
    assert (found.runs[1].accuracy, found.runs[1].ece, found.runs[1].aurc) == (0.0, None, None)
    assert any(line == "b: no face was found in any sample" for line in found.warnings)
    write_comparison(found, tmp_path / "out")
    no_nan(tmp_path / "out")


def test_labels_and_samples_in_another_order_are_the_same(write: Write) -> None:
    n, said = 30, answers(30, range(4))
    a = write("a", said)
    order, back = np.array([2, 0, 1]), np.array([1, 2, 0])  # sadness, anger, happiness
    turned = np.arange(n)[::-1]
    b = write(
        "b",
        back[said][turned],
        labels=tuple(LABELS[k] for k in order),
        truth=back[truth_of(n)][turned],
        ids=[f"s{i}" for i in turned],
    )
    (pair,) = compare([a, b]).pairs
    assert (pair.n_other_answer, pair.accuracy.value) == (0, 0.0)


def test_other_labels_or_samples_are_refused(write: Write) -> None:
    a = write("a", answers(30, range(4)))
    four = write("four", answers(30, range(4)), labels=(*LABELS, "surprise"))
    with pytest.raises(MienError, match="one label space: only four knows surprise"):
        compare([a, four])
    fewer = write("fewer", answers(27, range(4)))
    with pytest.raises(
        MienError, match=r"a was scored on 30 samples and fewer on 27, of which 27 .*--common"
    ):
        compare([a, fewer])
    found = compare([a, fewer], common=True)
    assert found.n == 27
    assert found.runs[0].accuracy == found.runs[1].accuracy == pytest.approx(23 / 27)
    assert "only the samples that all runs share are compared: 27 of 30 of a" in found.warnings
    foreign = write("foreign", answers(30, range(4)), ids=[f"x{i}" for i in range(30)])
    with pytest.raises(MienError, match="a and foreign share no sample"):
        compare([a, foreign], common=True)
    relabelled = write("relabelled", answers(30, range(4)), truth=(truth_of(30) + 1) % 3)
    with pytest.raises(MienError, match=r"other labels of 30 samples \(s0, s1, s2\.\.\.\)"):
        compare([a, relabelled])


def test_folders_that_hold_no_scored_run_are_named(write: Write, tmp_path: Path) -> None:
    good = write("good", answers(30, range(4)), recipe="train.epochs=2")

    def refused(folder: Path, said: str) -> None:
        with pytest.raises(MienError, match=said) as error:
            compare([good, folder])
        assert "\n" not in str(error.value)

    refused(tmp_path / "nowhere", "there is no such folder")
    empty = tmp_path / "empty"
    empty.mkdir()
    refused(empty, r"holds no run: expected report\.json and predictions\.csv")
    (empty / "recipe.json").write_text((good / "recipe.json").read_text())
    refused(empty, "not finished: go on with mien train tiny")
    (empty / "best.safetensors").write_bytes(b"")
    refused(empty, "was not scored: mien evaluate .* --data fer2013 --split PublicTest")
    refused(tmp_path, "each can be compared: ")
    (empty / "fold-00").mkdir()
    refused(empty, "cross-validation that was not finished: go on with mien crossval tiny")

    unpredicted = write("unpredicted", answers(30, range(4)))
    (unpredicted / "predictions.csv").unlink()
    refused(unpredicted, "has a report.json but no predictions.csv")
    damaged = write("damaged", answers(30, range(4)))
    (damaged / "predictions.csv").write_text("id,truth,a,b\nx\n")
    refused(damaged, "damaged.predictions.csv")
    mixed = write("mixed", answers(30, range(4)))
    (mixed / "predictions.csv").write_text((write("of", answers(27, [])) / "predictions.csv").read_text())
    refused(mixed, "different evaluations")
    swapped = write("swapped", answers(30, range(4)))
    (swapped / "predictions.csv").write_text(
        (write("of2", answers(30, range(9))) / "predictions.csv").read_text()
    )
    refused(swapped, "different evaluations")
    ragged = write("ragged", answers(30, range(4)))
    told = json.loads((ragged / "report.json").read_text())
    told["confusion"][0] = told["confusion"][0][:-1]
    (ragged / "report.json").write_text(json.dumps(told))
    refused(ragged, "its confusion matrix does not fit its labels")
    later = write("later", answers(30, range(4)))
    tree = json.loads((later / "report.json").read_text()) | {"new": 1, "versions": {"mien": "9.1"}}
    (later / "report.json").write_text(json.dumps(tree))
    refused(later, "written by mien 9.1")
    with pytest.raises(MienError, match="at least two"):
        compare([good])


def test_what_limits_a_comparison_is_said(write: Write) -> None:
    a = write("a", answers(30, range(4)), recipe="train.epochs=2", leaks=("people stand in both parts",))
    b = write("b", answers(30, range(5)), select_on="test", selected_on="test", versions={"torch": "2.9"})
    (b / "recipe.json").write_text('{"from": "the future"}')
    found = compare([a, b])
    said = " | ".join(found.warnings)
    for words in (
        "a: people stand in both parts",
        "b: the part that picked the checkpoint is the part that is reported",
        "the recipe of b is not in its folder",
        "not selected on the same data",
    ):
        assert words in said
    settings = {s.key: s.values for s in found.settings}
    assert settings["selected on"] == ("val", "test")
    assert settings["version of torch"] == (None, "2.9")
    assert "train.epochs" not in settings


def test_pictures_that_were_scored_repeatedly_go_together(write: Write) -> None:
    ids = [f"s{i // 3}" for i in range(30)]
    truth = np.repeat(np.arange(10) % 3, 3)
    said = truth.copy()
    said[:12] = (said[:12] + 1) % 3
    found = compare([write("a", truth, truth=truth, ids=ids), write("b", said, truth=truth, ids=ids)])
    assert (found.drawn, found.n_drawn) == ("pictures", 10)
    assert found.pairs[0].units_p == pytest.approx(2 / 16)  # four pictures of three, all for a


def test_names_tell_folders_apart(write: Write, tmp_path: Path) -> None:
    a = write("x/run", answers(30, range(4)))
    b = write("y/run", answers(30, range(5)))
    assert [run.name for run in compare([a, b / "report.json"]).runs] == ["x/run", "y/run"]


def test_words() -> None:
    assert [p_words(p) for p in (0.0001, 0.04961, 1.0)] == ["p < 0.001", "p = 0.0496", "p = 1"]
    gap = Difference(0.012, -0.003, 0.027)
    assert gap_words(gap) == "+1.2 (\N{MINUS SIGN}0.3 to +2.7)"
    assert gap_words(gap, -1) == "\N{MINUS SIGN}1.2 (\N{MINUS SIGN}2.7 to +0.3)"
