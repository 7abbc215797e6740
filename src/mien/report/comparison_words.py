"""What a comparison found, in plain words."""

from __future__ import annotations

from mien.metrics.comparison import LEVEL, Comparison, PairFigures
from mien.metrics.difference import Difference
from mien.metrics.resampled import ResampledT
from mien.report.page import percent, points

RUN_COLUMNS = ("run", "accuracy", "95 % interval", "UAR", "95 % interval", "macro F1", "MCC", "ECE")


def p_words(p: float) -> str:
    """``p < 0.001``, ``p = 0.0123``."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3g}"


def gap_words(gap: Difference, sign: int = 1) -> str:
    """A difference in percentage points with its interval: ``+1.2 (+0.3 to +2.1)``."""
    low, high = _ends(gap, sign)
    return f"{points(sign * gap.value)} ({low} to {high})"


def share_words(share: float, interval: tuple[float, float]) -> str:
    """A share with its interval: ``72.3 % (70.1 to 74.4)``."""
    return f"{percent(share)} ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"


def deciding_words(pair: PairFigures, comparison: Comparison) -> str:
    """The test that decides about a pair, with its p."""
    name = {
        "mcnemar": f"McNemar's exact test, {pair.only_a:,} samples against {pair.only_b:,}",
        "units": f"sign-flip test over {comparison.n_drawn:,} {comparison.drawn}",
        "folds": f"corrected resampled t-test over {pair.folds.n_folds if pair.folds else 0} folds",
    }[pair.decided_by]
    return f"{name}, {'adjusted ' if len(comparison.pairs) > 1 else ''}{p_words(pair.p_adjusted)}"


def fold_ends(folds: ResampledT) -> Difference:
    """The mean difference over folds; no accuracy differs by more than all samples."""
    return Difference(folds.mean, max(folds.low, -1.0), min(folds.high, 1.0))


def verdict(pair: PairFigures, comparison: Comparison) -> str:
    """One pair in one or two sentences."""
    if not pair.n_other_answer:
        return f"{pair.a} and {pair.b} give the same answer to every sample."
    lead = pair.folds.mean if pair.folds is not None else pair.accuracy.value
    sign = -1 if lead < 0 else 1
    better, worse = (pair.a, pair.b) if sign > 0 else (pair.b, pair.a)
    test, low, high = deciding_words(pair, comparison), *_ends(pair.accuracy, sign)
    also = f" In UAR the difference is {gap_words(pair.uar, sign)}."
    if pair.folds is not None:  # they decide, so theirs is the difference that is told
        also = f" Over all samples together it is {gap_words(pair.accuracy, sign)}.{also}"
        low, high = _ends(fold_ends(pair.folds), sign)
    by = f"{points(abs(lead)).lstrip('+')} percentage points"
    by += " on the mean of the folds" if pair.folds is not None else ""
    interval = f"95 % interval {low} to {high}"
    if pair.beyond_chance:
        said = f"{better} is right more often than {worse}, by {by} ({interval})"
        return f"{said}: beyond chance ({test}).{also}"
    if abs(lead) < 1e-12:
        return f"{pair.a} and {pair.b} are right equally often ({interval} of the difference; {test}).{also}"
    return f"{better} is {by} ahead of {worse} ({interval}), which may be chance ({test}).{also}"


def summary(comparison: Comparison) -> str:
    """The whole comparison in one sentence."""
    sure = sum(pair.beyond_chance for pair in comparison.pairs)
    n = len(comparison.pairs)
    if n == 1:
        return f"The difference in accuracy {'is beyond' if sure else 'may be'} chance."
    told = "none" if not sure else "all" if sure == n else str(sure)
    verb = "is" if told in ("1", "none") else "are"
    return f"Of {n} differences in accuracy, {told} {verb} beyond chance (p below {LEVEL}, adjusted by Holm)."


def method_words(comparison: Comparison) -> list[str]:
    """How the differences were judged, and what that leaves out."""
    n, drawn = len(comparison.pairs), f"{comparison.n_drawn:,} {comparison.drawn}"
    said = [
        f"All runs are scored on the same {comparison.n:,} samples. Intervals of differences are by the "
        f"paired bootstrap over {drawn}; each stands by itself.",
        f"A difference in accuracy is called beyond chance where p is below {LEVEL}"
        + (f" after Holm's correction for all {n} comparisons" if n > 1 else "")
        + "; differences in UAR are not tested.",
    ]
    decided = {pair.decided_by for pair in comparison.pairs}
    if "units" in decided:
        why = (
            "of a person depend on one another"
            if comparison.drawn == "subjects"
            else "of a picture go together"
        )
        said.append(
            f"Answers {why}, so the test flips the signs of whole {comparison.drawn}; McNemar's test would "
            "take every answer for independent."
        )
    if "folds" in decided:
        said.append(
            "Over folds, the t-test is corrected for the training samples that folds share (Nadeau and "
            "Bengio, 2003), and so also asks whether training again would give the same answer."
        )
    if decided != {"folds"}:
        said.append(
            "These tests ask about the trained models: training again, with another seed, may change the "
            "figures by more than an interval says."
        )
    return said


def _ends(gap: Difference, sign: int) -> tuple[str, str]:
    """Both ends in points, of the difference or of its opposite."""
    low, high = sorted((sign * gap.low, sign * gap.high))
    return points(low), points(high)
