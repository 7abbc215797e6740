"""What models lose under the same disturbances, one beside the other."""

from __future__ import annotations

from collections.abc import Sequence

from mien.core.specs import Frozen
from mien.metrics.report import RobustnessCurve


class RobustnessLosses(Frozen):
    """One disturbance at one strength.

    Attributes:
        kind: What was changed.
        unit: Unit of `value`.
        value: How much.
        accuracy: Of each run under it, 0..1.
        lost: Accuracy of each run without it minus that under it; below 0 where it gains.
        ratios: What each run lost over what the first one lost; None where the first lost nothing.
    """

    kind: str
    unit: str
    value: float
    accuracy: tuple[float, ...]
    lost: tuple[float, ...]
    ratios: tuple[float | None, ...]


def robustness_losses(runs: Sequence[Sequence[RobustnessCurve]]) -> tuple[RobustnessLosses, ...]:
    """Every disturbance and strength that all runs were scored under.

    Args:
        runs: The curves of each run, the undisturbed value first in each.
    """
    tables = [{curve.kind: curve for curve in curves} for curves in runs]
    found = []
    for kind, first in tables[0].items() if tables else ():
        others = [table.get(kind) for table in tables]
        curves = [curve for curve in others if curve is not None and curve.unit == first.unit]
        if len(curves) < len(tables) or len({curve.values[0] for curve in curves}) > 1:
            continue
        places = [dict(zip(curve.values, curve.accuracy, strict=True)) for curve in curves]
        for value in first.values[1:]:
            if all(value in at for at in places):
                accuracy = tuple(at[value] for at in places)
                usual = [curve.accuracy[0] for curve in curves]
                lost = tuple(a - b for a, b in zip(usual, accuracy, strict=True))
                ratios = tuple(None if lost[0] <= 0 else x / lost[0] for x in lost)
                found.append(
                    RobustnessLosses(
                        kind=kind, unit=first.unit, value=value, accuracy=accuracy, lost=lost, ratios=ratios
                    )
                )
    return tuple(found)
