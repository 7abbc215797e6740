"""ARM: what its numbers say about each other."""

from __future__ import annotations

from mien.report.errata.arithmetic import count_behind, neighbours
from mien.report.errata.entry import Erratum
from mien.report.errata.names import DATA
from mien.report.published import load_published


def arm_errata() -> tuple[Erratum, ...]:
    """The entries of the paper."""
    return (_baseline(), _thousands(), _multiple_of_four(), _stride(), _fractions(), _margin(), _counts())


def _baseline() -> Erratum:
    paper = load_published("arm")
    table, full = paper.items["table2"], paper.claims["full_introduction"].value
    said, measured = paper.claims["baseline_introduction"].value, table.value("baseline", "accuracy")
    return Erratum(
        "arm-baseline",
        "arm",
        ("table2",),
        "Two accuracies of the plain ResNet-18",
        "contradiction",
        f"Section 1: ARM lifts the pre-trained ResNet-18 from {said:.1f} to {full:.2f} %. Table 2: the row "
        f"without any block has {measured:.2f} %.",
        f"{full:.2f} - {said:.1f} = {full - said:.2f} points, {full:.2f} - {measured:.2f} = "
        f"{full - measured:.2f} points.",
        "Compares with Table 2, whose rows stand side by side.",
    )


def _thousands() -> Erratum:
    paper = load_published("arm")
    claim, table = paper.claims["affectnet_total"], paper.items["table1"]
    total = sum(table.value("train", name) for name in table.columns if name != "total")
    seven = total - table.value("train", "contempt")
    return Erratum(
        "arm-thousands",
        "arm",
        ("table1",),
        "A comma in the wrong place",
        "contradiction",
        f"Table 1 gives AffectNet's training pictures as {claim.printed}.",
        f"The eight classes sum to {total:,.0f}; without contempt they are {seven:,.0f}, which is what "
        "section 4.1 says.",
        f"Reads {total:,.0f}.",
    )


def _multiple_of_four() -> Erratum:
    claims = load_published("arm").claims
    channels, left = int(claims["feature_channels"].value), int(claims["arranged_channels"].value)
    side, cluster = int(claims["feature_side"].value), int(claims["cluster_side"].value)
    folds = 0
    rest = channels
    while rest % 4 == 0:
        rest, folds = rest // 4, folds + 1
    return Erratum(
        "arm-power-of-four",
        "arm",
        (),
        "Why arrangement stops at two channels",
        "contradiction",
        f"Section 4.3: two channels remain because {channels} is not an integer multiple of 4.",
        f"{channels} = 4 * {channels // 4} is one; it is no power of 4: {channels} = {left} * 4^{folds}, so "
        f"{folds} foldings leave {rest} channels of {side} * 2^{folds} = {side * 2**folds} pixels a side, "
        f"in clusters of {cluster}.",
        "Two channels, as in the paper: only the reason given is a slip.",
    )


def _stride() -> Erratum:
    claims = load_published("arm").claims
    kernel, stride = int(claims["kernel"].value), int(claims["stride"].value)
    cluster, side = int(claims["cluster_side"].value), int(claims["arranged_side"].value)
    windows = (side - kernel) // stride + 1
    return Erratum(
        "arm-stride",
        "arm",
        (),
        "Half of the kernel or half of the cluster",
        "contradiction",
        "Section 3.3: the stride of de-albino is about half of the kernel's size. Section 4.3: the kernel "
        f"is {kernel}, the stride half of the cluster, {stride}.",
        f"{kernel} / 2 = {kernel // 2}; {cluster} / 2 = {cluster // 2}; {stride} / {kernel} = "
        f"{stride / kernel:.2f}.",
        f"A stride of {stride}, which gives {windows} * {windows} windows.",
    )


def _fractions() -> Erratum:
    paper = load_published("arm")
    table, n = paper.items["table2"], int(paper.claims["rafdb_test"].value)
    sound, odd = [], []
    for row in table.rows:
        value = table.value(row, "accuracy")
        count = count_behind(value, n)
        if count is None:
            below, above = neighbours(value, n)
            odd.append(f"{value:.2f} lies between {below:.2f} and {above:.2f}")
        else:
            sound.append(f"{value:.2f} = {count:,}")
    return Erratum(
        "arm-fractions",
        "arm",
        ("table2",),
        "Three accuracies that no count gives",
        "contradiction",
        f"Table 2 gives accuracies on RAF-DB, whose test split has {n:,} pictures (section 4.1).",
        f"A share of {n:,} must be a whole number of them. {'; '.join(sound)} of {n:,} are. "
        f"{'; '.join(odd)}, the nearest shares. Means of several runs, or another number of pictures, would "
        "explain them; the paper names neither.",
        "Shows the printed values beside its own and does not guess.",
    )


def _margin() -> Erratum:
    table = load_published("arm").items["table3"]
    margins = []
    for column in ("rafdb accuracy", "affectnet7 accuracy", "affectnet accuracy", "fer2013 accuracy"):
        others = {name: cells[table.columns.index(column)] for name, cells in table.others.items()}
        best, value = max((value, name) for name, value in others.items() if value is not None)
        margins.append(f"{DATA[column.split()[0]]} {table.value('full', column) - best:+.2f} to {value}")
    return Erratum(
        "arm-margin",
        "arm",
        ("table3",),
        "A large margin on AffectNet",
        "contradiction",
        "Section 4.7: ARM outperforms the state of the art by a large margin on RAF-DB, AffectNet and "
        "FER2013. Table 3(b) has SCN and PSR above it with eight classes.",
        f"Points between ARM and the best other row of Table 3: {', '.join(margins)}. The sentence names "
        "the figure of seven classes.",
        "Shows all four columns.",
    )


def _counts() -> Erratum:
    paper = load_published("arm")
    table, claims = paper.items["table3"], paper.claims
    validation7 = int(claims["affectnet7_validation"].value)
    sizes = {
        "rafdb accuracy": int(claims["rafdb_test"].value),
        "affectnet7 accuracy": validation7,
        "affectnet accuracy": validation7 // 7 * 8,  # its validation classes are of equal size
        "fer2013 accuracy": int(claims["fer2013_test"].value),
    }
    parts = []
    for column, n in sizes.items():
        value = table.value("full", column)
        parts.append(f"{DATA[column.split()[0]]} {value:.2f} % = {count_behind(value, n):,} / {n:,}")
    largest, *small = (
        paper.items["table1"].value("train", name) for name in ("happiness", "disgust", "contempt")
    )
    return Erratum(
        "arm-counts",
        "arm",
        ("table1", "table3"),
        "What the results are counts of",
        "reading",
        f"Table 3; section 4.1: the largest class has over {claims['affectnet_ratio'].value:.0f} times the "
        "pictures of the smallest.",
        f"{'; '.join(parts)}: each is a whole number of pictures. {largest:,.0f} / {small[0]:,.0f} = "
        f"{largest / small[0]:.1f} with seven classes, {largest:,.0f} / {small[1]:,.0f} = "
        f"{largest / small[1]:.1f} with eight.",
        "Nothing to mend.",
    )
