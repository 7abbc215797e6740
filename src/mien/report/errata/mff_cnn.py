"""MFF-CNN: what its numbers say about each other."""

from __future__ import annotations

from math import log, sqrt

from mien.report.errata.arithmetic import (
    cells,
    class_sizes,
    count_behind,
    fitting_repetitions,
    fitting_sizes,
    half_step,
    mean,
    neighbours,
    pooled_accuracy,
)
from mien.report.errata.entry import Erratum
from mien.report.errata.mff_layers import layer_sizes
from mien.report.errata.names import DATA
from mien.report.published import load_published

EMOTIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
FIGURES = {
    "ckplus": ("figure4", "table2"),
    "jaffe": ("figure5", "table3"),
    "oulu-casia": ("figure6", "table4"),
}


def mff_errata() -> tuple[Erratum, ...]:
    """The entries of the paper."""
    return (
        _gain(),
        _anger(),
        _average(),
        _ablation_repetitions(),
        _operations(),
        _parameters(),
        _tap(),
        _negative_loss(),
        _over(),
        _caption(),
        _sequences(),
        _pooled(),
        _repetitions(),
        _sfew(),
        _counts(),
    )


def _claim(key: str) -> float:
    return load_published("mff_cnn").claims[key].value


def _class_counts(data: str) -> dict[str, int]:
    table = load_published("mff_cnn").items["table1"]
    return {name: int(table.value(data, name)) for name in EMOTIONS}


def _gain() -> Erratum:
    table = load_published("mff_cnn").items["table4"]
    full = table.value("full", "accuracy")
    gains = {name: full - table.value(name, "accuracy") for name in ("FN2EN", "FaceLiveNet", "DTAGN")}
    sizes = [table.value(name, "parameters (millions)") for name in ("DTAGN", "full")]
    return Erratum(
        "mff-gain",
        "mff_cnn",
        ("table4",),
        "The smallest gain on Oulu-CASIA",
        "contradiction",
        f"Abstract and sections 1, 4.5 and 5: {_claim('gain_low'):.2f} to {_claim('gain_high'):.2f} % "
        "better than methods with similar or slightly more parameters.",
        "Table 4: "
        f"{', '.join(f'{full:.2f} less {name} {full - g:.2f} is {g:.2f}' for name, g in gains.items())}. "
        f"The largest is over DTAGN, whose {sizes[0]:.2f}M parameters are {sizes[0] / sizes[1]:.1f} times "
        "as many.",
        f"Reads {min(gains.values()):.2f} to {max(gains.values()):.2f} points.",
    )


def _anger() -> Erratum:
    paper = load_published("mff_cnn")
    said, table = _claim("oulu_anger_full"), paper.items["table6"]
    value = table.value("full", "anger")
    rest = [table.value("full", name) for name in EMOTIONS if name != "anger"]
    return Erratum(
        "mff-anger",
        "mff_cnn",
        ("table6", "figure6"),
        "The recall of anger on Oulu-CASIA",
        "contradiction",
        f"Section 4.8: the mid-level features lift anger to {said:.2f} %. Table 6 and Figure 6: {value:.2f} "
        "%.",
        f"The mean of the six recalls is {mean([value, *rest]):.2f} with {value:.2f} and "
        f"{mean([said, *rest]):.2f} with {said:.2f}; Table 6 prints {table.value('full', 'accuracy'):.2f}.",
        f"Reads {value:.2f}.",
    )


