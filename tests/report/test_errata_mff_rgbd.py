"""The errata of MFF-CNN and of the RGB-D thesis, computed once more by other code than the entries'."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from mien.report.errata import Erratum, errata
from mien.report.published import load_published

SIX = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
SETS = {"ckplus": ("figure4", "table2"), "jaffe": ("figure5", "table3"), "oulu-casia": ("figure6", "table4")}
CHECKS: dict[str, Callable[[], list[str]]] = {}


def check(key: str) -> Callable[[Callable[[], list[str]]], Callable[[], list[str]]]:
    """Register what recomputes an entry: it returns the texts that its arithmetic must hold."""

    def register(function: Callable[[], list[str]]) -> Callable[[], list[str]]:
        CHECKS[key] = function
        return function

    return register


def mff(key: str) -> float:
    return load_published("mff_cnn").claims[key].value


def thesis(key: str) -> float:
    return load_published("rgbd_fusion").claims[key].value


def cell(item: str, row: str, column: str = "accuracy", method: str = "mff_cnn") -> float:
    return load_published(method).items[item].value(row, column)


def counts(data: str) -> np.ndarray:
    return np.array([cell("table1", data, name) for name in SIX])


def matrix(item: str) -> np.ndarray:
    return np.array(list(load_published("mff_cnn").items[item].rows.values()))


def are_counts(percents: np.ndarray, n: int) -> bool:
    """Exactly, in fractions: every percentage is a whole number of n, rounded either way at a half."""
    for value in map(str, percents):
        printed = Fraction(value)
        if abs(Fraction(100 * round(printed * n / 100), n) - printed) > Fraction(1, 200):
            return False
    return True


@check("mff-gain")
def _() -> list[str]:
    full = cell("table4", "full")
    gains = [full - cell("table4", name) for name in ("FN2EN", "FaceLiveNet", "DTAGN")]
    assert round(min(gains), 2) == round(mff("gain_low") - 1, 2)
    assert round(max(gains), 2) == mff("gain_high")
    times = cell("table4", "DTAGN", "parameters (millions)") / cell("table4", "full", "parameters (millions)")
    return [*(f"is {gain:.2f}" for gain in gains), f"{times:.1f} times"]


@check("mff-anger")
def _() -> list[str]:
    recalls = np.array([cell("table6", "full", name) for name in SIX])
    assert recalls.mean() == pytest.approx(cell("table6", "full"), abs=0.005)
    assert cell("figure6", "anger", "anger") == recalls[0] == mff("oulu_anger_full") + 1
    wrong = recalls.mean() - (recalls[0] - mff("oulu_anger_full")) / 6
    return [f"{recalls.mean():.2f} with {recalls[0]:.2f}", f"{wrong:.2f} with {mff('oulu_anger_full'):.2f}"]


@check("mff-average")
def _() -> list[str]:
    off = {}
    for row in load_published("mff_cnn").items["table6"].rows:
        recalls = np.array([cell("table6", row, name) for name in SIX])
        if abs(recalls.mean() - cell("table6", row)) > 0.0100001:
            off[row] = recalls
    ((row, recalls),) = off.items()
    assert row == "without_joint_tuning"
    assert not are_counts(recalls[4:5], 2400)
    assert are_counts(np.delete(recalls, 4), 2400)
    averages = {k: (recalls.sum() - recalls[4] + 100 * k / 2400) / 6 for k in range(2200, 2400)}
    fitting = [k for k, value in averages.items() if round(value, 2) == cell("table6", row)]
    assert 2270 in fitting
    return [f"{recalls.mean():.3f}", "2,270 of 2,400", f"{100 * 2270 / 2400:.2f} %"]


@check("mff-ablation-repetitions")
def _() -> list[str]:
    said = []
    for row in load_published("mff_cnn").items["table6"].rows:
        names = SIX[:4] + SIX[5:] if row == "without_joint_tuning" else SIX
        recalls = np.array([cell("table6", row, name) for name in names])
        said.append(f"{next(k for k in range(1, 21) if are_counts(recalls, 240 * k))} for {row}")
    return said


@check("mff-operations")
def _() -> list[str]:
    """Layer by layer with the sides written out; tests/methods/test_mff_cnn.py counts the network itself."""
    image = [(58, 1, 4), (56, 4, 4), (26, 4, 4), (24, 4, 32), (10, 32, 4), (8, 4, 32)]
    patch = [(22, 1, 4), (20, 4, 4), (8, 4, 4), (6, 4, 32)]
    convolutions = sum(side**2 * (9 * a + 1) * b for side, a, b in image)
    convolutions += 16 * sum(side**2 * (9 * a + 1) * b for side, a, b in patch)
    products = 12 * 12 * 32 * 256 + 6 * (256 + 4 * 4 * 32) + 6 * 384 * 9
    weights = sum((9 * a + 1) * b for _, a, b in image + patch)
    parameters = weights + (12 * 12 * 32 + 1) * 256 + 6 * (256 + 512 + 1) + 6 * (384 * 9 + 1)
    assert (parameters, convolutions + products) == (1_210_640, 4_867_584)
    assert f"{(convolutions + products) / 1e6:.2f}G" == load_published("mff_cnn").claims["operations"].printed
    return [f"{convolutions + products:,}", f"{parameters:,}"]


@check("mff-parameters")
def _() -> list[str]:
    fixed = 256 * (12 * 12 * 32 + 1) + 6 * 256 + 6 * (512 - 384) * 9
    wide = cell("table6", "without_selection", "parameters (millions)")
    small = cell("table6", "without_mid_level", "parameters (millions)")
    for low, high in ((wide - 0.005, small + 0.005), (wide, small + 0.01), (wide - 0.01, small)):
        assert fixed / 1e6 < low - high - 1e-6
    assert Fraction(1_217_552 - 29_200) == fixed
    return [f"{fixed:,}", f"{wide - 0.005:.3f}M - {small + 0.005:.3f}M = 1.190M", "1,217,552 and 29,200"]


@check("mff-tap")
def _() -> list[str]:
    before, after = (256 * (side * side * 32 + 1) for side in (24, 12))
    assert round(after / 1e6, 2) == mff("mid_level_parameters") < round(before / 1e6, 2)
    return [f"{before:,}", f"{after:,}"]


@check("mff-loss")
def _() -> list[str]:
    return [f"{-np.log(1.0 + 1.0):.3f}"]


@check("mff-over")
def _() -> list[str]:
    value = cell("figure6", "fear", "fear")
    assert not value > mff("oulu_fear_floor")
    return [f"{value * 24:,.0f} of 2,400"]


@check("mff-caption")
def _() -> list[str]:
    assert cell("table6", "full") == cell("table4", "full")
    return [f"{cell('table4', 'full'):.2f}"]


@check("mff-ckplus")
def _() -> list[str]:
    listed = cell("table1_1", "ckplus", "samples", "rgbd_fusion")
    assert mff("ckplus_labelled") == load_published("fdrl").claims["ckplus_sequences"].value
    assert 3 * mff("ckplus_chosen") == counts("ckplus").sum()
    return [
        f"count {listed:.0f}",
        f"{listed - mff('ckplus_sequences'):.0f} more",
        f"{counts('ckplus').sum():.0f}",
    ]


@check("mff-pooled")
def _() -> list[str]:
    said = []
    for data, (figure, table) in SETS.items():
        accuracy = np.average(np.diag(matrix(figure)), weights=counts(data))
        assert accuracy == pytest.approx(cell(table, "full"), abs=0.005 + 0.005)
        said.append(f"{accuracy:.2f} (Table {table[-1]} prints {cell(table, 'full'):.2f})")
    assert [text[:5] for text in said] == ["98.80", "96.52", "96.51"]
    return said


@check("mff-repetitions")
def _() -> list[str]:
    fitting = [
        k
        for k in range(1, 21)
        if all(
            are_counts(cells, int(n) * k)
            for data, (figure, _) in SETS.items()
            for cells, n in zip(matrix(figure), counts(data), strict=True)
        )
    ]
    assert fitting == [10, 20]
    return ["only 10 and 20"]


@check("mff-sfew")
def _() -> list[str]:
    sizes = [next(n for n in range(1, 200) if are_counts(cells, n)) for cells in matrix("figure7")]
    right = sum(round(p * n / 100) for p, n in zip(np.diag(matrix("figure7")), sizes, strict=True))
    assert sum(sizes) == load_published("fdrl").claims["sfew_test"].value
    assert round(100 * right / sum(sizes), 2) == cell("table5", "full")
    return [f"{right} of {sum(sizes)}", f"neutral {sizes[4]}"]


@check("mff-counts")
def _() -> list[str]:
    for data in SETS:
        assert counts(data).sum() == cell("table1", data, "total")
    assert (counts("jaffe") % 8 == 0).all()
    assert counts("jaffe").sum() / 8 == mff("jaffe_chosen") == mff("jaffe_images") - mff("jaffe_neutral")
    assert mff("oulu_chosen") * 3 == mff("oulu_samples")
    jaffe = [cell("table3", "full") - cell("table3", name) for name in ("DCMA-CNN", "Sobel-based CNN")]
    assert [round(gain, 2) for gain in jaffe] == [mff("gain_jaffe_low"), mff("gain_jaffe_high")]
    ckplus = {name: cell("table2", "full") - cell("table2", name) for name in ("DCMA-CNN", "DTAGN", "FN2EN")}
    assert ckplus["DCMA-CNN"] > mff("gain_ckplus_dcma")
    assert ckplus["DTAGN"] == pytest.approx(mff("gain_ckplus_dtagn"), abs=0.05 + 1e-9)
    assert ckplus["FN2EN"] == pytest.approx(mff("gain_ckplus_fn2en"))
    return ["24 * (4 + 1) = 2 * 60", "183 in all", f"{jaffe[0]:.2f} to {jaffe[1]:.2f}"]


@check("rgbd-bu3dfe")
def _() -> list[str]:
    levels, classes, people = (int(thesis(f"bu3dfe_{k}")) for k in ("levels", "classes", "subjects"))
    wrong, right = levels * classes * people, people * (levels * (classes - 1) + 1)
    assert wrong != right == thesis("bu3dfe_samples")
    return [f"= {wrong:,}", f"= {right:,}"]


@check("rgbd-bu3dfe-views")
def _() -> list[str]:
    assert thesis("bu3dfe_views") not in (thesis("bu3dfe_samples"), 2 * thesis("bu3dfe_samples"))
    assert thesis("bu3dfe_width_survey") != thesis("bu3dfe_width")
    return [
        f"{2 * thesis('bu3dfe_samples'):,.0f}",
        f"= {thesis('bu3dfe_views') - thesis('bu3dfe_samples'):.0f}",
    ]


@check("rgbd-ckplus")
def _() -> list[str]:
    total = thesis("ckplus_female") + thesis("ckplus_male")
    assert total < 100
    return [f"= {total:.0f}", f"{100 - thesis('ckplus_female'):.0f} %"]


@check("rgbd-voxels")
def _() -> list[str]:
    held = len(np.packbits(np.zeros((int(thesis("voxel_side")),) * 3, bool)))
    return [f"{held:,} bytes", f"{held / 2**10:.0f} kB"]


@check("rgbd-eight-classes")
def _() -> list[str]:
    return [f"= {8 - thesis('eight_classes_named'):.0f}"]


@check("rgbd-accuracy")
def _() -> list[str]:
    """Equation 2.23 class by class on the counts, then equation 2.24."""
    sizes = [next(n for n in range(1, 200) if are_counts(cells, n)) for cells in matrix("figure7")]
    table = np.array([np.rint(p * n / 100) for p, n in zip(matrix("figure7"), sizes, strict=True)])
    binary = []
    for k in range(len(table)):
        wrong = table[k].sum() + table[:, k].sum() - 2 * table[k, k]
        binary.append(1 - wrong / table.sum())
    assert thesis_accuracy() < 1 - 2 / len(table)
    return [f"{100 * np.mean(binary):.2f} %", f"{100 * np.trace(table) / table.sum():.2f} %"]


def thesis_accuracy() -> float:
    return cell("table3_3", "full", method="rgbd_fusion") / 100


@check("rgbd-layers")
def _() -> list[str]:
    side, sides = int(thesis("input_side")), []
    table = load_published("rgbd_fusion").items["table3_1"]
    for _, _, kernel, stride, _ in list(table.rows.values())[:-2]:
        if stride == 2:
            side = (
                side + 2 * (int(kernel) // 2) - int(kernel)
            ) // 2 + 1  # equation 2.2, padded by half a kernel
            sides.append(side)
    assert sides[-2] == thesis("feature_side") != sides[-1]
    block = table.rows["block 11"]
    assert block[4] > 1
    assert block[0] != block[1]
    return [" > ".join(map(str, [int(thesis("input_side")), *sides])), f"{sides[-1]} by {sides[-1]}"]


@check("rgbd-powers")
def _() -> list[str]:
    claims = load_published("rgbd_fusion").claims
    for key in ("rate_trunks", "rate_fusion", "centre_weight"):
        base, power = map(int, claims[key].printed.split("^"))
        assert base**power == 1
        assert 10.0**power == pytest.approx(claims[key].value)
    return ["1^-4 = 1, meant 0.0001"]


@check("rgbd-centre")
def _() -> list[str]:
    x, c = np.array([3.0, 4.0]), np.zeros(2)
    plain = (c - x) / (2 * np.linalg.norm(c - x))  # gradient of |x - c| / 2
    squared = c - x  # of |x - c|^2 / 2
    return [f"length {np.linalg.norm(squared):.0f}", f"half the distance {np.linalg.norm(plain):.1f}"]


@check("rgbd-island")
def _() -> list[str]:
    a, b = np.array([3.0, 4.0]), np.array([1.0, 2.0])
    return ["0 for every centre", f"{a @ b / np.linalg.norm(a) / np.linalg.norm(b):.3f}"]


@check("rgbd-island-step")
def _() -> list[str]:
    a, b = np.array([1.0, 2.0]), np.array([3.0, 1.0])
    na, nb = np.linalg.norm(a), np.linalg.norm(b)
    cosine = 2 * (b / (na * nb) - (a @ b) * a / (na**3 * nb))  # of cos(a, b) + cos(b, a), by a
    bracket = (b * na**2 - (a @ b) * a) / (nb * na**3)
    assert cosine == pytest.approx(2 * bracket)
    return [f"({bracket[0]:.3f}, {bracket[1]:.3f})", f"({cosine[0]:.3f}, {cosine[1]:.3f})", "2 times"]


@check("rgbd-grouping")
def _() -> list[str]:
    centre, island = thesis("centre_weight"), thesis("island_weight")
    return [f"= {1 / centre:.0f}", f"{island:g} / ("]


@check("rgbd-sum-fusion")
def _() -> list[str]:
    full, both, one = (
        cell("table3_7", name, method="rgbd_fusion")
        for name in ("full", "without_cross_mask", "without_transformer")
    )
    return [f"= {full - both:.2f} points", f"= {full - one:.2f}", f"= {one - both:.2f}"]


@check("rgbd-afnet")
def _() -> list[str]:
    first, second, other = (
        cell("table3_4", name, method="rgbd_fusion") for name in ("AFNET", "AFNET, second line", "MFEVIT")
    )
    assert first != second == other
    return [f"{first:.2f} and {second:.2f}"]


@check("rgbd-half-size")
def _() -> list[str]:
    first, second = (thesis("input_side") / thesis(key) for key in ("bu3dfe_width", "picture_side"))
    assert first < 1 < second
    return [f"= {first:.2f}", f"= {second:.2f}"]


@check("rgbd-captions")
def _() -> list[str]:
    assert cell("table3_9", "full", method="rgbd_fusion") != cell("table3_3", "full", method="rgbd_fusion")
    return [f"{thesis('merged_samples') - thesis('cald3r_mend3s_samples'):,.0f} more"]


@check("rgbd-counts")
def _() -> list[str]:
    survey = load_published("rgbd_fusion").items["table1_1"]
    both = survey.value("cald3r", "samples") + survey.value("mend3s", "samples")
    assert both == thesis("cald3r_mend3s_samples")
    arm = load_published("arm").claims
    fer = sum(arm[f"fer2013_{part}"].value for part in ("train", "validation", "test"))
    assert fer == survey.value("fer2013", "samples")
    rest = thesis("merged_samples") - both - thesis("bu3dfe_samples")
    steps = both * 4 / 5 / thesis("batch")
    assert math.floor(10 * steps) / 10 == thesis("epoch_iterations")
    return [f"= {both:,.0f} pictures", f"= {fer:,.0f}", f"= {rest:.0f} pictures", f"{steps:.3f}"]


@pytest.mark.parametrize("entry", [e for e in errata() if e.key in CHECKS], ids=lambda entry: entry.key)
def test_arithmetic(entry: Erratum) -> None:
    for text in CHECKS[entry.key]():
        assert text in entry.arithmetic


def test_every_entry_is_computed_once_more() -> None:
    assert set(CHECKS) == {entry.key for entry in errata() if entry.key.startswith(("mff-", "rgbd-"))}
