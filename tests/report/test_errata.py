"""The errata: every arithmetic once more, from what the papers print, by other code than the entries'."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from mien.report.errata import Erratum, errata, errata_of
from mien.report.errata.arithmetic import count_behind, neighbours
from mien.report.errata.names import DATA, NETWORKS
from mien.report.published import PAPERS, load_published

CHECKS: dict[str, Callable[[], list[str]]] = {}


def check(key: str) -> Callable[[Callable[[], list[str]]], Callable[[], list[str]]]:
    """Register what recomputes an entry: it returns the texts that its arithmetic must hold."""

    def register(function: Callable[[], list[str]]) -> Callable[[], list[str]]:
        CHECKS[key] = function
        return function

    return register


def claim(method: str, key: str) -> float:
    return load_published(method).claims[key].value


def column(method: str, item: str, name: str) -> dict[str, float]:
    """Row -> cell, own rows and others', empty cells left out."""
    table = load_published(method).items[item]
    place = table.columns.index(name)
    return {
        row: cells[place] for row, cells in (table.rows | table.others).items() if cells[place] is not None
    }


def row(method: str, item: str, name: str) -> dict[str, float]:
    table = load_published(method).items[item]
    return dict(zip(table.columns, (table.rows | table.others)[name], strict=True))


def is_count(percent: float, n: int) -> bool:
    """Exactly, in fractions: some whole number of n is printed so, rounded either way at a half."""
    printed = Fraction(str(percent))
    nearest = round(printed * n / 100)
    return any(
        abs(Fraction(100 * k, n) - printed) <= Fraction(1, 200) for k in (nearest - 1, nearest, nearest + 1)
    )


@check("arm-baseline")
def _() -> list[str]:
    full, introduction = claim("arm", "full_introduction"), claim("arm", "baseline_introduction")
    baseline = column("arm", "table2", "accuracy")["baseline"]
    assert introduction != baseline
    return [f"{full - introduction:.2f} points", f"{full - baseline:.2f} points"]


@check("arm-thousands")
def _() -> list[str]:
    counts = row("arm", "table1", "train")
    total = counts.pop("total")
    assert sum(counts.values()) == total == claim("arm", "affectnet_total")
    assert total - counts["contempt"] == claim("arm", "affectnet7_train")
    return [f"{total:,.0f}", f"{claim('arm', 'affectnet7_train'):,.0f}"]


@check("arm-power-of-four")
def _() -> list[str]:
    channels, left = int(claim("arm", "feature_channels")), int(claim("arm", "arranged_channels"))
    assert channels % 4 == 0
    assert not math.log(channels, 4).is_integer()
    cluster = int(claim("arm", "cluster_side"))
    assert channels == left * cluster**2
    assert claim("arm", "arranged_side") == claim("arm", "feature_side") * cluster
    return [f"{channels} = 4 * {channels // 4}", f"{channels} = {left} * 4^{round(math.log(cluster, 2))}"]


@check("arm-stride")
def _() -> list[str]:
    kernel, stride, cluster = (int(claim("arm", key)) for key in ("kernel", "stride", "cluster_side"))
    assert stride == cluster // 2 != kernel // 2
    return [f"{kernel} / 2 = {kernel // 2}", f"{cluster} / 2 = {stride}", f"{stride / kernel:.2f}"]


@check("arm-fractions")
def _() -> list[str]:
    n, values = int(claim("arm", "rafdb_test")), column("arm", "table2", "accuracy")
    odd = [name for name, value in values.items() if not is_count(value, n)]
    assert odd == ["fa_da", "fa_sa", "da_sa"]
    said = [f"{values[name]:.2f} lies between" for name in odd]
    return said + [f"{v:.2f} = {round(v * n / 100):,}" for name, v in values.items() if name not in odd]


@check("arm-margin")
def _() -> list[str]:
    said = []
    for data in ("rafdb", "affectnet7", "affectnet", "fer2013"):
        values = column("arm", "table3", f"{data} accuracy")
        own = values.pop("full")
        margin = own - max(values.values())
        assert (margin < 0) == (data == "affectnet")
        said.append(f"{DATA[data]} {margin:+.2f}")
    return said


@check("arm-counts")
def _() -> list[str]:
    own, counts = row("arm", "table3", "full"), row("arm", "table1", "train")
    sizes = {"rafdb": 3068, "affectnet7": 3500, "affectnet": 4000, "fer2013": 3589}
    assert sizes["rafdb"] == claim("arm", "rafdb_test")
    said = []
    for data, n in sizes.items():
        assert is_count(own[f"{data} accuracy"], n)
        said.append(f"{round(own[f'{data} accuracy'] * n / 100):,} / {n:,}")
    assert said[0] == "2,778 / 3,068"
    ratios = [counts["happiness"] / counts[name] for name in ("disgust", "contempt")]
    assert min(ratios) > claim("arm", "affectnet_ratio")
    return said + [f"= {ratio:.1f} with" for ratio in ratios]


