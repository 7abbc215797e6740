"""What the papers say about each other's numbers."""

from __future__ import annotations

from mien.report.errata.arithmetic import count_behind, neighbours
from mien.report.errata.entry import Erratum
from mien.report.errata.names import DATA
from mien.report.published import load_published


def across_errata() -> tuple[Erratum, ...]:
    """The entries that need two papers."""
    return (_same_method(), _other_test_sets())


def _same_method() -> Erratum:
    arm, fdrl = (load_published(name).items["table3"] for name in ("arm", "fdrl"))
    n = int(load_published("arm").claims["rafdb_test"].value)
    parts = []
    for name in arm.others:
        pair = [
            table.others[name][table.columns.index("rafdb accuracy")] if name in table.others else None
            for table in (arm, fdrl)
        ]
        if None in pair or pair[0] == pair[1]:
            continue
        counts = [
            f"{value:.2f} ({f'{k:,} pictures' if (k := count_behind(value, n)) else 'no count'})"
            for value in pair
        ]
        parts.append(f"{name} {counts[0]} in ARM, {counts[1]} in FDRL")
    return Erratum(
        "across-same-method",
        "arm",
        ("table3",),
        "One method, two accuracies",
        "contradiction",
        "Table 3 of ARM and Table 3 of FDRL quote the same methods on RAF-DB.",
        f"{'; '.join(parts)}. Of {n:,} test pictures.",
        "Each table keeps what its paper prints.",
    )


def _other_test_sets() -> Erratum:
    arm, fdrl = load_published("arm"), load_published("fdrl")
    affectnet = int(arm.claims["affectnet7_validation"].value) // 7 * 8
    places = [
        (arm, "affectnet accuracy", affectnet),
        (fdrl, "rafdb accuracy", int(fdrl.claims["rafdb_test"].value)),
        (fdrl, "sfew accuracy", int(fdrl.claims["sfew_test"].value)),
    ]
    parts = []
    for paper, column, n in places:
        table = paper.items["table3"]
        for name, row in table.others.items():
            value = row[table.columns.index(column)]
            if value is not None and count_behind(value, n) is None:
                below, above = neighbours(value, n)
                parts.append(
                    f"{name} {value:.2f} on {DATA[column.split()[0]]}, between {below:.2f} and {above:.2f}"
                )
    return Erratum(
        "across-test-sets",
        "fdrl",
        ("table3",),
        "Rows that were not measured on the same pictures",
        "reading",
        "The comparisons of ARM (Table 3b) and FDRL (Table 3b) set other methods beside their own on one "
        "test split.",
        f"No count of the split's pictures ({affectnet:,} of AffectNet, {places[1][2]:,} of RAF-DB, "
        f"{places[2][2]} of SFEW) gives {'; '.join(parts)}. Their own papers may have used other splits, or "
        "means over runs.",
        "Shows them as quoted; only rows that were measured here carry an interval.",
    )
