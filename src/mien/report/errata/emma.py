"""EMMA: what its numbers say about each other."""

from __future__ import annotations

import math

from mien.report.errata.arithmetic import mean
from mien.report.errata.entry import Erratum
from mien.report.errata.names import NETWORKS
from mien.report.published import load_published

BACKBONES = ("resnet50", "efficientnet_b2", "dan", "ddamfn")
EMOTIONS = ("surprise", "fear", "disgust", "happiness", "sadness", "anger")


def emma_errata() -> tuple[Erratum, ...]:
    """The entries of the paper."""
    return (
        _loss(),
        _letters(),
        _normalised(),
        _improves(),
        _transfer(),
        _diversity(),
        _separation(),
        _figure(),
        _batches(),
        _recalls(),
        _comparable(),
    )


def _differences(first: str, second: str) -> list[float]:
    """Second minus first cell of Table 1 for each backbone; a cell is its loss and its column."""
    table = load_published("emma").items["table1"]

    def cell(backbone: str, place: str) -> float:
        loss, column = place.split(": ")
        return table.value(backbone if loss == "L_CA" else f"{backbone} cross_entropy", column)

    return [cell(backbone, second) - cell(backbone, first) for backbone in BACKBONES]


def _listed(values: list[float]) -> str:
    return ", ".join(
        f"{NETWORKS[backbone]} {value:+.3f}" for backbone, value in zip(BACKBONES, values, strict=True)
    )


def _loss() -> Erratum:
    n = int(load_published("emma").claims["basic_emotions"].value)
    return Erratum(
        "emma-loss",
        "emma",
        (),
        "Equation 2 lacks its logarithm and its sum",
        "contradiction",
        "Equation 2: the loss is minus 1/N times the softmax of the right emotion, without a logarithm and "
        "without a sum over the N samples; the batch normalisation of the text is not in it either.",
        f"For one sample it would lie between -1 and 0: -1 for a sure right answer, -{1 / n:.3f} = -1/{n} "
        f"for a guess. The modified softmax loss that the text builds on gives 0 and ln {n} = "
        f"{math.log(n):.3f}.",
        "Takes the mean of minus the logarithm, with the normalisation.",
    )


def _letters() -> Erratum:
    claims = load_published("emma").claims
    basic, compounds = int(claims["basic_emotions"].value), int(claims["compounds"].value)
    return Erratum(
        "emma-letters",
        "emma",
        ("figure1",),
        "Indices, shapes and names that do not match",
        "contradiction",
        "Equation 4 lists the similarities from 0 to N_c and ends on the cosine with w_b1 again. Section "
        "3.1 has W_b as N_b by N_z, section 3.2 as N_z by N_b. Equation 5 calls the mixing matrix A, "
        "Figure 1 calls it Lambda. DDAMFN is also DDRAMFN, EfficientNet EffectNet.",
        f"0 to N_c are {compounds} + 1 = {compounds + 1} entries where the {basic} basic emotions give "
        f"{basic}.",
        f"{basic} similarities, W_b of {basic} rows, A of {basic} rows and {compounds} columns.",
    )


def _normalised() -> Erratum:
    near, far = 0.5, 4.0
    return Erratum(
        "emma-normalised",
        "emma",
        (),
        "What enters the batch normalisation",
        "contradiction",
        "Section 3.1: the cosine similarities are input to the batch normalisation. Equations 4 and 5: "
        "what is normalised is the cosine times the length of the feature.",
        f"With the statistics of cosines (say a mean of 0.2 and a deviation of 0.1) a cosine of {near} "
        f"becomes {(near - 0.2) / 0.1:.0f}; times a length of {far:.0f} it becomes "
        f"{(far * near - 0.2) / 0.1:.0f}. The shift by the mean does not scale with the length, so the "
        "order of the emotions can change.",
        "Normalises the cosine in training and in recognition; `cer_input: sim` follows equation 5.",
    )


def _improves() -> Erratum:
    differences = _differences("L_CE: emma uar", "L_CA: emma uar")
    return Erratum(
        "emma-loss-uar",
        "emma",
        ("table1",),
        "The constrained angle loss does not improve every UAR",
        "contradiction",
        "Section 4.2: comparing the two losses within EMMA, the proposed loss improves UAR.",
        f"UAR with L_CA minus UAR with L_CE in Table 1: {_listed(differences)}.",
        "Compares each backbone with its own row.",
    )


def _transfer() -> Erratum:
    angle = _differences("L_CA: emma uar", "L_CA: transfer uar")
    entropy = _differences("L_CE: emma uar", "L_CE: transfer uar")
    return Erratum(
        "emma-transfer-uar",
        "emma",
        ("table1",),
        "Transfer leaves DDAMFN's UAR where it was",
        "contradiction",
        "Section 5: transfer improves UAR for DAN with L_CA, and DDRAMFN has a similarly improved UAR; "
        "backbones of complex attention therefore gain from L_CA.",
        f"UAR after transfer minus UAR of EMMA in Table 1, with L_CA: {_listed(angle)}; with L_CE: "
        f"{_listed(entropy)}.",
        "Shows both columns; draws no conclusion about attention.",
    )


