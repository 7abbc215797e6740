"""The RGB-D thesis: its equations, each tried on small numbers."""

from __future__ import annotations

from math import hypot, isclose

from mien.report.errata.arithmetic import class_sizes, mean, pooled_accuracy
from mien.report.errata.entry import Erratum
from mien.report.published import load_published

STEP = 1e-6
"""Of the central differences."""


def rgbd_equation_errata() -> tuple[Erratum, ...]:
    """The entries of the equations."""
    return (_accuracy(), _centre(), _island(), _island_step(), _grouping(), _sum_fusion())


def _accuracy() -> Erratum:
    matrix = load_published("mff_cnn").items["figure7"]
    counts = class_sizes(matrix, most=200)
    accuracy = pooled_accuracy(matrix, counts) / 100
    n_classes = len(matrix.columns)
    recall = mean([matrix.value(name, name) for name in matrix.columns])
    # each wrong picture is one false positive and one false negative: it counts against two classes
    printed = 1 - 2 * (1 - accuracy) / n_classes
    return Erratum(
        "rgbd-accuracy",
        "rgbd_fusion",
        ("table2_1",),
        "An accuracy for two classes",
        "contradiction",
        "Equation 2.23 defines accuracy by true and false positives and negatives; equation 2.24 averages "
        "it over the classes. Both are given for problems of six to eight classes.",
        "Class against rest, a wrong picture is right for all classes but two, so equation 2.24 gives 1 - "
        f"2 (1 - accuracy) / {n_classes}. On MFF-CNN's Figure 7 that is {100 * printed:.2f} %, where the "
        f"accuracy is {100 * accuracy:.2f} % and the mean recall {recall:.2f} %. The thesis's results "
        f"cannot have been computed so: they would all lie above {100 * (1 - 2 / n_classes):.0f} %.",
        "Accuracy is the share of right answers, UAR the mean of the recalls.",
    )


def _centre() -> Erratum:
    x, centre = (3.0, 4.0), (0.0, 0.0)
    distance = hypot(*(a - b for a, b in zip(x, centre, strict=True)))
    step = hypot(*(b - a for a, b in zip(x, centre, strict=True)))  # the numerator of eq. 2.17

    def loss(shift: float) -> float:
        """Eq. 2.15 with the centre moved away from x along the line that joins them."""
        return 0.5 * (distance + shift)

    slope = (loss(STEP) - loss(-STEP)) / (2 * STEP)
    squared = (0.5 * (distance + STEP) ** 2 - 0.5 * (distance - STEP) ** 2) / (2 * STEP)
    return Erratum(
        "rgbd-centre",
        "rgbd_fusion",
        ("table3_5",),
        "The centre loss lacks a square",
        "contradiction",
        "Equation 2.15: half the sum of the distances of the features to their centres. Below equation "
        "2.17: its numerator, the sum of c - x, is exactly the gradient of that loss.",
        f"For x = (3, 4) and c = (0, 0) the numerator has length {step:.0f}, the gradient of half the "
        f"distance {slope:.1f}, that of half the squared distance {squared:.0f}.",
        "Squares the distance, and takes the mean over the batch as the authors' code does.",
    )


def _cosine(a: tuple[float, float], b: tuple[float, float]) -> float:
    return (a[0] * b[0] + a[1] * b[1]) / (hypot(*a) * hypot(*b))


def _island() -> Erratum:
    c1, c2 = (3.0, 4.0), (1.0, 2.0)
    zero = hypot(*c2) - hypot(*c2)
    return Erratum(
        "rgbd-island",
        "rgbd_fusion",
        ("table3_5",),
        "The island loss divides by nothing",
        "contradiction",
        "Equation 2.20 divides the product of two centres by |c_k| - |c_k|.",
        f"That is {zero:.0f} for every centre. With the product of both lengths the term is the cosine, as "
        f"the next sentence says: {_cosine(c1, c2):.3f} for (3, 4) and (1, 2).",
        "Divides by |c_j| |c_k|.",
    )


def _island_step() -> Erratum:
    c1, c2 = (1.0, 2.0), (3.0, 1.0)
    dot, n1, n2 = c1[0] * c2[0] + c1[1] * c2[1], hypot(*c1), hypot(*c2)
    bracket = tuple((b * n1**2 - dot * a) / (n2 * n1**3) for a, b in zip(c1, c2, strict=True))

    def pairs(centre: tuple[float, float]) -> float:
        """Eq. 2.20 of two classes, its denominator mended: each pair counts twice."""
        return 2 * (_cosine(centre, c2) + 1)

    gradient = (
        (pairs((c1[0] + STEP, c1[1])) - pairs((c1[0] - STEP, c1[1]))) / (2 * STEP),
        (pairs((c1[0], c1[1] + STEP)) - pairs((c1[0], c1[1] - STEP))) / (2 * STEP),
    )
    ratio = gradient[0] / bracket[0]
    assert isclose(ratio, gradient[1] / bracket[1], rel_tol=1e-5)
    return Erratum(
        "rgbd-island-step",
        "rgbd_fusion",
        ("table3_5",),
        "The step of the centres is half a gradient",
        "contradiction",
        "Equation 2.21: the step of one centre sums over all pairs of centres and contains c_k . c_j^2; "
        "the text calls it simply the gradient of the island loss.",
        "c_k . c_j^2 is no vector unless read as (c_k . c_j) c_j, and the sum over j must go. Then, for "
        f"c_j = (1, 2) and c_k = (3, 1), the bracket is ({bracket[0]:.3f}, {bracket[1]:.3f}) and the "
        f"gradient of equation 2.20 ({gradient[0]:.3f}, {gradient[1]:.3f}), {ratio:.0f} times as much, "
        "because the double sum counts each pair twice.",
        "Takes the bracket as the step; `center_update: autograd` takes the gradient.",
    )


def _grouping() -> Erratum:
    centre, island = (
        load_published("rgbd_fusion").claims[f"{name}_weight"].value for name in ("centre", "island")
    )
    return Erratum(
        "rgbd-grouping",
        "rgbd_fusion",
        ("table3_5",),
        "Two weights side by side, or one inside the other",
        "contradiction",
        f"Equation 2.19 adds {centre:g} times the centre loss and {island:g} times the island loss. The "
        "island loss's own paper, and the thesis's code, put the second weight inside the first.",
        f"{island:g} / ({centre:g} * {island:g}) = {island / (centre * island):.0f}: side by side the pairs "
        "weigh that many times more.",
        f"L = L_CE + {centre:g} (L_C + {island:g} L_P), as in the code that gave the results.",
    )


def _sum_fusion() -> Erratum:
    table = load_published("rgbd_fusion").items["table3_7"]
    full, plain, no_vit = (
        table.value(name, "accuracy") for name in ("full", "without_cross_mask", "without_transformer")
    )
    return Erratum(
        "rgbd-sum-fusion",
        "rgbd_fusion",
        ("table3_7",),
        "A row that lacks two modules",
        "contradiction",
        "Section 3.9 compares the network without the transformer and without the cross-modality "
        "attention. Equation 3.3, which defines the latter, averages over the map: it has no transformer "
        "either.",
        f"{full:.2f} - {plain:.2f} = {full - plain:.2f} points would then be what both modules bring, "
        f"{full:.2f} - {no_vit:.2f} = {full - no_vit:.2f} the transformer, and {no_vit:.2f} - {plain:.2f} = "
        f"{no_vit - plain:.2f} the attention.",
        "The row without_cross_mask has neither, as equation 3.3.",
    )