def _average() -> Erratum:
    table = load_published("mff_cnn").items["table6"]
    parts = []
    for row in table.rows:
        printed, found = table.value(row, "accuracy"), mean(cells(table, row, EMOTIONS))
        if abs(found - printed) > 2 * half_step(2) + 1e-9:  # each side is rounded once
            parts.append((row, printed, found))
    ((row, printed, found),) = parts
    n = _class_counts("oulu-casia")["sadness"] * 10
    odd = table.value(row, "sadness")
    others = sum(table.value(row, name) for name in EMOTIONS if name != "sadness")
    # the count of sadness that would give the printed average, all other cells as they stand
    wanted = round((len(EMOTIONS) * printed - others) / 100 * n)
    mended = 100 * wanted / n
    return Erratum(
        "mff-average",
        "mff_cnn",
        ("table6",),
        "An average that its row does not have",
        "contradiction",
        f"Table 6, without joint tuning: an average of {printed:.2f} %, sadness {odd:.2f} %.",
        f"The six recalls of the row average {found:.3f}; rounding explains {half_step(2):.3f} on each "
        f"side. Over ten repetitions of {n // 10} pictures, which the other five recalls fit, {odd:.2f} % "
        f"is no count: {n:,} pictures give {' or '.join(f'{v:.2f}' for v in neighbours(odd, n))}. With "
        f"{wanted:,} of {n:,}, {mended:.2f} %, the average would be "
        f"{(others + mended) / len(EMOTIONS):.2f}. The other three rows average as printed.",
        f"Keeps both numbers as printed; takes {printed:.2f} as the row's result.",
    )


def _ablation_repetitions() -> Erratum:
    table = load_published("mff_cnn").items["table6"]
    n = _class_counts("oulu-casia")["anger"]
    found = {}
    for row in table.rows:
        # one recall of this row is no count at all: see the average that its row does not have
        names = [name for name in EMOTIONS if (row, name) != ("without_joint_tuning", "sadness")]
        found[row] = fitting_sizes(cells(table, row, names), range(n, 20 * n + 1, n))[0] // n
    return Erratum(
        "mff-ablation-repetitions",
        "mff_cnn",
        ("table6",),
        "A row that was repeated less often than the others",
        "reading",
        "Table 6 sets four forms of the network side by side; nothing is said of repetitions.",
        f"Each recall is a count over {n} pictures times the number of repetitions. The smallest number "
        f"that fits the recalls of a row is {', '.join(f'{k} for {row}' for row, k in found.items())}. In "
        "without_joint_tuning sadness is left out, which is no count.",
        "Repeats all rows equally, and says how often.",
    )


def _operations() -> Erratum:
    claim = load_published("mff_cnn").claims["operations"]
    size = layer_sizes()
    return Erratum(
        "mff-operations",
        "mff_cnn",
        ("figure2",),
        "4.87G operations that are 4.87M",
        "contradiction",
        f"Section 3: {_claim('parameters'):.2f}M parameters and {claim.printed} floating-point operations.",
        f"On crops of {_claim('input_side'):.0f} pixels a network of that size does millions: mien's "
        f"widths, 4 maps but 32 where a feature is taken, make {size.operations:,} multiplications and "
        f"additions of biases, {size.operations / 1e6:.2f}M, and {size.parameters:,} parameters. The widths "
        "are an inference from these very numbers (the paper's text has none), so this is a reading, not a "
        "proof.",
        "The preset `mffcnn` has these widths; they are parameters of the method.",
    )


def _parameters() -> Erratum:
    table = load_published("mff_cnn").items["table6"]
    shown = {row: table.value(row, "parameters (millions)") for row in table.rows}
    size, half = layer_sizes(), half_step(2)
    wide, small = shown["without_selection"], shown["without_mid_level"]
    n_classes, dropped = len(EMOTIONS), int(_claim("vectors") - _claim("selected"))
    fixed = size.mid + n_classes * int(_claim("mid_level_units")) + n_classes * dropped * size.vector
    # the least that the one and the most that the other can be, when both are rounded, cut or raised
    bounds = {
        "rounded": (wide - half, small + half),
        "cut": (wide, small + 2 * half),
        "raised": (wide - 2 * half, small),
    }
    apart = [f"{how}, {low:.3f}M - {high:.3f}M = {low - high:.3f}M" for how, (low, high) in bounds.items()]
    return Erratum(
        "mff-parameters",
        "mff_cnn",
        ("table6",),
        "Four parameter counts that no one rounding gives",
        "contradiction",
        f"Table 6: {', '.join(f'{row} {value:.2f}M' for row, value in shown.items())}.",
        f"With a mid-level layer of {_claim('mid_level_parameters'):.2f}M (section 4.4) and heads that are "
        f"fed directly, the convolutions cancel: the network without selection has {size.mid:,} (that "
        f"layer) + {n_classes} * {_claim('mid_level_units'):.0f} + {n_classes} * {dropped} * {size.vector} "
        f"(what selection drops) = {fixed:,} parameters more than the one without mid-level features. The "
        f"printed {wide:.2f}M and {small:.2f}M are further apart: at least, {'; '.join(apart)}. They agree "
        f"if {small:.2f}M alone is cut: mien's widths have {size.without_selection:,} and "
        f"{size.without_mid:,}.",
        "Counts parameters exactly.",
    )