@check("fdrl-intra-weight")
def _() -> list[str]:
    size, latents = claim("fdrl", "latent_size"), claim("fdrl", "latents")
    at_start = np.full(int(size), 1 / (1 + math.exp(0))).sum()
    balance = np.abs(np.full(int(latents), at_start) - 1 / latents).sum()
    return [
        f"make {at_start:.0f}",
        f"= {balance:.0f},",
        f"is {at_start * latents:.0f}",
        f"{1 / latents / size:.5f}",
    ]


@check("fdrl-distance")
def _() -> list[str]:
    assert np.tanh(0.0) < np.tanh(1.0)
    return ["tanh(0) = 0", f"tanh(1) = {np.tanh(1):.2f}"]


@check("fdrl-dtagn")
def _() -> list[str]:
    names = load_published("fdrl").items["table3"].others
    assert "DTAGN" not in names
    said = [column("mff_cnn", item, "accuracy")["DTAGN"] for item in ("table2", "table4")]
    return [f"None of the {len(names)} other", *(f"{value:.2f} %" for value in said)]


@check("fdrl-fractions")
def _() -> list[str]:
    n = int(claim("fdrl", "rafdb_test"))
    values = {v for item in ("table1", "table2") for v in column("fdrl", item, "rafdb accuracy").values()}
    odd = sorted(value for value in values if not is_count(value, n))
    assert odd == [88.63, 88.76]
    return [f"{len(values) - len(odd)} of them", *(f"{value:.2f} (" for value in odd)]


@check("fdrl-tie")
def _() -> list[str]:
    best = {}
    for name in ("ckplus", "mmi", "oulu-casia", "rafdb", "sfew"):
        values = column("fdrl", "table3", f"{name} accuracy")
        best[name] = [key for key, value in values.items() if value == max(values.values())]
    assert best.pop("oulu-casia") == ["full", "DDL"]
    assert all(names == ["full"] for names in best.values())
    n, value = claim("fdrl", "oulu_samples"), row("fdrl", "table3", "full")["oulu-casia accuracy"]
    return [f"{value:.2f} %", f"{round(value * n / 100):,} of {n:,.0f}", "FDRL alone is best"]


@check("fdrl-counts")
def _() -> list[str]:
    own, frames = row("fdrl", "table3", "full"), claim("fdrl", "frames")
    said = []
    for data in ("ckplus", "mmi"):
        n = int(claim("fdrl", f"{data}_samples"))
        assert claim("fdrl", f"{data}_sequences") * frames == n
        assert not is_count(own[f"{data} accuracy"], n)
        said.append(f"{claim('fdrl', f'{data}_sequences'):.0f} * {frames:.0f} = {n}")
    for data, key in (("rafdb", "rafdb_test"), ("sfew", "sfew_test"), ("oulu-casia", "oulu_samples")):
        n = int(claim("fdrl", key))
        assert is_count(own[f"{data} accuracy"], n)
        said.append(f"{round(own[f'{data} accuracy'] * n / 100):,} / {n:,}")
    return said


@check("across-same-method")
def _() -> list[str]:
    arm, fdrl = (column(name, "table3", "rafdb accuracy") for name in ("arm", "fdrl"))
    both = [name for name in arm if name in fdrl and name != "full" and arm[name] != fdrl[name]]
    assert both == ["DLP-CNN", "SCN"]
    n = int(claim("arm", "rafdb_test"))
    assert is_count(arm["SCN"], n)
    assert not is_count(fdrl["SCN"], n)
    return [f"{arm['DLP-CNN']:.2f} (", f"{fdrl['DLP-CNN']:.2f} (", f"{fdrl['SCN']:.2f} (no count)"]


@check("across-test-sets")
def _() -> list[str]:
    places = [("arm", "affectnet", 4000), ("fdrl", "rafdb", 3068), ("fdrl", "sfew", 436)]
    odd = [
        f"{name} {value:.2f} on {DATA[data]}"
        for method, data, n in places
        for name, value in column(method, "table3", f"{data} accuracy").items()
        if not is_count(value, n)
    ]
    assert len(odd) == 8
    return odd


def backbones(first: str, second: str) -> np.ndarray:
    """Second minus first of two columns of EMMA's Table 1, each with its loss: [4], by backbone."""
    names = ("resnet50", "efficientnet_b2", "dan", "ddamfn")
    cells = []
    for place in (first, second):
        loss, name = place.split(": ")
        values = column("emma", "table1", name)
        cells.append([values[key if loss == "L_CA" else f"{key} cross_entropy"] for key in names])
    return np.array(cells[1]) - np.array(cells[0])


def signed(differences: np.ndarray) -> list[str]:
    return [f"{name} {value:+.3f}" for name, value in zip(NETWORKS.values(), differences, strict=True)]


@check("emma-loss")
def _() -> list[str]:
    n = int(claim("emma", "basic_emotions"))
    softmax = np.exp(np.zeros(n)) / np.exp(np.zeros(n)).sum()
    return [f"-{softmax[0]:.3f} = -1/{n}", f"ln {n} = {-np.log(softmax[0]):.3f}"]


