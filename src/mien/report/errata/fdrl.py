"""FDRL: what its numbers say about each other."""

from __future__ import annotations

import math

from mien.report.errata.arithmetic import count_behind, neighbours
from mien.report.errata.entry import Erratum
from mien.report.errata.names import DATA
from mien.report.published import load_published


def fdrl_errata() -> tuple[Erratum, ...]:
    """The entries of the paper."""
    return (_intra_weight(), _distance(), _missing_row(), _fractions(), _tie(), _counts())


def _intra_weight() -> Erratum:
    claims = load_published("fdrl").claims
    size, latents = int(claims["latent_size"].value), int(claims["latents"].value)
    start, target = size / 2, 1 / latents
    return Erratum(
        "fdrl-intra-weight",
        "fdrl",
        ("table1", "figure6"),
        "A weight that starts far from where the balance loss wants it",
        "contradiction",
        "Equation 4: the weight of a latent is the L1 norm of a vector of sigmoids. Equation 6 draws its "
        f"mean to 1/M, with a weight of {claims['balance_weight'].value:.1f}.",
        f"{size} sigmoids that start at one half make {start:.0f}; 1/{latents} = {target:.3f}; {start:.0f} "
        f"/ {target:.3f} is {start / target:.0f}. The balance loss starts at {latents} * ({start:.0f} - "
        f"{target:.3f}) = {latents * (start - target):.0f}, beside a cross-entropy of about ln 7 = "
        f"{math.log(7):.2f}. To reach 1/M the mean sigmoid must fall to {target / size:.5f}.",
        "Takes the mean of the sigmoids (`intra_weight: mean`): equation 4 up to the constant 1/D, with "
        "the same aim 1/M. The norm as printed is `intra_weight: l1`.",
    )


def _distance() -> Erratum:
    near, far = math.tanh(0.0), math.tanh(1.0)
    return Erratum(
        "fdrl-distance",
        "fdrl",
        (),
        "A distance that is called a similarity",
        "contradiction",
        "Section 3.2, below equation 9: S is a distance function which estimates the similarity score of "
        "two messages; the weight is tanh(S).",
        f"tanh(0) = {near:.0f} and tanh(1) = {far:.2f}: equal messages weigh nothing, unlike ones more. A "
        "similarity would do the opposite.",
        "Follows the equation: far messages weigh more.",
    )


def _missing_row() -> Erratum:
    table = load_published("fdrl").items["table3"]
    other = load_published("mff_cnn").items
    return Erratum(
        "fdrl-dtagn",
        "fdrl",
        ("table3",),
        "DTAGN is discussed but not in the table",
        "contradiction",
        "Section 4.5 names FN2EN, DTAGN and SPDNet among the methods of Table 3.",
        f"None of the {len(table.others)} other methods of Table 3 is DTAGN. MFF-CNN's tables have it: "
        f"{other['table2'].value('DTAGN', 'accuracy'):.2f} % on CK+, "
        f"{other['table4'].value('DTAGN', 'accuracy'):.2f} % on Oulu-CASIA.",
        "Keeps the table as printed.",
    )


def _fractions() -> Erratum:
    paper = load_published("fdrl")
    n = int(paper.claims["rafdb_test"].value)
    values: dict[float, list[str]] = {}
    for table in (paper.items["table1"], paper.items["table2"]):
        number = table.where.partition(",")[0]
        for row in table.rows:
            values.setdefault(table.value(row, "rafdb accuracy"), []).append(f"{row} of {number}")
    odd = [
        f"{value:.2f} ({' and '.join(where)}) lies between {{:.2f}} and {{:.2f}}".format(
            *neighbours(value, n)
        )
        for value, where in values.items()
        if count_behind(value, n) is None
    ]
    return Erratum(
        "fdrl-fractions",
        "fdrl",
        ("table1", "table2"),
        "Accuracies on RAF-DB that no count gives",
        "contradiction",
        f"Tables 1 and 2 give {len(values)} different accuracies on the {n:,} test pictures of RAF-DB.",
        f"{len(values) - len(odd)} of them are whole numbers of pictures. {'; '.join(odd)}, the nearest "
        "shares. Means of several runs would explain them.",
        "Shows the printed values beside its own.",
    )


def _tie() -> Erratum:
    table = load_published("fdrl").items["table3"]
    own, other = table.value("full", "oulu-casia accuracy"), table.value("DDL", "oulu-casia accuracy")
    n = int(load_published("fdrl").claims["oulu_samples"].value)
    return Erratum(
        "fdrl-tie",
        "fdrl",
        ("table3",),
        "Best on every set but one, where it ties",
        "reading",
        "Abstract: FDRL consistently achieves higher accuracy than several state-of-the-art methods.",
        f"On Oulu-CASIA FDRL and DDL both have {own:.2f} % (a difference of {own - other:.2f}): "
        f"{count_behind(own, n):,} of {n:,} pictures each. On the other four sets FDRL alone is best.",
        "Shows both rows.",
    )


def _counts() -> Erratum:
    paper = load_published("fdrl")
    table, claims = paper.items["table3"], paper.claims
    frames = int(claims["frames"].value)
    sizes = {"rafdb": "rafdb_test", "sfew": "sfew_test", "oulu-casia": "oulu_samples"}
    sound = []
    for data, claim in sizes.items():
        n, value = int(claims[claim].value), table.value("full", f"{data} accuracy")
        sound.append(f"{DATA[data]} {value:.2f} % = {count_behind(value, n):,} / {n:,}")
    odd = []
    for data in ("ckplus", "mmi"):
        n, value = int(claims[f"{data}_samples"].value), table.value("full", f"{data} accuracy")
        below, above = neighbours(value, n)
        odd.append(f"{DATA[data]} {value:.2f} % is none of {n}: the nearest are {below:.2f} and {above:.2f}")
    ck, mmi = (int(claims[f"{data}_sequences"].value) for data in ("ckplus", "mmi"))
    return Erratum(
        "fdrl-counts",
        "fdrl",
        ("table3",),
        "What the results are counts of",
        "reading",
        "Table 3, and three pictures of each sequence in the sets of the laboratory.",
        f"{ck} * {frames} = {ck * frames}, {mmi} * {frames} = {mmi * frames}, as printed. "
        f"{'; '.join(sound)}. {'; '.join(odd)}. The last two are therefore no pooled accuracies but, it "
        "seems, means over ten folds of unequal size.",
        "Reports the mean over folds beside the pooled accuracy.",
    )