def _tap() -> Erratum:
    size = layer_sizes()
    before, after = size.mid_if_before_pool, size.mid
    said = _claim("mid_level_parameters")
    return Erratum(
        "mff-tap",
        "mff_cnn",
        ("figure2", "figure8"),
        "Where the mid-level features are taken",
        "contradiction",
        "Section 3.1: from the fourth convolution. Section 4.7: from the second pooling, which follows it.",
        f"A layer of {_claim('mid_level_units'):.0f} units on {_claim('maps'):.0f} maps has {before:,} "
        f"parameters before the pooling and {after:,} after it; section 4.4 says about {said:.2f}M.",
        "Takes them after the pooling.",
    )


def _negative_loss() -> Erratum:
    return Erratum(
        "mff-loss",
        "mff_cnn",
        (),
        "A loss below zero",
        "contradiction",
        "Equations 3 and 5: minus the logarithm of the sum of two probabilities.",
        f"Two sure and right branches sum to 2, and -ln 2 = {-log(2):.3f}. Half the sum would be a "
        "probability; the gradient is the same, for the two differ by ln 2.",
        "Follows the equation up to that constant; `fusion: logit` sums logits instead.",
    )


def _over() -> Erratum:
    floor, table = _claim("oulu_fear_floor"), load_published("mff_cnn").items["figure6"]
    n = _class_counts("oulu-casia")["fear"] * 10
    value = table.value("fear", "fear")
    return Erratum(
        "mff-over",
        "mff_cnn",
        ("figure6",),
        "Over 98.5 %",
        "contradiction",
        f"Section 4.5: fear, happiness and surprise are recognised with over {floor:.1f} %.",
        f"Fear has {value:.2f} % in Figure 6: {count_behind(value, n):,} of {n:,}, exactly "
        f"{100 * count_behind(value, n) / n:.2f}.",
        "Reads: at least 98.5 %.",
    )


def _caption() -> Erratum:
    items = load_published("mff_cnn").items
    columns = len([name for name in items["table6"].columns if name in EMOTIONS])
    return Erratum(
        "mff-caption",
        "mff_cnn",
        ("table6",),
        "The caption of Table 6",
        "contradiction",
        "Table 6 is captioned as Table 1: the number of samples selected for each expression.",
        f"Its {len(items['table6'].rows)} rows of {columns} recalls and an average are accuracies: that of "
        f"the whole network is {items['table6'].value('full', 'accuracy'):.2f} %, as in Table 4 "
        f"({items['table4'].value('full', 'accuracy'):.2f}).",
        "Calls it an ablation.",
    )


def _sequences() -> Erratum:
    survey = load_published("rgbd_fusion").items["table1_1"]
    said, listed = int(_claim("ckplus_sequences")), int(survey.value("ckplus", "samples"))
    return Erratum(
        "mff-ckplus",
        "mff_cnn",
        ("table1",),
        "The sequences of CK+",
        "contradiction",
        f"Section 4.1: CK+ has {said} sequences.",
        f"CK+'s authors, and the RGB-D thesis's Table 1.1, count {listed}: {listed - said} more. FDRL and "
        f"this paper both have {_claim('ckplus_labelled'):.0f} with a label, of which "
        f"{_claim('ckplus_chosen'):.0f} are used here: {_claim('ckplus_chosen'):.0f} * 3 = "
        f"{3 * _claim('ckplus_chosen'):.0f} pictures, as Table 1 has.",
        f"Its survey of the data sets has {listed}.",
    )