@check("emma-letters")
def _() -> list[str]:
    basic, compounds = int(claim("emma", "basic_emotions")), int(claim("emma", "compounds"))
    entries = len(range(compounds + 1))
    assert entries != basic
    return [f"= {entries} entries", f"give {basic}"]


@check("emma-normalised")
def _() -> list[str]:
    once, scaled = ((length * 0.5 - 0.2) / 0.1 for length in (1, 4))
    assert scaled != pytest.approx(4 * once)
    return [f"becomes {once:.0f};", f"becomes {scaled:.0f}."]


@check("emma-loss-uar")
def _() -> list[str]:
    differences = backbones("L_CE: emma uar", "L_CA: emma uar")
    assert (differences < 0).tolist() == [True, False, False, False]
    return signed(differences)


@check("emma-transfer-uar")
def _() -> list[str]:
    angle, entropy = (backbones(f"{loss}: emma uar", f"{loss}: transfer uar") for loss in ("L_CA", "L_CE"))
    assert angle[3] == 0
    assert entropy[3] < 0 < angle[2]
    return signed(angle) + signed(entropy)


@check("emma-diversity")
def _() -> list[str]:
    on, off = (column("emma", "table3", name) for name in ("full", "slope_1.0"))
    changes = {name: on[name] - off[name] for name in on if name != "inter_class"}
    assert [name for name, change in changes.items() if change < 0] == ["sadness", "anger"]
    return [f"{name} {change:+.1f}" for name, change in changes.items()]


@check("emma-separation")
def _() -> list[str]:
    table = load_published("emma").items["table3"]
    cells = np.array(list(table.rows.values()))  # [7, 3], between classes last
    ratios = cells[-1] / cells[:-1].mean(0)
    assert ratios.argmin() == 2
    assert cells[-1, 2] < cells[-1, 0]
    disgust = row("emma", "table3", "disgust")
    assert disgust["full"] > disgust["cross_entropy"]
    return [f"L_CE {ratios[0]:.2f}", f"leaky ReLU {ratios[1]:.2f}", f"with it {ratios[2]:.2f}"]


@check("emma-figure3")
def _() -> list[str]:
    uar = np.mean(list(column("emma", "table2", "general recall").values()))
    assert uar == pytest.approx(column("emma", "table1", "general uar")["dan cross_entropy"], abs=5e-4)
    return [f"{uar:.3f}"]


@check("emma-validation")
def _() -> list[str]:
    n = sum(column("emma", "table2", "training pictures (number)").values())
    looks = -(-n // claim("emma", "batch"))
    return [
        f"{n:,.0f} pictures",
        f"{looks:.0f} looks",
        f"{claim('emma', 'patience') / looks:.2f} of an epoch",
    ]


@check("emma-recalls")
def _() -> list[str]:
    ours, general = (
        np.mean(list(column("emma", "table2", f"{how} recall").values())) for how in ("emma", "general")
    )
    assert ours == pytest.approx(column("emma", "table1", "emma uar")["dan"], abs=5e-4)
    assert general == pytest.approx(column("emma", "table1", "general uar")["dan cross_entropy"], abs=5e-4)
    n = sum(column("emma", "table2", "training pictures (number)").values())
    return [f"{ours:.3f} and {general:.3f}", f"{n:,.0f}", f"{n / 0.8:,.0f}"]


@check("emma-comparable")
def _() -> list[str]:
    accuracy = backbones("L_CE: general accuracy", "L_CA: emma accuracy")
    uar = backbones("L_CE: general uar", "L_CA: emma uar")
    assert (accuracy < 0).all()
    assert (uar > 0).all()
    return signed(accuracy) + signed(uar)


@pytest.mark.parametrize("entry", [e for e in errata() if e.key in CHECKS], ids=lambda entry: entry.key)
def test_arithmetic(entry: Erratum) -> None:
    for text in CHECKS[entry.key]():
        assert text in entry.arithmetic


def test_every_entry_is_computed_once_more() -> None:
    """Those of MFF-CNN and the thesis in test_errata_mff_rgbd.py."""
    assert set(CHECKS) == {e.key for e in errata() if not e.key.startswith(("mff-", "rgbd-"))}


def test_keys_are_distinct_and_items_exist() -> None:
    keys = [entry.key for entry in errata()]
    assert len(set(keys)) == len(keys)
    for entry in errata():
        assert entry.method in PAPERS
        assert set(entry.items) <= set(load_published(entry.method).items), entry.key


def test_entries_of_one_table() -> None:
    assert [entry.key for entry in errata_of("mff_cnn", "table4")] == ["mff-gain", "mff-pooled"]
    assert errata_of("arm", "figure1") == ()


@pytest.mark.parametrize("n", [7, 436, 3068])
def test_count_behind_is_the_printed_share(n: int) -> None:
    for k in range(n + 1):
        assert count_behind(round(100 * k / n, 2), n) == k


def test_a_percentage_without_a_count() -> None:
    assert count_behind(88.54, 3068) is None
    below, above = neighbours(88.54, 3068)
    assert below < 88.54 < above
    assert above - below == pytest.approx(100 / 3068)
    assert count_behind(12.5, 8) == 1
    assert count_behind(12.4, 8) is None