def _diversity() -> Erratum:
    table = load_published("emma").items["table3"]
    changes = {name: table.value(name, "full") - table.value(name, "slope_1.0") for name in EMOTIONS}
    smaller = [name for name, change in changes.items() if change < 0]
    return Erratum(
        "emma-diversity",
        "emma",
        ("table3",),
        "Leaky ReLU does not widen every class",
        "contradiction",
        "Section 4.3: the variance within a class is larger when leaky ReLU is applied.",
        "Variance with leaky ReLU minus without, Table 3: "
        f"{', '.join(f'{name} {change:+.1f}' for name, change in changes.items())}. It is smaller for "
        f"{' and '.join(smaller)}.",
        "Reports all six.",
    )


def _separation() -> Erratum:
    table = load_published("emma").items["table3"]

    def ratio(column: str) -> float:
        return table.value("inter_class", column) / mean([table.value(name, column) for name in EMOTIONS])

    disgust, fear = (
        f"{name} {table.value(name, 'cross_entropy'):.1f} with L_CE, "
        f"{table.value(name, 'full'):.1f} with L_CA"
        for name in ("disgust", "fear")
    )
    return Erratum(
        "emma-separation",
        "emma",
        ("table3",),
        "A smaller variance between classes as a sign of better separation",
        "contradiction",
        "Section 4.3: L_CA separates better, especially fear and disgust, whose distribution is more "
        "coherent; indeed the variance between classes is smaller for L_CA.",
        "A smaller variance between classes means centres closer together. Between over mean within, Table "
        f"3: L_CE {ratio('cross_entropy'):.2f}, L_CA without leaky ReLU {ratio('slope_1.0'):.2f}, with it "
        f"{ratio('full'):.2f}. Within: {fear}; {disgust}.",
        "Reports the variances and says nothing about which loss separates better: distances in a t-SNE "
        "plane have no scale that two runs share.",
    )


def _figure() -> Erratum:
    table = load_published("emma").items["table2"]
    uar = mean([table.value(row, "general recall") for row in table.rows])
    return Erratum(
        "emma-figure3",
        "emma",
        ("figure3",),
        "Letters of the confusion matrices",
        "contradiction",
        "Section 4.2 refers to general classification as Figure 3(b) and to EMMA with cross-entropy as "
        "Figure 3(c); the caption calls them (a) and (b), and there is no (c).",
        f"The diagonal of (a) is the second column of Table 2, whose mean is {uar:.3f}, the UAR of general "
        "classification on DAN in Table 1.",
        "Names the matrices instead of lettering them.",
    )


def _batches() -> Erratum:
    paper = load_published("emma")
    table, batch = paper.items["table2"], int(paper.claims["batch"].value)
    n = sum(int(table.value(row, "training pictures (number)")) for row in table.rows)
    looks, patience = math.ceil(n / batch), int(paper.claims["patience"].value)
    return Erratum(
        "emma-validation",
        "emma",
        (),
        "A look at the validation set after every batch",
        "contradiction",
        "Section 4.1: verification was performed at the end of each learning batch; training ends when the "
        f"validation loss rises {patience} times in a row, and the number of epochs varied from model to "
        "model.",
        f"{n:,} pictures in batches of {batch} would be {looks} looks an epoch on the compounds alone, so "
        f"that {patience} unlucky steps could end a training within {patience / looks:.2f} of an epoch.",
        "Looks once an epoch (`patience_counts: rises`); `validations` sets another number.",
    )


def _recalls() -> Erratum:
    paper = load_published("emma")
    one, two = paper.items["table1"], paper.items["table2"]
    ours = mean([two.value(row, "emma recall") for row in two.rows])
    general = mean([two.value(row, "general recall") for row in two.rows])
    n = sum(int(two.value(row, "training pictures (number)")) for row in two.rows)
    share = 1 - paper.claims["validation_share"].value / 100
    return Erratum(
        "emma-recalls",
        "emma",
        ("table1", "table2"),
        "Table 2 agrees with Table 1",
        "reading",
        f"Table 1: UAR {one.value('dan', 'emma uar'):.3f} of EMMA and "
        f"{one.value('dan cross_entropy', 'general uar'):.3f} of general classification, on DAN.",
        f"The means of the recalls of Table 2 are {ours:.3f} and {general:.3f}. Its training pictures sum "
        f"to {n:,}: as {100 * share:.0f} % of the training split they would come from about "
        f"{n / share:,.0f}.",
        "Holds out the same share.",
    )


def _comparable() -> Erratum:
    accuracy = _differences("L_CE: general accuracy", "L_CA: emma accuracy")
    uar = _differences("L_CE: general uar", "L_CA: emma uar")
    return Erratum(
        "emma-comparable",
        "emma",
        ("table1",),
        "Comparable to general classification",
        "reading",
        "Section 4.2: without a compound to learn from, EMMA is comparable to general classification "
        "across all models, and its UAR is significantly better.",
        f"EMMA with L_CA minus general classification in Table 1. Accuracy: {_listed(accuracy)}. UAR: "
        f"{_listed(uar)}. Accuracy is lower on all four, UAR higher on all four.",
        "Shows both, with intervals for its own runs.",
    )