def _pooled() -> Erratum:
    items = load_published("mff_cnn").items
    parts = [
        f"{figure.replace('figure', 'Figure ')}: {pooled_accuracy(items[figure], _class_counts(data)):.2f} "
        f"({table.replace('table', 'Table ')} prints {items[table].value('full', 'accuracy'):.2f})"
        for data, (figure, table) in FIGURES.items()
    ]
    means = [mean([items[figure].value(name, name) for name in EMOTIONS]) for figure, _ in FIGURES.values()]
    return Erratum(
        "mff-pooled",
        "mff_cnn",
        ("figure4", "figure5", "figure6", "table2", "table3", "table4"),
        "The average recognition accuracy is the share of all pictures",
        "reading",
        "Tables 2 to 4 give an average recognition accuracy, Figures 4 to 6 the confusion matrices.",
        f"Recalls weighted by the class counts of Table 1. {'; '.join(parts)}. The plain means of the "
        f"recalls are {', '.join(f'{value:.2f}' for value in means)}.",
        "Compares with the pooled accuracy of its own folds.",
    )


def _repetitions() -> Erratum:
    items = load_published("mff_cnn").items
    found = {
        data: fitting_repetitions(items[figure], _class_counts(data)) for data, (figure, _) in FIGURES.items()
    }
    common = sorted(set.intersection(*(set(numbers) for numbers in found.values())))
    return Erratum(
        "mff-repetitions",
        "mff_cnn",
        ("figure4", "figure5", "figure6"),
        "Ten repetitions of the ten folds",
        "reading",
        "Section 4.1: ten folds. Nothing is said of repetitions.",
        "A cell of a confusion matrix is a count over the pictures of its class. Over one pass of the "
        "folds the cells of Figures 4 to 6 are no counts; of 1 to 20 passes only "
        f"{' and '.join(map(str, common))} make every cell one.",
        "The recipes' protocol `mff_image_folds` is ten repetitions of ten folds, pooled.",
    )


def _sfew() -> Erratum:
    items = load_published("mff_cnn").items
    counts = class_sizes(items["figure7"], most=200)
    n, value = sum(counts.values()), items["table5"].value("full", "accuracy")
    return Erratum(
        "mff-sfew",
        "mff_cnn",
        ("figure7", "table5"),
        "The class counts of SFEW can be read from the matrix",
        "reading",
        f"Figure 7 and Table 5: {value:.2f} %.",
        "The smallest counts that fit the rows of Figure 7 are "
        f"{', '.join(f'{name} {k}' for name, k in counts.items())}: {n} in all, FDRL's "
        f"{load_published('fdrl').claims['sfew_test'].value:.0f}. Weighted by them the recalls give "
        f"{pooled_accuracy(items['figure7'], counts):.2f} %, {count_behind(value, n)} of {n}.",
        "Nothing to mend.",
    )


def _counts() -> Erratum:
    patches = _claim("patches")
    side = 2 * _claim("input_side") / (sqrt(patches) + 1)
    jaffe = _class_counts("jaffe")
    versions = int(_claim("jaffe_versions")) + 1
    sums = [f"{DATA[data]} {sum(_class_counts(data).values()):,}" for data in FIGURES]
    ck, ja = (load_published("mff_cnn").items[name] for name in ("table2", "table3"))
    return Erratum(
        "mff-counts",
        "mff_cnn",
        ("table1", "table2", "table3"),
        "Counts and gains that agree",
        "reading",
        "Table 1, equation 2, and the gains on CK+ and JAFFE.",
        f"The classes of Table 1 sum to its totals: {', '.join(sums)}. JAFFE's classes are {versions} "
        f"versions of {', '.join(str(k // versions) for k in jaffe.values())} pictures, "
        f"{sum(jaffe.values()) // versions} in all. Patches of {side:.0f} pixels: {side:.0f} * "
        f"({sqrt(patches):.0f} + 1) = 2 * {_claim('input_side'):.0f}. CK+: "
        f"{ck.value('full', 'accuracy') - ck.value('FN2EN', 'accuracy'):.1f} over FN2EN; JAFFE: "
        f"{ja.value('full', 'accuracy') - ja.value('DCMA-CNN', 'accuracy'):.2f} to "
        f"{ja.value('full', 'accuracy') - ja.value('Sobel-based CNN', 'accuracy'):.2f}.",
        "Nothing to mend.",
    )
