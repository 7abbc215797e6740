"""A model's card as markdown: every figure from a report of the very file, nothing typed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from mien.core.specs import ModelSpec
from mien.metrics.provenance import ProtocolFacts
from mien.metrics.report import Report
from mien.report.page import percent, points

MUST_NOT = """\
- **Not for decisions about people**: hiring, grading, insurance, credit, policing, border control,
  health. The labels say what an expression looks like to a model that learnt from other people's labels.
  They do not say what a person feels, means or is; the same face goes with different feelings in
  different people, places and cultures.
- **Several laws forbid inferring emotions at work and in schools.** In the European Union the AI Act
  (Regulation (EU) 2024/1689) prohibits it in workplaces and education institutions except for medical or
  safety reasons (Article 5(1)(f)), and asks that people exposed to emotion recognition elsewhere be told
  (Article 50(3)). Pictures of faces are personal data in many countries, and consent to be filmed is not
  consent to be judged. This is no legal advice: ask before you deploy.
- Not for identifying people: the model does not, and must not be made to.
- Not for children, patients or anyone in distress without someone who is qualified and responsible for
  what follows.
"""


class Card(Protocol):
    """What is known of an embedded model, see `mien.runtime.model_files.ModelCard`."""

    @property
    def name(self) -> str:
        """Public name."""

    @property
    def version(self) -> str:
        """Of the weights."""

    @property
    def about(self) -> str:
        """One line."""

    @property
    def n_parameters(self) -> int:
        """Number of weights."""

    @property
    def trained_on(self) -> str:
        """Data, one line."""

    @property
    def limits(self) -> tuple[str, ...]:
        """Where it fails."""

    @property
    def licence(self) -> str:
        """Terms, one line."""


def card_markdown(card: Card, spec: ModelSpec, size_mb: float, reports: Mapping[str, Report]) -> str:
    """The card.

    Args:
        card: Of the model.
        spec: Of its file.
        size_mb: Of its file.
        reports: Link -> report, each of this very file, the headline first.
    """
    parts = [
        f"# {card.name}\n",
        _facts(card, spec, size_mb),
        "## What it must not be used for\n\n" + MUST_NOT,
        "## Known failures\n\n" + "".join(f"- {line}\n" for line in card.limits if "decisions" not in line),
    ]
    parts += [_section(link, report) for link, report in reports.items()]
    parts.append(_unsure(spec, reports))
    return "\n".join(parts)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def _facts(card: Card, spec: ModelSpec, size_mb: float) -> str:
    training = spec.training
    sees = {"gray": "grey", "rgb": "colour", "rgbd": "colour and depth"}[spec.input.channels]
    rows = [
        (
            "what it is",
            f"{card.about}; {card.n_parameters:,} weights, {size_mb:.2f} MB, version {card.version}",
        ),
        ("labels", ", ".join(spec.labels)),
        ("sees", f"{spec.input.size_px} x {spec.input.size_px} px, {sees}"),
        ("trained on", card.trained_on),
        ("terms", card.licence),
        ("checkpoint selected on", training.selected_on if training else "unknown"),
        ("recipe", f"`{training.recipe}`, seed {', '.join(map(str, training.seeds))}" if training else ""),
        ("temperature", f"{spec.calibration.temperature:.3f}, fitted on {spec.calibration.fitted_on}"),
    ]
    return table(("", ""), rows)


def _section(link: str, report: Report) -> str:
    low, high = report.intervals.accuracy
    uar_low, uar_high = report.intervals.uar
    rows = [
        ("faces", f"{report.n:,}, found {report.n_detected:,}"),
        ("accuracy", f"{percent(report.accuracy)} ({percent(low)} to {percent(high)})"),
        ("UAR", f"{percent(report.uar)} ({percent(uar_low)} to {percent(uar_high)})"),
    ]
    if report.calibration is not None:
        ece = report.calibration
        rows.append(
            ("ECE", f"{ece.ece:.3f} ({ece.ece_interval[0]:.3f} to {ece.ece_interval[1]:.3f}), 15 equal bins")
        )
    for name, part in report.second.items():
        rows.append((f"accuracy {name.replace('_', ' ')}", f"{percent(part.accuracy)} of {part.n:,}"))
    text = f"## {report.data}, {report.protocol.split}\n\n[Report]({link}); {_drawn(report.protocol)}\n\n"
    text += table(("", "95 % interval in brackets"), rows)
    text += "\n### Each class\n\n" + _classes(report)
    if report.calibration is not None and len(report.labels) == sum(map(any, report.confusion)):
        text += "\n### Confidence and how often it is right\n\n" + table(
            ("mean confidence", "right", "faces"),
            [(percent(b.confidence), percent(b.accuracy), b.n) for b in report.calibration.bins],
        )
    if report.robustness:
        text += "\n### When pictures get worse\n\nPoints of accuracy won or lost.\n\n" + _robustness(report)
    if report.demographics:
        text += "\n### By group of people\n\nAs the people described themselves.\n\n" + _groups(report)
    return text


def _drawn(protocol: ProtocolFacts) -> str:
    return f"checkpoint selected on {protocol.select_on}" + "".join(f"; {leak}" for leak in protocol.leaks)


def _classes(report: Report) -> str:
    def share(value: float | None) -> str:
        return "" if value is None else percent(value)

    rows = []
    for k, name in enumerate(report.labels):
        n = sum(report.confusion[k]) + report.missed[k]
        if n:
            ends = report.intervals.recalls[k]
            recall = share(report.recalls[k]) + (
                f" ({percent(ends[0])} to {percent(ends[1])})" if ends else ""
            )
            wrong = sorted(
                ((m, report.labels[j]) for j, m in enumerate(report.confusion[k]) if j != k and m),
                reverse=True,
            )
            rows.append((name, n, recall, share(report.f1[k]), ", ".join(f"{w} {m}" for m, w in wrong[:3])))
    return table(("class", "faces", "recall", "F1", "most often taken for"), rows)


def _robustness(report: Report) -> str:
    rows = []
    for curve in report.robustness:
        told = [
            f"{value:g}: {points(accuracy - curve.accuracy[0])}"
            for value, accuracy in zip(curve.values[1:], curve.accuracy[1:], strict=True)
        ]
        rows.append((f"{curve.kind} ({curve.unit})", "; ".join(told)))
    return table(("disturbance", "strength: points"), rows)


def _groups(report: Report) -> str:
    rows = []
    for demographic in report.demographics:
        for group in demographic.groups:
            low, high = group.accuracy_interval
            rows.append(
                (
                    demographic.attribute.replace("_", " "),
                    group.group,
                    group.n,
                    f"{percent(group.accuracy)} ({percent(low)} to {percent(high)})",
                )
            )
    return table(("", "group", "faces", "accuracy"), rows)


def _unsure(spec: ModelSpec, reports: Mapping[str, Report]) -> str:
    rule = spec.unsure_rule
    if spec.unsure_below is None or rule is None:
        return ""
    rows = [(rule.fitted_on + " (fitted)", percent(rule.coverage), percent(rule.accuracy), "")]
    for report in reports.values():
        found = report.unsure
        if found is not None:
            right = "" if found.accuracy is None else percent(found.accuracy)
            rest = "" if found.accuracy_unsure is None else percent(found.accuracy_unsure)
            rows.append((f"{report.data}, {report.protocol.split}", percent(found.coverage), right, rest))
    return (
        f"## What unsure costs\n\nAnswers with a confidence below {spec.unsure_below:.3f} are `unsure`: the "
        f"lowest limit from which on {percent(rule.wanted_accuracy, 0)} of the answers were right on faces "
        "held out. A warning of the quality gate makes an answer unsure too, see [here](../quality.md).\n\n"
        + table(("faces", "not unsure", "of these right", "of the unsure right"), rows)
    )
